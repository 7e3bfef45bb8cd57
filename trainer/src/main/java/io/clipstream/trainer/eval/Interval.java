package io.clipstream.trainer.eval;

import java.util.Locale;

/**
 * A share of right answers with its 95 % confidence interval, all 0 to 1.
 *
 * @param share measured
 * @param low end of the interval
 * @param high end of the interval
 */
public record Interval(double share, double low, double high) {
  /** 97.5 % of the standard normal distribution lie below. */
  private static final double Z = 1.959963984540054;

  /**
   * Wilson's score interval (Wilson 1927), which holds for small numbers too.
   *
   * @param right answers
   * @param all answers, at least 1
   */
  public static Interval wilson(int right, int all) {
    double share = right / (double) all;
    double scale = 1 + Z * Z / all;
    double middle = (share + Z * Z / (2.0 * all)) / scale;
    double half =
        Z / scale * Math.sqrt(share * (1 - share) / all + Z * Z / (4.0 * all * (double) all));
    return new Interval(
        share,
        right == 0 ? 0 : Math.max(0, middle - half),
        right == all ? 1 : Math.min(1, middle + half));
  }

  /**
   * The mean of independent shares, its interval recovered from theirs (Zou and Donner 2008,
   * "MOVER").
   */
  static Interval mean(Iterable<Interval> shares) {
    double sum = 0;
    double below = 0;
    double above = 0;
    int count = 0;
    for (Interval one : shares) {
      sum += one.share;
      below += (one.share - one.low) * (one.share - one.low);
      above += (one.high - one.share) * (one.high - one.share);
      count++;
    }
    double mean = sum / count;
    return new Interval(
        mean,
        Math.max(0, mean - Math.sqrt(below) / count),
        Math.min(1, mean + Math.sqrt(above) / count));
  }

  /** {@code 71.4 % (52.9 to 84.7)}. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.1f %% (%.1f to %.1f)", 100 * share, 100 * low, 100 * high);
  }
}
