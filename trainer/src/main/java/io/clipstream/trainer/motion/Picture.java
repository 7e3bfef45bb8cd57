package io.clipstream.trainer.motion;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.javacv.FFmpegFrameGrabber;
import org.bytedeco.javacv.Frame;

/**
 * A source picture: what the virtual camera looks at. Held at full size and at halves of it, so
 * that a wide view does not flicker with aliasing. Continued beyond its edges by reflection.
 * Immutable; all threads.
 */
public final class Picture {
  /** Longest side that is kept; no view shows more detail. */
  static final int LONGEST_SIDE = 1024;

  /** One size of the picture, packed 0xRRGGBB. */
  @SuppressWarnings("ArrayRecordComponent") // holds, is never compared
  private record Level(int width, int height, int[] pixels) {}

  private final String name;
  private final List<Level> levels = new ArrayList<>();

  /**
   * @param pixels packed 0xRRGGBB, row by row
   */
  public Picture(String name, int width, int height, int[] pixels) {
    if (width < 2 || height < 2 || pixels.length != width * height) {
      throw new IllegalArgumentException(
          name + " has " + pixels.length + " pixels at " + width + "x" + height);
    }
    this.name = name;
    Level level = new Level(width, height, pixels.clone());
    levels.add(level);
    while (Math.min(level.width, level.height) >= 64) {
      level = halve(level);
      levels.add(level);
    }
  }

  /**
   * Reads a picture or the frame in the middle of a video, in any format FFmpeg knows, shrunk to at
   * most {@value #LONGEST_SIDE} pixels a side.
   */
  public static Picture read(Path file) throws IOException {
    try (FFmpegFrameGrabber grabber = new FFmpegFrameGrabber(file.toFile())) {
      grabber.setPixelFormat(avutil.AV_PIX_FMT_RGB24);
      grabber.setImageScalingFlags(swscale.SWS_AREA);
      grabber.start();
      double shrink =
          Math.min(
              1,
              LONGEST_SIDE / (double) Math.max(grabber.getImageWidth(), grabber.getImageHeight()));
      grabber.setImageWidth((int) Math.round(grabber.getImageWidth() * shrink));
      grabber.setImageHeight((int) Math.round(grabber.getImageHeight() * shrink));
      if (grabber.getLengthInTime() > 1_000_000) {
        grabber.setTimestamp(grabber.getLengthInTime() / 2);
      }
      Frame frame = grabber.grabImage();
      if (frame == null) {
        throw new IOException(file + " has no picture in it");
      }
      ByteBuffer bytes = (ByteBuffer) frame.image[0];
      int[] pixels = new int[frame.imageWidth * frame.imageHeight];
      for (int y = 0, i = 0; y < frame.imageHeight; y++) {
        int at = y * frame.imageStride;
        for (int x = 0; x < frame.imageWidth; x++, at += 3) {
          pixels[i++] =
              ((bytes.get(at) & 0xff) << 16)
                  | ((bytes.get(at + 1) & 0xff) << 8)
                  | (bytes.get(at + 2) & 0xff);
        }
      }
      return new Picture(
          file.getFileName().toString(), frame.imageWidth, frame.imageHeight, pixels);
    } catch (FFmpegFrameGrabber.Exception e) {
      throw new IOException(file + " is not a picture that can be read: " + e.getMessage(), e);
    }
  }

  private static Level halve(Level from) {
    int width = from.width / 2;
    int height = from.height / 2;
    int[] pixels = new int[width * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int at = 2 * y * from.width + 2 * x;
        int a = from.pixels[at];
        int b = from.pixels[at + 1];
        int c = from.pixels[at + from.width];
        int d = from.pixels[at + from.width + 1];
        int redBlue =
            ((a & 0xff00ff) + (b & 0xff00ff) + (c & 0xff00ff) + (d & 0xff00ff) + 0x20002) >>> 2;
        int green = ((a & 0xff00) + (b & 0xff00) + (c & 0xff00) + (d & 0xff00) + 0x200) >>> 2;
        pixels[y * width + x] = (redBlue & 0xff00ff) | (green & 0xff00);
      }
    }
    return new Level(width, height, pixels);
  }

  public String name() {
    return name;
  }

  public int width() {
    return levels.get(0).width;
  }

  public int height() {
    return levels.get(0).height;
  }

  /**
   * The size of the picture to sample from.
   *
   * @param step distance of neighbouring samples, in pixels of the full size
   */
  Sampler sampler(double step) {
    int level = (int) Math.round(Math.log(Math.max(step, 1)) / Math.log(2) - 0.25);
    return new Sampler(levels.get(Math.max(0, Math.min(levels.size() - 1, level))), width());
  }

  /** Bilinear look-up in one size of the picture. */
  static final class Sampler {
    private static final int BIAS = 1 << 29;
    private final int width;
    private final int height;
    private final int[] pixels;
    private final double scale;

    private Sampler(Level level, int fullWidth) {
      width = level.width;
      height = level.height;
      pixels = level.pixels;
      scale = level.width / (double) fullWidth;
    }

    /**
     * The colour at a point.
     *
     * @param x in pixels of the full size, 0 at the left edge; any value
     * @param y likewise, 0 at the upper edge
     * @return packed 0xRRGGBB
     */
    int at(double x, double y) {
      // 1/256 pixel fixed point, sample centres at half pixels; the bias makes the cast a floor
      int fx = (int) (x * scale * 256 + (BIAS - 127.5)) - BIAS;
      int fy = (int) (y * scale * 256 + (BIAS - 127.5)) - BIAS;
      int x0 = reflect(fx >> 8, width);
      int x1 = reflect((fx >> 8) + 1, width);
      int y0 = reflect(fy >> 8, height) * width;
      int y1 = reflect((fy >> 8) + 1, height) * width;
      int u = fx & 255;
      int v = fy & 255;
      int w11 = (u * v) >> 8;
      int w10 = v - w11;
      int w01 = u - w11;
      int w00 = 256 - u - v + w11;
      int a = pixels[y0 + x0];
      int b = pixels[y0 + x1];
      int c = pixels[y1 + x0];
      int d = pixels[y1 + x1];
      int redBlue =
          (a & 0xff00ff) * w00
              + (b & 0xff00ff) * w01
              + (c & 0xff00ff) * w10
              + (d & 0xff00ff) * w11
              + 0x800080;
      int green = (a & 0xff00) * w00 + (b & 0xff00) * w01 + (c & 0xff00) * w10 + (d & 0xff00) * w11;
      return ((redBlue >>> 8) & 0xff00ff) | (((green + 0x8000) >>> 8) & 0xff00);
    }

    private static int reflect(int i, int size) {
      if (i >= 0 && i < size) {
        return i;
      }
      int m = Math.floorMod(i, 2 * size);
      return m < size ? m : 2 * size - 1 - m;
    }
  }
}
