package io.clipstream.streams.live.rollout;

/** What a loaded version is for. */
public enum Role {
  ACTIVE,
  CANARY,
  SHADOW
}
