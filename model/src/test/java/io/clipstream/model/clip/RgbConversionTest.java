package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.ffmpeg.global.avutil.av_color_range_from_name;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_get_pix_fmt;

import java.util.Arrays;
import java.util.Random;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is converted of a picture does not change its pixels. */
class RgbConversionTest {
  private static final int[][] SIZES = {
    {64, 48}, {85, 64}, {101, 67}, {66, 50}, {130, 31}, {17, 16}, {2, 2}, {3, 2}, {96, 2}
  };

  @BeforeAll
  static void load() {
    Ffmpeg.load();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "yuv420p",
        "yuvj420p",
        "yuv422p",
        "yuvj422p",
        "yuv444p",
        "yuv410p",
        "nv12",
        "yuv420p10le",
        "yuva420p",
        "gray",
        "rgb24",
        "bgra"
      })
  void shouldConvertAnAreaAsTheWhole(String name) throws Exception {
    int pixelFormat = av_get_pix_fmt(name);
    Random random = new Random(name.hashCode());
    for (int[] size : SIZES) {
      int width = size[0];
      int height = size[1];
      AVFrame frame = noise(pixelFormat, width, height, random);
      PictureFormat format =
          new PictureFormat(
              width, height, pixelFormat, 1, Orientation.UPRIGHT, 5, random.nextBoolean());
      PictureArea all = new PictureArea(0, 0, width, height);
      try (RgbConversion whole = new RgbConversion(format, all)) {
        whole.convert(frame);
        for (int i = 0; i < 40; i++) {
          PictureArea area = any(width, height, random);
          try (RgbConversion part = new RgbConversion(format, area)) {
            part.convert(frame);
            for (int y = area.y(); y < area.bottom(); y++) {
              assertThat(row(part, area, y))
                  .as("%d x %d, row %d of %s", width, height, y, area)
                  .isEqualTo(row(whole, area, y));
            }
          }
        }
      } finally {
        av_frame_free(frame);
      }
    }
  }

  /** swscale takes grey of 8 bits, and no other format, for full range whatever it is told. */
  @ParameterizedTest
  @CsvSource({
    "gray, tv, 0",
    "gray, pc, 16",
    "gray, unknown, 16",
    "ya8, tv, 0",
    "ya8, pc, 16",
    "gray16le, tv, 0",
    "gray16le, pc, 16",
    "yuv420p, tv, 0",
    "yuv420p, pc, 16",
    "yuv420p, unknown, 0"
  })
  void shouldShowBlackOfLimitedRangeAsBlack(String name, String range, int shown) throws Exception {
    int pixelFormat = av_get_pix_fmt(name);
    AVFrame frame = av_frame_alloc();
    frame.format(pixelFormat).width(64).height(48);
    frame.color_range(Math.max(0, av_color_range_from_name(range)));
    assertThat(av_frame_get_buffer(frame, 0)).isZero();
    fill(frame, name.equals("yuv420p") ? 128 : 16);
    for (int y = 0; name.equals("yuv420p") && y < 48; y++) {
      for (int x = 0; x < 64; x++) {
        frame.data(0).put((long) y * frame.linesize(0) + x, (byte) 16);
      }
    }
    PictureFormat format = PictureFormat.of(frame, 1, Orientation.UPRIGHT);
    PictureArea area = new PictureArea(3, 5, 61, 40);
    try (RgbConversion part = new RgbConversion(format, area)) {
      part.convert(frame);
      part.convert(frame);

      for (int y = area.y(); y < area.bottom(); y++) {
        assertThat(row(part, area, y)).containsOnly(shown);
      }
    } finally {
      av_frame_free(frame);
    }
  }

  private static void fill(AVFrame frame, int value) {
    byte[] bytes = new byte[(int) frame.buf(0).size()];
    Arrays.fill(bytes, (byte) value);
    new BytePointer(frame.buf(0).data()).capacity(bytes.length).put(bytes);
  }

  private static byte[] row(RgbConversion picture, PictureArea area, int y) {
    byte[] row = new byte[3 * area.width()];
    picture.copy(area.x(), y, area.width(), row);
    return row;
  }

  private static PictureArea any(int width, int height, Random random) {
    int x = random.nextInt(width);
    int y = random.nextInt(height);
    return new PictureArea(
        x, y, x + 1 + random.nextInt(width - x), y + 1 + random.nextInt(height - y));
  }

  private static AVFrame noise(int pixelFormat, int width, int height, Random random) {
    AVFrame frame = av_frame_alloc();
    frame.format(pixelFormat).width(width).height(height);
    assertThat(av_frame_get_buffer(frame, 0)).isZero();
    // Planes lie one behind the other in the first buffer.
    byte[] bytes = new byte[(int) frame.buf(0).size()];
    random.nextBytes(bytes);
    for (int i = 1; pixelFormat == av_get_pix_fmt("yuv420p10le") && i < bytes.length; i += 2) {
      bytes[i] &= 3;
    }
    new BytePointer(frame.buf(0).data()).capacity(bytes.length).put(bytes);
    return frame;
  }
}
