package io.clipstream.trainer.data;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Cuts a rectangle out of stored frames, makes it a square and changes it on the way. Pure. */
final class PixelCopy {
  /** Positions between pixels are in 1/256. */
  private static final int ONE = 256;

  private PixelCopy() {}

  /** For each place along an axis of the crop: the two pixels it lies between, and how far. */
  @SuppressWarnings("ArrayRecordComponent") // holds, is never compared
  private record Axis(int[] first, int[] second, int[] share) {
    /**
     * @param from first pixel that the crop shows
     * @param size pixels that it shows
     * @param length pixels that there are
     * @param crop pixels that it has
     */
    static Axis of(double from, double size, int length, int crop, boolean backwards) {
      Axis axis = new Axis(new int[crop], new int[crop], new int[crop]);
      for (int i = 0; i < crop; i++) {
        int at = backwards ? crop - 1 - i : i;
        double place = from + (at + 0.5) * size / crop - 0.5;
        place = Math.max(0, Math.min(length - 1, place));
        int first = (int) place;
        axis.first[i] = first;
        axis.second[i] = Math.min(length - 1, first + 1);
        axis.share[i] = (int) Math.round((place - first) * ONE);
      }
      return axis;
    }
  }

  /**
   * Copies a clip.
   *
   * @param from RGB uint8 {@code [more than frames, height, width, 3]} at {@code fromAt}
   * @param frames of the clip
   * @param crop side of the squares
   * @param to RGB uint8 {@code [frames, crop, crop, 3]}, filled from its position on
   */
  static void copy(
      ByteBuffer from,
      int fromAt,
      int frames,
      int width,
      int height,
      int crop,
      Augmentation.Change change,
      ByteBuffer to) {
    // Undo transpose, then flip, then mirror to find where a pixel comes from.
    Axis across = Axis.of(change.left(), change.width(), width, crop, change.mirror());
    Axis down = Axis.of(change.top(), change.height(), height, crop, change.flip());
    int firstRow = Math.min(down.first[0], down.first[crop - 1]);
    int rows = Math.max(down.second[0], down.second[crop - 1]) + 1 - firstRow;
    Frame source = new Frame(rows, width, firstRow, across, crop);
    byte[] light = light(change);
    int[] mixed = new int[3 * crop];
    byte[] picture = new byte[crop * crop * 3];
    byte[] upright = change.transpose() ? new byte[picture.length] : picture;
    for (int t = 0; t < frames; t++) {
      int shown = change.start() + (change.reverse() ? frames - 1 - t : t);
      source.read(from, fromAt + (shown * height + firstRow) * 3 * width);
      for (int y = 0; y < crop; y++) {
        mix(source.row(down.first[y]), source.row(down.second[y]), down.share[y], mixed);
        colour(mixed, change.gray(), light, upright, 3 * crop * y);
      }
      if (change.transpose()) {
        transpose(upright, picture, crop);
      }
      change.operations().forEach(operation -> operation.apply(picture, crop));
      to.put(picture);
    }
  }

  /**
   * The rows of a frame that are needed, as an array, since reading a buffer byte by byte takes
   * longer; and the two that were interpolated across last, in 1/256.
   */
  private static final class Frame {
    private final byte[] pixels;
    private final int rowBytes;
    private final int firstRow;
    private final Axis across;
    private final int[][] values;
    private final int[] held = {-1, -1};
    private int next;

    Frame(int rows, int width, int firstRow, Axis across, int crop) {
      this.pixels = new byte[rows * width * 3];
      this.rowBytes = 3 * width;
      this.firstRow = firstRow;
      this.across = across;
      this.values = new int[2][3 * crop];
    }

    void read(ByteBuffer from, int at) {
      from.get(at, pixels);
      Arrays.fill(held, -1);
    }

    /** Valid until the next but one is asked for. */
    int[] row(int row) {
      if (held[1 - next] == row) {
        return values[1 - next];
      }
      if (held[next] != row) {
        held[next] = row;
        interpolate(pixels, (row - firstRow) * rowBytes, across, values[next]);
      }
      next = 1 - next;
      return values[1 - next];
    }

    private static void interpolate(byte[] pixels, int from, Axis across, int[] to) {
      int[] first = across.first;
      int[] second = across.second;
      int[] shares = across.share;
      for (int x = 0, i = 0; x < first.length; x++, i += 3) {
        int left = from + 3 * first[x];
        int right = from + 3 * second[x];
        int share = shares[x];
        int rest = ONE - share;
        to[i] = (pixels[left] & 0xff) * rest + (pixels[right] & 0xff) * share;
        to[i + 1] = (pixels[left + 1] & 0xff) * rest + (pixels[right + 1] & 0xff) * share;
        to[i + 2] = (pixels[left + 2] & 0xff) * rest + (pixels[right + 2] & 0xff) * share;
      }
    }
  }

  /** What lies between two rows, rounded to whole values. */
  private static void mix(int[] above, int[] below, int share, int[] to) {
    int rest = ONE - share;
    for (int i = 0; i < to.length; i++) {
      to[i] = (above[i] * rest + below[i] * share + ONE * ONE / 2) >> 16;
    }
  }

  private static void colour(int[] row, boolean gray, byte[] light, byte[] to, int at) {
    if (gray) {
      for (int i = 0; i < row.length; i += 3) {
        // ITU-R BT.601 luma
        byte luma = light[(77 * row[i] + 150 * row[i + 1] + 29 * row[i + 2]) >> 8];
        to[at + i] = luma;
        to[at + i + 1] = luma;
        to[at + i + 2] = luma;
      }
    } else {
      for (int i = 0; i < row.length; i++) {
        to[at + i] = light[row[i]];
      }
    }
  }

  private static void transpose(byte[] from, byte[] to, int side) {
    for (int y = 0, at = 0; y < side; y++) {
      for (int x = 0; x < side; x++, at += 3) {
        int of = 3 * (x * side + y);
        to[at] = from[of];
        to[at + 1] = from[of + 1];
        to[at + 2] = from[of + 2];
      }
    }
  }

  private static byte[] light(Augmentation.Change change) {
    byte[] light = new byte[256];
    for (int i = 0; i < 256; i++) {
      double x = (i - 127.5) * change.gain() + 127.5 + change.offset();
      light[i] = (byte) Math.max(0, Math.min(255, Math.round(x)));
    }
    return light;
  }
}
