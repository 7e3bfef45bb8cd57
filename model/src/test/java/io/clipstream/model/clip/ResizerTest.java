package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scaling and cutting, against OpenCV and Pillow, and however the picture is shown. */
class ResizerTest {
  private static final CropSize SQUARE = CropSize.square(24);

  /** As CASES of make_resized.py: width, height, shorter side after resizing, crops. */
  private static final int[][] CASES = {
    {101, 67, 28, 1},
    {67, 101, 24, 3},
    {640, 360, 28, 1},
    {20, 16, 28, 1},
    {28, 28, 28, 1},
    {300, 30, 24, 3}
  };

  /** A colour, 0 to 255, of a place in a picture. */
  private interface Paint {
    int at(int x, int y, int channel);
  }

  @BeforeAll
  static void load() {
    Ffmpeg.load();
  }

  @Test
  void shouldInterpolateAsOpenCvAndAverageAsPillow() throws Exception {
    try (InputStream squares = ResizerTest.class.getResourceAsStream("resized.bin")) {
      for (int[] c : CASES) {
        for (boolean antialias : new boolean[] {false, true}) {
          for (byte[] ours :
              scale(SQUARE, antialias, c[2], c[3], c[0], c[1], 1, Orientation.UPRIGHT, picture())) {
            byte[] theirs = squares.readNBytes(ours.length);
            int differ = 0;
            for (int i = 0; i < ours.length; i++) {
              int difference = Math.abs((ours[i] & 0xff) - (theirs[i] & 0xff));
              assertThat(difference).as("%d x %d, byte %d", c[0], c[1], i).isLessThanOrEqualTo(1);
              differ += difference;
            }
            assertThat(differ).as("%d x %d", c[0], c[1]).isLessThan(ours.length / 3);
          }
        }
      }
      assertThat(squares.read()).isEqualTo(-1);
    }
  }

  @Test
  void shouldAverageFinePatternsOnlyWhereAsked() throws Exception {
    Paint stripes = (x, y, channel) -> x % 2 == 0 ? 0 : 255;

    // Every eleventh pixel of odd stripes is one colour or the other, their mean is gray.
    assertThat(spread(scale(SQUARE, true, 24, 1, 264, 264, 1, Orientation.UPRIGHT, stripes).get(0)))
        .isLessThan(64);
    assertThat(
            spread(scale(SQUARE, false, 24, 1, 264, 264, 1, Orientation.UPRIGHT, stripes).get(0)))
        .isEqualTo(255);
  }

  @ParameterizedTest
  @CsvSource({
    "24, 320, 240, 1",
    "24, 240, 320, 1",
    "24, 321, 239, 1.0667",
    "24, 160, 240, 2",
    "24, 640, 240, 0.5",
    "24, 36, 20, 1",
    "24x40, 320, 240, 1",
    "24x40, 160, 240, 2",
    "40x24, 320, 240, 1",
    "24x32, 320, 240, 1",
  })
  void shouldCutWhatIsShown(String size, int width, int height, double aspect) throws Exception {
    CropSize cut = CropSize.of(size);
    for (Orientation orientation : orientations()) {
      double shownWidth = orientation.swap() ? height : width * aspect;
      double shownHeight = orientation.swap() ? width * aspect : height;
      // Red grows from left to right as shown, green from top to bottom.
      Paint ramps =
          (x, y, channel) -> {
            double u = (x + 0.5) / width;
            double v = (y + 0.5) / height;
            u = orientation.flipX() ? 1 - u : u;
            v = orientation.flipY() ? 1 - v : v;
            double across = orientation.swap() ? v : u;
            double down = orientation.swap() ? u : v;
            return (int) Math.round(255 * (channel == 0 ? across : channel == 1 ? down : 0.5));
          };
      for (boolean antialias : new boolean[] {true, false}) {
        byte[] centre =
            scale(cut, antialias, 28, 1, width, height, aspect, orientation, ramps).get(0);
        List<byte[]> three =
            scale(cut, antialias, 24, 3, width, height, aspect, orientation, ramps);
        // Of the picture as shown, the part that is cut out: as large as holds the crop.
        double largest = Math.min(shownWidth / cut.width(), shownHeight / cut.height());
        double pixel = Math.min(largest, Math.min(shownWidth, shownHeight) / 28);
        double across = cut.width() * pixel;
        double down = cut.height() * pixel;
        assertRamp(
            centre, cut, 0, (shownWidth - across) / 2, (shownWidth + across) / 2, shownWidth);
        assertRamp(centre, cut, 1, (shownHeight - down) / 2, (shownHeight + down) / 2, shownHeight);
        across = cut.width() * largest;
        down = cut.height() * largest;
        for (int crop = 0; crop < 3; crop++) {
          double left = crop / 2.0 * (shownWidth - across);
          double top = crop / 2.0 * (shownHeight - down);
          assertRamp(three.get(crop), cut, 0, left, left + across, shownWidth);
          assertRamp(three.get(crop), cut, 1, top, top + down, shownHeight);
        }
      }
    }
  }

