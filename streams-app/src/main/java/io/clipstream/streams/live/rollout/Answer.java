package io.clipstream.streams.live.rollout;

/**
 * What an instance has to say to a rollout. Written by {@link Wanted#answered} on the newest wanted
 * state under compare-and-set; void where that is another rollout's, so any number of instances may
 * say the same, at any time.
 *
 * @param rollout the rollout that is answered
 * @param version the version that it is about
 * @param reason one line for people; null with SETTLE
 */
public record Answer(Kind kind, long rollout, String version, String reason) {
  /** Kinds of answers. */
  public enum Kind {
    /** Every instance serves the active version. */
    SETTLE,
    /** The version could not be taken up. */
    STOP,
    /** The version passed a limit while it served. */
    TURN_BACK
  }
}
