package io.clipstream.trainer.data;

/**
 * Changes of the values of a picture, RGB uint8 {@code [side, side, 3]}, in place; fractions are
 * cut off as torchvision does for uint8. Pure.
 */
final class PictureColours {
  private PictureColours() {}

  private static int value(byte value) {
    return value & 0xff;
  }

  /** Within the range, without its fraction. */
  private static byte cut(double value) {
    return (byte) (int) Math.max(0, Math.min(255, value));
  }

  static void brightness(byte[] picture, double factor) {
    for (int i = 0; i < picture.length; i++) {
      picture[i] = cut(value(picture[i]) * (float) factor);
    }
  }

  /** Towards gray, or away from it. */
  static void saturation(byte[] picture, double factor) {
    for (int i = 0; i < picture.length; i += 3) {
      double gray = gray(picture, i);
      for (int c = i; c < i + 3; c++) {
        picture[c] = blend(picture[c], gray, factor);
      }
    }
  }

  /** Towards the mean of the gray values, or away from it. */
  static void contrast(byte[] picture, double factor) {
    double sum = 0;
    for (int i = 0; i < picture.length; i += 3) {
      sum += gray(picture, i);
    }
    double mean = sum / (picture.length / 3.0);
    for (int i = 0; i < picture.length; i++) {
      picture[i] = blend(picture[i], mean, factor);
    }
  }

  /** ITU-R BT.601 luma of the pixel that begins there. */
  private static double gray(byte[] picture, int at) {
    return Math.floor(
        0.2989f * value(picture[at])
            + 0.587f * value(picture[at + 1])
            + 0.114f * value(picture[at + 2]));
  }

  private static byte blend(byte value, double other, double share) {
    // Rounded as PyTorch's add with a factor rounds: once.
    return cut(Math.fma((float) other, (float) (1 - share), value(value) * (float) share));
  }

  /** Towards the mean of a pixel and its neighbours, in which it counts five times, or away. */
  static void sharpness(byte[] picture, int side, double factor) {
    byte[] from = picture.clone();
    int row = 3 * side;
    for (int y = 1; y < side - 1; y++) {
      for (int i = y * row + 3; i < (y + 1) * row - 3; i++) {
        int sum = 4 * value(from[i]);
        for (int above = i - row; above <= i + row; above += row) {
          sum += value(from[above - 3]) + value(from[above]) + value(from[above + 3]);
        }
        picture[i] = blend(from[i], Math.rint(sum / 13.0), factor);
      }
    }
  }

  /**
   * @param bits that each value keeps
   */
  static void posterize(byte[] picture, int bits) {
    int mask = 0xff << (8 - bits);
    for (int i = 0; i < picture.length; i++) {
      picture[i] &= (byte) mask;
    }
  }

  /** Inverts what is not below the threshold. */
  static void solarize(byte[] picture, double threshold) {
    for (int i = 0; i < picture.length; i++) {
      int value = value(picture[i]);
      picture[i] = (byte) (value >= threshold ? 255 - value : value);
    }
  }

  /** Spreads the values of each channel over the range. */
  static void autoContrast(byte[] picture) {
    for (int c = 0; c < 3; c++) {
      int least = 255;
      int most = 0;
      for (int i = c; i < picture.length; i += 3) {
        least = Math.min(least, value(picture[i]));
        most = Math.max(most, value(picture[i]));
      }
      for (int i = c; most > least && i < picture.length; i += 3) {
        picture[i] = cut((value(picture[i]) - least) / ((most - least) * (1 / 255f)));
      }
    }
  }

  /** Makes every range of values of a channel as frequent, in PIL's way. */
  static void equalize(byte[] picture) {
    for (int c = 0; c < 3; c++) {
      int[] counts = new int[256];
      int last = 0;
      for (int i = c; i < picture.length; i += 3) {
        counts[value(picture[i])]++;
        last = Math.max(last, value(picture[i]));
      }
      int step = (picture.length / 3 - counts[last]) / 255;
      if (step == 0) {
        continue;
      }
      byte[] table = new byte[256];
      int below = step / 2;
      for (int value = 0; value < 256; value++) {
        table[value] = (byte) Math.min(255, below / step);
        below += counts[value];
      }
      for (int i = c; i < picture.length; i += 3) {
        picture[i] = table[value(picture[i])];
      }
    }
  }
}
