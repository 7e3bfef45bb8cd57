package io.clipstream.streams.live.watch;

/**
 * When a version on trial is taken back. Each limit is passed when the difference seen is larger
 * and is no accident: together the tests raise a false alarm about a version that is no different
 * with a probability of at most {@code falseAlarm}, however long they run.
 *
 * @param falseAlarm above 0 and below 1
 * @param errorIncrease how much larger the share of failing videos may be, 0 to 1
 * @param slowFactor how many times as long a forward pass of as many clips may take, at least 1
 * @param labelShift how far the distributions of the best label may lie apart: total variation
 *     distance, 0 to 1
 */
public record WatchLimits(
    double falseAlarm, double errorIncrease, double slowFactor, double labelShift) {
  public WatchLimits {
    if (!(falseAlarm > 0 && falseAlarm < 1)
        || !(errorIncrease >= 0 && errorIncrease <= 1)
        || !(slowFactor >= 1)
        || !(labelShift >= 0 && labelShift <= 1)) {
      throw new IllegalArgumentException(
          "limits false alarm "
              + falseAlarm
              + ", error increase "
              + errorIncrease
              + ", slow factor "
              + slowFactor
              + ", label shift "
              + labelShift);
    }
  }
}
