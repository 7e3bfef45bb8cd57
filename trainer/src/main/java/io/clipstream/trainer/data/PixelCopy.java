package io.clipstream.trainer.data;

import java.nio.ByteBuffer;

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
    byte[] light = light(change);
    // Undo transpose, then flip, then mirror to find where a pixel comes from.
    Axis across = Axis.of(change.left(), change.width(), width, crop, change.mirror());
    Axis down = Axis.of(change.top(), change.height(), height, crop, change.flip());
    int rowBytes = 3 * width;
    byte[] picture = new byte[crop * crop * 3];
    for (int t = 0; t < frames; t++) {
      int shown = change.start() + (change.reverse() ? frames - 1 - t : t);
      int frame = fromAt + shown * height * rowBytes;
      int at = 0;
      for (int y = 0; y < crop; y++) {
        for (int x = 0; x < crop; x++) {
          int u = change.transpose() ? y : x;
          int v = change.transpose() ? x : y;
          int above = frame + down.first[v] * rowBytes;
          int below = frame + down.second[v] * rowBytes;
          int left = 3 * across.first[u];
          int right = 3 * across.second[u];
          int toRight = across.share[u];
          int toBelow = down.share[v];
          int r = between(from, above, below, left, right, toRight, toBelow);
          int g = between(from, above + 1, below + 1, left, right, toRight, toBelow);
          int b = between(from, above + 2, below + 2, left, right, toRight, toBelow);
          if (change.gray()) {
            // ITU-R BT.601 luma
            r = g = b = (77 * r + 150 * g + 29 * b) >> 8;
          }
          picture[at++] = light[r];
          picture[at++] = light[g];
          picture[at++] = light[b];
        }
      }
      change.operations().forEach(operation -> operation.apply(picture, crop));
      to.put(picture);
    }
  }

  private static int between(
      ByteBuffer from, int above, int below, int left, int right, int toRight, int toBelow) {
    if ((toRight | toBelow) == 0) {
      return from.get(above + left) & 0xff;
    }
    int up =
        (from.get(above + left) & 0xff) * (ONE - toRight)
            + (from.get(above + right) & 0xff) * toRight;
    int low =
        (from.get(below + left) & 0xff) * (ONE - toRight)
            + (from.get(below + right) & 0xff) * toRight;
    return (up * (ONE - toBelow) + low * toBelow + ONE * ONE / 2) / (ONE * ONE);
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
