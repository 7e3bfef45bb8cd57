package io.clipstream.streams.live.rollout;

/** How far an instance is with its candidate. */
public enum Phase {
  /** Nothing under way. */
  IDLE,
  /** Downloads and verifies; holds no turn. */
  PREPARING,
  /** Has claimed a turn. */
  WAITING,
  /** Loads, warms and proves it. */
  CHANGING,
  /** Serves it, watched, before it gives up its turn. */
  SOAKING,
  /** Gave it up; tried again in another rollout only. */
  FAILED,
  /** Serves it and wants it taken back. */
  ALARMED,
  /** Left. */
  STOPPED
}
