package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_MPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_UNSPECIFIED;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT2020_NCL;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_SMPTE170M;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_SMPTE240M;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_UNSPECIFIED;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The kernel's arithmetic, repeated in Java with what the kernel is told, against the CPU's scaler,
 * byte for byte. That the kernel does the same, NvdecGpuTest shows.
 */
class CropJobTest {
  private final Random random = new Random(7);

  @BeforeAll
  static void load() {
    Ffmpeg.load();
    // Elsewhere swscale has other instructions, and GPUs decode nothing.
    assumeTrue(System.getProperty("os.arch").equals("amd64"));
  }

  @ParameterizedTest
  @CsvSource({
    "1920, 1080",
    "1280, 720",
    "640, 360",
    "360, 640",
    "322, 182",
    "50, 50",
    "176, 144",
    "854, 480",
    "338, 600",
    "66, 34",
    "2, 2",
    "4, 200",
    "1000, 18",
    "4096, 64",
    "134, 98",
  })
  void shouldGiveTheScalersBytes(int width, int height) throws Exception {
    for (boolean antialias : new boolean[] {false, true}) {
      for (int crops : new int[] {1, 3}) {
        assertSame(
            spec(antialias, Protocol.TORCHVISION), crops, width, height, Orientation.UPRIGHT);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void shouldCutByEachProtocol(Protocol protocol) throws Exception {
    for (int crops : new int[] {1, 3}) {
      assertSame(spec(true, protocol), crops, 346, 260, Orientation.UPRIGHT);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void shouldTurnPictures(int bits) throws Exception {
    Orientation orientation = new Orientation((bits & 4) != 0, (bits & 2) != 0, (bits & 1) != 0);
    for (int crops : new int[] {1, 3}) {
      assertSame(spec(false, Protocol.TORCHVISION), crops, 320, 180, orientation);
      assertSame(spec(true, Protocol.MMACTION2_1), crops, 180, 322, orientation);
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        AVCOL_SPC_BT709,
        AVCOL_SPC_SMPTE170M,
        AVCOL_SPC_SMPTE240M,
        AVCOL_SPC_BT2020_NCL,
        AVCOL_SPC_UNSPECIFIED,
        0, // RGB
        14 // ICtCp
      })
  void shouldTakeColoursAsTheyAreMeant(int colorSpace) throws Exception {
    for (int range : new int[] {AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG, AVCOL_RANGE_UNSPECIFIED}) {
      AVFrame frame = frame(256, 256);
      try {
        frame.colorspace(colorSpace);
        frame.color_range(range);
        ClipSpec spec =
            new ClipSpec(
                1,
                1,
                0,
                256,
                CropSize.square(256),
                false,
                List.of(0f, 0f, 0f),
                List.of(1f, 1f, 1f),
                Protocol.TORCHVISION);
        assertSame(frame, spec, 1, Orientation.UPRIGHT);
      } finally {
        av_frame_free(frame);
      }
    }
  }

  private static ClipSpec spec(boolean antialias, Protocol protocol) {
    return new ClipSpec(
        1,
        1,
        0,
        64,
        CropSize.of("56x48"),
        antialias,
        List.of(0f, 0f, 0f),
        List.of(1f, 1f, 1f),
        protocol);
  }

  private void assertSame(ClipSpec spec, int crops, int width, int height, Orientation orientation)
      throws Exception {
    AVFrame frame = frame(width, height);
    try {
      assertSame(frame, spec, crops, orientation);
    } finally {
      av_frame_free(frame);
    }
  }

  private static void assertSame(AVFrame frame, ClipSpec spec, int crops, Orientation orientation)
      throws Exception {
    double aspect = 1;
    try (PictureScaler scaler = new PictureScaler(spec, crops)) {
      scaler.scale(frame, aspect, orientation);
      PictureFormat format = PictureFormat.of(frame, aspect, orientation);
      for (int crop = 0; crop < crops; crop++) {
        ByteBuffer expected = ByteBuffer.allocate(spec.frameBytes());
        scaler.copy(crop, expected, 0);
        byte[] made = cut(frame, new CropJob(spec, format, crop, crops), spec.frameBytes());
        assertThat(made)
            .as("crop %d of %d, %d x %d", crop, crops, frame.width(), frame.height())
            .isEqualTo(expected.array());
      }
    }
  }

  /** Random samples, all values of each. */
  private AVFrame frame(int width, int height) {
    AVFrame frame = av_frame_alloc();
    frame.format(AV_PIX_FMT_YUV420P).width(width).height(height);
    assertThat(av_frame_get_buffer(frame, 0)).isZero();
    for (int plane = 0; plane < 3; plane++) {
      int rows = plane == 0 ? height : (height + 1) / 2;
      byte[] samples = new byte[frame.linesize(plane) * rows];
      random.nextBytes(samples);
      new BytePointer(frame.data(plane)).put(samples, 0, samples.length);
    }
    return frame;
  }

  /** As crop in crops.cu, but for the planes of chroma, which NV12 has in one. */
  private static byte[] cut(AVFrame frame, CropJob job, int bytes) {
    BytePointer luma = new BytePointer(frame.data(0));
    BytePointer blues = new BytePointer(frame.data(1));
    BytePointer reds = new BytePointer(frame.data(2));
    YuvToRgb colours = job.colours();
    byte[] out = new byte[bytes];
    int across = job.width() + job.height();
    int down = across + job.width() * job.columnTaps();
    for (int y = 0; y < job.height(); y++) {
      for (int x = 0; x < job.width(); x++) {
        int red = 1 << 21;
        int green = red;
        int blue = red;
        for (int j = 0; j < job.rowTaps(); j++) {
          int row = job.weights()[job.width() + y] + j;
          int rowWeight = job.weights()[down + y * job.rowTaps() + j];
          for (int i = 0; i < job.columnTaps() && rowWeight != 0; i++) {
            int weight = rowWeight * job.weights()[across + x * job.columnTaps() + i];
            if (weight == 0) {
              continue;
            }
            int column = job.weights()[x] + i;
            int sample = luma.get((long) row * frame.linesize(0) + column) & 0xff;
            long chroma = (long) (row / 2) * frame.linesize(1) + column / 2;
            int l = (sample * 8 - colours.lumaOffset()) * colours.lumaScale() >> 16;
            int u = (blues.get(chroma) & 0xff) * 8 - 1024;
            int v = (reds.get(chroma) & 0xff) * 8 - 1024;
            red += weight * clamp(l + (v * colours.vRed() >> 16));
            green +=
                weight * clamp(l + (u * colours.uGreen() >> 16) + (v * colours.vGreen() >> 16));
            blue += weight * clamp(l + (u * colours.uBlue() >> 16));
          }
        }
        int to = job.origin() + x * job.across() + y * job.down();
        out[to] = (byte) (red >> 22);
        out[to + 1] = (byte) (green >> 22);
        out[to + 2] = (byte) (blue >> 22);
      }
    }
    return out;
  }

  private static int clamp(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
