package io.clipstream.streams.live.rollout;

/**
 * Which rollout chose each of the versions that are wanted, so that a label names it whenever its
 * instance took the version up. Each number is at least 1 where there is such a version, else 0.
 *
 * @param active the rollout that made the active version so
 * @param settled the rollout that made the settled version active
 * @param canary the rollout that put the canary on trial
 * @param shadow the rollout that chose the shadow
 */
public record ChosenBy(long active, long settled, long canary, long shadow) {
  /** All of them by one. */
  public static ChosenBy one(long rollout) {
    return new ChosenBy(rollout, rollout, rollout, rollout);
  }
}
