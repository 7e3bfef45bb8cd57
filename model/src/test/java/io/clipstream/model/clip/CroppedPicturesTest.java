package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_FRAME_CROPPING;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_side_data_new;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_copy;

import io.clipstream.model.clip.DecodeResult.Decoded;
import io.clipstream.model.clip.VideoEncoder.Settings;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacketSideData;
import org.bytedeco.javacpp.IntPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a file says is not to be shown of its pictures is not shown. Its pictures are 160 x 96; the
 * upper half gets lighter by 1 from a column to the next, the lower one by 2 from a row to the
 * next.
 */
@Timeout(120)
class CroppedPicturesTest {
  private static final int WIDTH = 160;
  private static final int HEIGHT = 96;

  @TempDir Path directory;

  /** FFmpeg begins a picture at a multiple of 32 columns unless it is asked not to. */
  @ParameterizedTest
  @CsvSource({"h264-cropped.mp4, 40, 8, 6, 2", "hevc-cropped.mp4, 6, 2, 4, 0"})
  void shouldLeaveOutWhatTheCodecCuts(String name, int left, int right, int top, int bottom)
      throws Exception {
    Path file = Path.of(CroppedPicturesTest.class.getResource(name).toURI());

    check(file, left, right, top, bottom);
  }

  /** PixelCrop of Matroska, clap of MP4 and MOV. */
  @ParameterizedTest(name = "{0}, {2} {3} {4} {5}")
  @CsvSource({
    "a.mkv, ffv1, 16, 6, 8, 4",
    "a.mkv, ffv1, 7, 0, 0, 3",
    "a.mkv, mpeg4, 0, 9, 1, 0",
    "a.mp4, mpeg4, 16, 6, 8, 4",
    "a.mov, ffv1, 0, 0, 12, 12"
  })
  void shouldLeaveOutWhatTheContainerCuts(
      String name, String codec, int left, int right, int top, int bottom) throws Exception {
    check(write(name, codec, left, right, top, bottom), left, right, top, bottom);
  }

  /** Headers lie. */
  @Test
  void shouldShowAllOfAPictureThatIsSmallerThanWhatIsCut() throws Exception {
    Path file = write("a.mkv", "mpeg4", 0, 0, 0, 0);
    try (Deadline deadline = new Deadline(Duration.ofMinutes(1));
        VideoSource source = VideoSource.open(file, DecodeLimits.defaults());
        Codec codec = Codec.open(source.track(), DecodeLimits.defaults())) {
      cut(source.track().parameters(), 80, 80, 0, 0);
      while (codec.receive() != Codec.Received.FRAME && source.next()) {
        codec.send(source.packet());
      }

      source.track().crop(codec.frame());

      assertThat(codec.frame().width()).isEqualTo(WIDTH);
      assertThat(codec.frame().height()).isEqualTo(HEIGHT);
    }
  }

  private static void check(Path file, int left, int right, int top, int bottom) throws Exception {
    int width = WIDTH - left - right;
    int height = HEIGHT - top - bottom;
    List<ByteBuffer> shown = new ArrayList<>();

    DecodeResult result =
        DecodedPictures.decode(
            file, DecodedPictures.whole(width, height), Sampling.sliding(100), shown);

    assertThat(((Decoded) result).info().width()).isEqualTo(width);
    assertThat(((Decoded) result).info().height()).isEqualTo(height);
    assertThat(shown).hasSize(3);
    for (ByteBuffer picture : shown) {
      int last = height - 1;
      assertThat(Math.abs(at(picture, width, 0, 4) - level(left, top + 4))).isLessThan(4);
      assertThat(Math.abs(at(picture, width, width - 1, 4) - level(left + width - 1, top + 4)))
          .isLessThan(4);
      assertThat(Math.abs(at(picture, width, 9, last) - level(left + 9, top + last))).isLessThan(4);
    }
  }

  private static int at(ByteBuffer picture, int width, int x, int y) {
    return picture.get(3 * (y * width + x) + 1) & 0xff;
  }

  /** Of red, green and blue. */
  private static int level(int x, int y) {
    return y < HEIGHT / 2 ? 20 + x : 20 + 2 * y;
  }

  private Path write(String name, String codec, int left, int right, int top, int bottom)
      throws Exception {
    Path whole = directory.resolve("whole.mkv");
    Settings settings = Settings.of(codec, WIDTH, HEIGHT, 25).withBitRate(8_000_000);
    ByteBuffer pixels = ByteBuffer.allocateDirect(3 * WIDTH * HEIGHT);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
      byte level = (byte) level(i % WIDTH, i / WIDTH);
      pixels.put(level).put(level).put(level);
    }
    try (VideoEncoder encoder = new VideoEncoder(whole, settings)) {
      for (int i = 0; i < 3; i++) {
        encoder.add(pixels.clear());
      }
    }
    Path file = directory.resolve(name);
    try (Deadline deadline = new Deadline(Duration.ofMinutes(1));
        VideoSource source = VideoSource.open(whole, DecodeLimits.defaults());
        EncodedFile copy = new EncodedFile(file)) {
      copy.begin(
          source.track().timeBase(),
          parameters -> {
            avcodec_parameters_copy(parameters, source.track().parameters());
            parameters.codec_tag(0);
            cut(parameters, left, right, top, bottom);
          });
      while (source.next()) {
        copy.write(source.packet(), source.track().timeBase());
      }
      copy.finish();
    }
    return file;
  }

  private static void cut(AVCodecParameters parameters, int left, int right, int top, int bottom) {
    try (AVPacketSideData list = new AVPacketSideData(parameters.coded_side_data());
        IntPointer count = new IntPointer(1)) {
      count.put(parameters.nb_coded_side_data());
      AVPacketSideData added =
          av_packet_side_data_new(list, count, AV_PKT_DATA_FRAME_CROPPING, 16, 0);
      new IntPointer(added.data()).put(0, top).put(1, bottom).put(2, left).put(3, right);
      parameters.coded_side_data(list);
      parameters.nb_coded_side_data(count.get());
    }
  }
}
