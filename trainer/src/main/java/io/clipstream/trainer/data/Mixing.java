package io.clipstream.trainer.data;

import io.clipstream.model.Settings;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Mixes each clip of a batch with the one before it: by blending (mixup,
 * https://arxiv.org/abs/1710.09412) or by a rectangle of it in all pictures (cutmix,
 * https://arxiv.org/abs/1905.04899); if both are on, by one of them. Shares are drawn from the
 * run's seed, the step and the clip. Immutable; all threads.
 *
 * @param mixup both parameters of the beta distribution of shares; 0: none
 * @param cutmix likewise
 */
public record Mixing(double mixup, double cutmix) {
  private static final double MOST = 100;

  public static Mixing none() {
    return new Mixing(0, 0);
  }

  public static Mixing from(Settings s) {
    return new Mixing(
        s.has("augment.mixup") ? s.number("augment.mixup", 0, MOST) : 0,
        s.has("augment.cutmix") ? s.number("augment.cutmix", 0, MOST) : 0);
  }

  /**
   * Mixes the clips of a batch.
   *
   * @param pixels RGB uint8 {@code [N, T, side, side, 3]} from 0 on
   * @param classes of the N clips
   * @param clips their indices in the set
   */
  Shown mix(ByteBuffer pixels, int side, int[] classes, int[] clips, long seed, int step) {
    if (mixup == 0 && cutmix == 0) {
      return Shown.plain(classes);
    }
    int count = clips.length;
    int bytes = pixels.limit() / count;
    byte[] last = new byte[bytes]; // as it was before, for the first
    pixels.get((count - 1) * bytes, last);
    int[] others = new int[count];
    float[] shares = new float[count];
    for (int i = count - 1; i >= 0; i--) {
      SplittableRandom random = ClipRandom.of(seed, step, clips[i], ClipRandom.Purpose.MIXING);
      ByteBuffer own = pixels.slice(i * bytes, bytes);
      ByteBuffer other = i > 0 ? pixels.slice((i - 1) * bytes, bytes) : ByteBuffer.wrap(last);
      others[i] = classes[i > 0 ? i - 1 : count - 1];
      boolean cut = cutmix > 0 && (mixup == 0 || random.nextBoolean());
      double share = beta(cut ? cutmix : mixup, random);
      if (cut) {
        Box box = Box.of(share, random.nextInt(side), random.nextInt(side), side);
        shares[i] = (float) box.around(side);
        box.copy(other, own, side);
      } else {
        shares[i] = (float) share;
        blend(own, other, share);
      }
    }
    return new Shown(classes, others, shares);
  }

  static void blend(ByteBuffer own, ByteBuffer other, double share) {
    for (int i = 0; i < own.limit(); i++) {
      double mixed = share * (own.get(i) & 0xff) + (1 - share) * (other.get(i) & 0xff);
      own.put(i, (byte) Math.rint(mixed));
    }
  }

  /**
   * The rectangle that another clip shows through.
   *
   * @param right beyond it
   * @param bottom beyond it
   */
  record Box(int left, int top, int right, int bottom) {
    /**
     * As torchvision's CutMix places it.
     *
     * @param share of the picture that is to stay, if nothing of the box is outside
     * @param x of its middle
     * @param y of its middle
     */
    static Box of(double share, int x, int y, int side) {
      int half = (int) (0.5 * Math.sqrt(1 - share) * side);
      return new Box(
          Math.max(0, x - half),
          Math.max(0, y - half),
          Math.min(side, x + half),
          Math.min(side, y + half));
    }

    /** Share of the picture outside of it. */
    double around(int side) {
      return 1 - (right - left) * (bottom - top) / (double) (side * side);
    }

    void copy(ByteBuffer from, ByteBuffer to, int side) {
      int picture = 3 * side * side;
      for (int at = 0; at < to.limit(); at += picture) {
        for (int y = top; y < bottom; y++) {
          int row = at + 3 * (y * side + left);
          to.put(row, from, row, 3 * (right - left));
        }
      }
    }
  }

  /** A number from 0 to 1, both parameters of whose beta distribution are alpha. */
  static double beta(double alpha, SplittableRandom random) {
    double a = gamma(alpha, random);
    double b = gamma(alpha, random);
    return a + b == 0 ? 0.5 : a / (a + b);
  }

  /** Marsaglia and Tsang 2000. */
  private static double gamma(double alpha, SplittableRandom random) {
    if (alpha < 1) {
      return gamma(alpha + 1, random) * Math.pow(random.nextDouble(), 1 / alpha);
    }
    double d = alpha - 1 / 3.0;
    double c = 1 / Math.sqrt(9 * d);
    while (true) {
      double x = random.nextGaussian();
      double v = Math.pow(1 + c * x, 3);
      if (v > 0 && Math.log(random.nextDouble()) < x * x / 2 + d - d * v + d * Math.log(v)) {
        return d * v;
      }
    }
  }
}
