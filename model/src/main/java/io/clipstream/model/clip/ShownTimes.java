package io.clipstream.model.clip;

import java.util.BitSet;
import java.util.Locale;

/** Times of presentation in seconds, from the frames' time stamps in ascending order. Pure. */
final class ShownTimes {
  private final double[] seconds;
  private final BitSet tied = new BitSet();
  private final double span;
  private final double average;
  private int gaps;
  private double longestGap;

  /**
   * @param sorted time stamps, at least two
   * @param tick their unit in seconds
   * @param frame how long a frame lasts where a gap is closed
   * @param gap longer steps are closed
   */
  ShownTimes(long[] sorted, double tick, long frame, long gap) {
    long[] shown = closeGaps(sorted, tick, frame, gap);
    span = (shown[shown.length - 1] - shown[0]) * tick;
    average = span / (shown.length - 1);
    seconds = spread(shown, tick);
  }

  private long[] closeGaps(long[] sorted, double tick, long frame, long gap) {
    long[] closed = sorted.clone();
    long offset = 0;
    for (int i = 1; i < sorted.length; i++) {
      long step = sorted[i] - sorted[i - 1];
      if (step > gap) {
        offset += step - frame;
        longestGap = Math.max(longestGap, step * tick);
        gaps++;
      }
      closed[i] -= offset;
    }
    return closed;
  }

  /**
   * Seconds from the first frame, strictly ascending: frames that share a time stamp follow each
   * other until the next, but no slower than frames do on average.
   */
  private double[] spread(long[] shown, double tick) {
    double[] spread = new double[shown.length];
    for (int i = 0, next; i < shown.length; i = next) {
      next = i + 1;
      while (next < shown.length && shown[next] == shown[i]) {
        tied.set(next++);
      }
      double step = average;
      if (next < shown.length) {
        step = Math.min(step, (shown[next] - shown[i]) * tick / (next - i));
      }
      for (int k = i; k < next; k++) {
        double at = (shown[i] - shown[0]) * tick + (k - i) * step;
        spread[k] = k == 0 ? 0 : Math.max(at, Math.nextUp(spread[k - 1]));
      }
    }
    return spread;
  }

  /** From the first frame, strictly ascending. */
  double[] seconds() {
    return seconds;
  }

  /** Frames that have the same time stamp as the one before. */
  BitSet tied() {
    return tied;
  }

  /** Seconds from the first time stamp to the last. */
  double span() {
    return span;
  }

  /** Average length of a frame in seconds. */
  double average() {
    return average;
  }

  /** Says that gaps were closed; empty if there were none. */
  String remark() {
    if (gaps == 0) {
      return "";
    }
    return gaps == 1
        ? String.format(Locale.ROOT, "a gap of %.1f s in its times is closed", longestGap)
        : String.format(
            Locale.ROOT,
            "%d gaps in its times are closed, the longest of %.1f s",
            gaps,
            longestGap);
  }
}
