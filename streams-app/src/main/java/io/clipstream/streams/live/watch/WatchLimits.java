package io.clipstream.streams.live.watch;

/**
 * When a version on trial is taken back. Each limit is passed when the difference seen is larger
 * and is no accident: together the tests raise a false alarm about a version that is no different
 * with a probability of at most {@code falseAlarm}, however long they run.
 *
 * @param falseAlarm above 0 and below 1
 * @param errorIncrease how much larger the share of failing videos may be, 0 to 1
 * @param slowShare the part of the base's videos, above 0 and below 1, whose latency tells what
 *     slow means: with 0.05 the base's 95th percentile
 * @param latencyFactor how many times as long as that a video may take, at least 1
 * @param slowIncrease how much larger the share of slow videos may be, 0 to 1
 * @param labelShift how far the distributions of the best label may lie apart: total variation
 *     distance, 0 to 1
 */
public record WatchLimits(
    double falseAlarm,
    double errorIncrease,
    double slowShare,
    double latencyFactor,
    double slowIncrease,
    double labelShift) {
  public WatchLimits {
    if (!(falseAlarm > 0 && falseAlarm < 1)
        || !(errorIncrease >= 0 && errorIncrease <= 1)
        || !(slowShare > 0 && slowShare < 1)
        || !(latencyFactor >= 1)
        || !(slowIncrease >= 0 && slowIncrease <= 1)
        || !(labelShift >= 0 && labelShift <= 1)) {
      throw new IllegalArgumentException(
          "limits false alarm "
              + falseAlarm
              + ", error increase "
              + errorIncrease
              + ", slow share "
              + slowShare
              + ", latency factor "
              + latencyFactor
              + ", slow increase "
              + slowIncrease
              + ", label shift "
              + labelShift);
    }
  }
}
