package io.clipstream.streams.live.watch;

import java.util.Arrays;

/**
 * Evidence that the trial's latencies have a heavier tail. The first latencies of the base say from
 * when on a video is slow; those after them, and the trial's, are slow or not, which is a
 * comparison of two proportions. One thread.
 */
final class LatencyEvidence {
  private final double slowShare;
  private final double factor;
  private final double[] first;
  private final Evidence evidence = new Evidence(2, 1, 10, true);
  private int known;
  private double slow = Double.NaN;

  /**
   * @param calibration latencies of the base that say what is slow; not compared themselves
   */
  LatencyEvidence(double slowShare, double factor, int calibration) {
    this.slowShare = slowShare;
    this.factor = factor;
    first = new double[calibration];
  }

  /** Latencies of the trial before the base's tail is known do not count. */
  void add(Arm arm, double millis) {
    if (!Double.isNaN(slow)) {
      evidence.add(arm, millis > slow ? 0 : 1);
    } else if (arm == Arm.BASE) {
      first[known++] = millis;
      if (known == first.length) {
        Arrays.sort(first);
        slow = factor * first[(int) Math.min(known - 1, Math.floor(known * (1 - slowShare)))];
      }
    }
  }

  Evidence evidence() {
    return evidence;
  }

  /** From how many milliseconds on a video is slow; NaN until known. */
  double slowMillis() {
    return slow;
  }
}
