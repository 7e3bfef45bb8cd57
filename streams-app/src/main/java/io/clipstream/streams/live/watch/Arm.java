package io.clipstream.streams.live.watch;

/** The two sides of a comparison. */
public enum Arm {
  /** The version that is known to be good. */
  BASE,
  /** The one that has to show it. */
  TRIAL
}
