package io.clipstream.streams.live.watch;

import io.clipstream.model.Count;
import java.util.Locale;
import java.util.Optional;

/**
 * Compares a version on trial with the one before, by failing videos, forward passes and best
 * labels, and says when a limit is passed. May be asked after every video and pass: see {@link
 * Evidence} and {@link SpeedEvidence} for why, and for what is assumed. One thread.
 */
public final class TrialWatch {
  private static final int TESTS = 3;

  private final WatchLimits limits;
  private final int classes;
  private final Evidence errors = new Evidence(2, 1, 10, true);
  private final SpeedEvidence speed;
  private final Evidence labels;

  /**
   * @param classes number of classes of the two versions, at least 2; 0 where they do not have the
   *     same ones, then labels are not compared
   */
  public TrialWatch(WatchLimits limits, int classes) {
    this.limits = limits;
    this.classes = classes;
    speed = new SpeedEvidence(limits.slowFactor());
    labels = classes < 2 ? null : new Evidence(classes, 5, 10, false);
  }

  /**
   * A video was labelled.
   *
   * @param label the best one, 0 to classes - 1
   */
  public void labelled(Arm arm, int label) {
    errors.add(arm, 1);
    if (labels != null) {
      labels.add(arm, label);
    }
  }

  /** A video failed in the version: what is wrong with videos themselves does not count. */
  public void failed(Arm arm) {
    errors.add(arm, 0);
  }

  /** A forward pass ended; at most one a second of as many clips on a device. */
  public void passed(Arm arm, Pass pass) {
    speed.add(arm, pass);
  }

  /** Whether forward passes are compared no more. */
  public boolean isSpeedKnown() {
    return speed.isOver();
  }

  /** What came of comparing forward passes, in one line. */
  public String speed() {
    return speed.spans() >= SpeedEvidence.SPANS
        ? compared()
        : text(
            "its speed was not judged: within %d min only %d spans of %d s, of %d, had forward"
                + " passes like some of the version before, on the same device and of as many"
                + " clips",
            SpeedEvidence.LONGEST_SECONDS / 60,
            speed.spans(),
            SpeedEvidence.SPAN_SECONDS,
            SpeedEvidence.SPANS);
  }

  private String compared() {
    return text(
        "forward passes take %.2f times as long as before (median of %d spans of %d s), at most"
            + " %.2f",
        speed.ratio(), speed.spans(), SpeedEvidence.SPAN_SECONDS, limits.slowFactor());
  }

  /** The limit that is passed, in one line; empty while none is. */
  public Optional<String> alarm() {
    if (proves(errors) && increase(errors) > limits.errorIncrease()) {
      return Optional.of(
          text(
              "%.2f %% of %s fail, before it was %.2f %%",
              100 * errors.share(Arm.TRIAL, 0),
              Count.of(errors.count(Arm.TRIAL), "video"),
              100 * errors.share(Arm.BASE, 0)));
    }
    if (proves(speed.value())) {
      return Optional.of(compared());
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
    return proves(evidence.value());
  }

  private boolean proves(double evidence) {
    return evidence >= TESTS / limits.falseAlarm();
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
