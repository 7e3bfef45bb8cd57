package io.clipstream.streams.live.watch;

import java.util.Locale;
import java.util.Optional;

/**
 * Compares a version on trial with the one before, by failing videos, latency and best labels, and
 * says when a limit is passed. May be asked after every video: see {@link Evidence} for why, and
 * for what is assumed. One thread.
 */
public final class TrialWatch {
  private static final int TESTS = 3;
  private static final int CALIBRATION = 200;

  private final WatchLimits limits;
  private final int classes;
  private final Evidence errors = new Evidence(2, 1, 10, true);
  private final LatencyEvidence latency;
  private final Evidence labels;

  /**
   * @param classes number of classes of the two versions, at least 2; 0 where they do not have the
   *     same ones, then labels are not compared
   */
  public TrialWatch(WatchLimits limits, int classes) {
    this.limits = limits;
    this.classes = classes;
    latency = new LatencyEvidence(limits.slowShare(), limits.latencyFactor(), CALIBRATION);
    labels = classes < 2 ? null : new Evidence(classes, 5, 10, false);
  }

  /**
   * A video was labelled.
   *
   * @param label the best one, 0 to classes - 1
   * @param millis how long the version took for it
   */
  public void labelled(Arm arm, int label, double millis) {
    errors.add(arm, 1);
    latency.add(arm, millis);
    if (labels != null) {
      labels.add(arm, label);
    }
  }

  /** A video failed in the version: what is wrong with videos themselves does not count. */
  public void failed(Arm arm) {
    errors.add(arm, 0);
  }

  /** The limit that is passed, in one line; empty while none is. */
  public Optional<String> alarm() {
    if (proves(errors) && increase(errors) > limits.errorIncrease()) {
      return Optional.of(
          text(
              "%.2f %% of %d videos fail, before it was %.2f %%",
              100 * errors.share(Arm.TRIAL, 0),
              errors.count(Arm.TRIAL),
              100 * errors.share(Arm.BASE, 0)));
    }
    Evidence slow = latency.evidence();
    if (proves(slow) && increase(slow) > limits.slowIncrease()) {
      return Optional.of(
          text(
              "%.1f %% of %d videos take more than %.0f ms, before it was %.1f %%",
              100 * slow.share(Arm.TRIAL, 0),
              slow.count(Arm.TRIAL),
              latency.slowMillis(),
              100 * slow.share(Arm.BASE, 0)));
    }
    if (labels != null && proves(labels) && distance() > limits.labelShift()) {
      return Optional.of(
          text(
              "the best labels of %d videos are distributed otherwise: distance %.2f, at most %.2f",
              labels.count(Arm.TRIAL), distance(), limits.labelShift()));
    }
    return Optional.empty();
  }

  private boolean proves(Evidence evidence) {
    return evidence.value() >= TESTS / limits.falseAlarm();
  }

  private static double increase(Evidence evidence) {
    return evidence.share(Arm.TRIAL, 0) - evidence.share(Arm.BASE, 0);
  }

  private double distance() {
    double distance = 0;
    for (int label = 0; label < classes; label++) {
      distance += Math.abs(labels.share(Arm.TRIAL, label) - labels.share(Arm.BASE, label)) / 2;
    }
    return distance;
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
