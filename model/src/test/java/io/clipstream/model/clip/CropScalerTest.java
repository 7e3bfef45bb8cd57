package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.util.Random;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Both ways to make a crop give the same pixels. */
class CropScalerTest {
  @BeforeAll
  static void load() {
    Ffmpeg.load();
  }

  @ParameterizedTest
  @CsvSource({
    // picture, scaled to, the crop in it
    "320, 240, 341, 256, 58, 16, 224, 224",
    "560, 320, 448, 256, 112, 16, 224, 224",
    "1280, 720, 455, 256, 231, 32, 224, 224",
    "64, 64, 64, 64, 0, 0, 64, 64",
    "64, 48, 85, 64, 21, 0, 64, 64",
    "101, 67, 43, 28, 9, 2, 24, 24",
    "67, 101, 28, 43, 0, 19, 28, 24",
    "31, 17, 310, 170, 0, 0, 310, 170",
    "1024, 3, 8, 5, 1, 1, 7, 3",
    "1, 1, 5, 5, 0, 0, 5, 5",
    "2, 1, 3, 2, 0, 0, 3, 2",
    "40, 4000, 32, 32, 0, 0, 32, 32",
    "4000, 40, 32, 32, 0, 0, 32, 32",
  })
  void shouldGiveTheSamePixels(
      int width, int height, int across, int down, int x, int y, int cropWidth, int cropHeight)
      throws Exception {
    assumeTrue(PixelLibrary.isLoaded(), "there is no native library for this processor");
    for (boolean antialias : new boolean[] {false, true}) {
      ResizeWeights columns = new ResizeWeights(width, across, x, cropWidth, antialias);
      ResizeWeights rows = new ResizeWeights(height, down, y, cropHeight, antialias);
      if (!VectorCrop.takes(columns, rows)) {
        assertThat(rows.taps()).isGreaterThan(64);
        continue;
      }
      PictureArea needed =
          PictureArea.of(new ResizeWeights[] {columns}, new ResizeWeights[] {rows});
      AVFrame frame = noise(width, height);
      try (RgbConversion picture = new RgbConversion(format(width, height), needed);
          PlainCrop plain = new PlainCrop(columns, rows);
          VectorCrop vector = new VectorCrop(columns, rows)) {
        for (int again = 0; again < 2; again++) {
          picture.convert(frame);
          plain.scale(picture);
          vector.scale(picture);
          assertThat(bytes(vector)).isEqualTo(bytes(plain));
        }
      } finally {
        av_frame_free(frame);
      }
    }
  }

  private static byte[] bytes(CropScaler crop) {
    ByteBuffer pixels = crop.pixels();
    byte[] bytes = new byte[pixels.remaining()];
    pixels.get(0, bytes);
    return bytes;
  }

  private static PictureFormat format(int width, int height) {
    return new PictureFormat(width, height, AV_PIX_FMT_RGB24, 1, Orientation.UPRIGHT, 5, true);
  }

  /** Values of all sizes, the extreme ones often. */
  private static AVFrame noise(int width, int height) {
    AVFrame frame = av_frame_alloc();
    frame.format(AV_PIX_FMT_RGB24).width(width).height(height);
    assertThat(av_frame_get_buffer(frame, 0)).isZero();
    BytePointer pixels = new BytePointer(frame.data(0));
    Random random = new Random(width * 31L + height);
    for (int y = 0; y < height; y++) {
      for (int i = 0; i < 3 * width; i++) {
        int value = random.nextInt(512) - 128;
        pixels.put((long) y * frame.linesize(0) + i, (byte) Math.max(0, Math.min(255, value)));
      }
    }
    return frame;
  }
}