  /** A channel of a crop grows evenly from {@code from} to {@code to} out of {@code whole}. */
  private static void assertRamp(
      byte[] crop, CropSize size, int channel, double from, double to, double whole) {
    int width = size.width();
    int length = channel == 0 ? width : size.height();
    for (int i = 0; i < length; i += length - 1) {
      double along = from + (to - from) * (i + 0.5) / length;
      int at = channel == 0 ? size.height() / 2 * width + i : i * width + width / 2;
      // A scaled picture has whole pixels, and its crops begin at whole ones.
      assertThat(crop[3 * at + channel] & 0xff)
          .isCloseTo((int) Math.round(255 * along / whole), within(8));
    }
  }

  @ParameterizedTest
  @CsvSource({"16, 2048", "2048, 16", "8, 4096", "3, 5", "2, 2", "1, 1", "641, 479"})
  void shouldTakeAnyShape(int width, int height) throws Exception {
    for (boolean antialias : new boolean[] {true, false}) {
      for (int crops : new int[] {1, 3}) {
        List<byte[]> squares =
            scale(
                SQUARE,
                antialias,
                24,
                crops,
                width,
                height,
                1,
                Orientation.UPRIGHT,
                (x, y, c) -> 200);
        for (byte[] square : squares) {
          for (byte value : square) {
            assertThat(value & 0xff).isBetween(197, 203);
          }
        }
      }
    }
  }

  private static Paint picture() {
    return (x, y, channel) ->
        (x * 7 + y * 13 + channel * 29 + x * y % 31 * 5 + (x / 9 + y / 5) % 2 * 90) % 256;
  }

  private static List<Orientation> orientations() {
    List<Orientation> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      all.add(new Orientation((i & 1) != 0, (i & 2) != 0, (i & 4) != 0));
    }
    return all;
  }

  private static int spread(byte[] square) {
    int least = 255;
    int most = 0;
    for (byte value : square) {
      least = Math.min(least, value & 0xff);
      most = Math.max(most, value & 0xff);
    }
    return most - least;
  }

  /** The crops of a picture. */
  private static List<byte[]> scale(
      CropSize size,
      boolean antialias,
      int shortSide,
      int crops,
      int width,
      int height,
      double pixelAspect,
      Orientation orientation,
      Paint paint)
      throws UnusableVideoException {
    ClipSpec spec =
        new ClipSpec(1, 1, 0, shortSide, size, antialias, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
    AVFrame frame = av_frame_alloc();
    try (PictureScaler scaler = new PictureScaler(spec, crops)) {
      frame.format(AV_PIX_FMT_RGB24).width(width).height(height);
      assertThat(av_frame_get_buffer(frame, 0)).isZero();
      BytePointer pixels = new BytePointer(frame.data(0));
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          for (int channel = 0; channel < 3; channel++) {
            pixels.put(
                (long) y * frame.linesize(0) + 3L * x + channel, (byte) paint.at(x, y, channel));
          }
        }
      }
      scaler.scale(frame, pixelAspect, orientation);
      List<byte[]> cut = new ArrayList<>();
      for (int crop = 0; crop < crops; crop++) {
        ByteBuffer to = ByteBuffer.allocate(spec.frameBytes());
        scaler.copy(crop, to, 0);
        cut.add(to.array());
      }
      return cut;
    } finally {
      av_frame_free(frame);
    }
  }
}
