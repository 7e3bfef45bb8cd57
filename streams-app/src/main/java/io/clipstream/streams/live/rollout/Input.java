package io.clipstream.streams.live.rollout;

/** What an instance's rollout learns. */
public sealed interface Input {
  /** A record of {@code models.rollouts} was read. */
  record WantedRead(Wanted wanted) implements Input {}

  /** A record of {@code models.status} was read, at its offset; of this instance too. */
  record ReportRead(String instance, Report report, long offset) implements Input {}

  /** Another instance's lease has run out here, or its record was deleted. */
  record PeerGone(String instance) implements Input {}

  /** This instance has not read its own beats back in time, or its record was deleted. */
  record LeaseLost() implements Input {}

  /** {@code models.status} was followed for a whole lease: every living instance has been heard. */
  record Listened() implements Input {}

  /** {@code models.status} was truncated or made anew: what was read of it is void. */
  record StatusReset() implements Input {}

  /** {@code models.rollouts} was truncated or made anew and says nothing of this model. */
  record WantedLost() implements Input {}

  /** {@link Output.Prepare} is done. */
  record Prepared() implements Input {}

  /** {@link Output.Load} is done. */
  record Loaded() implements Input {}

  /** {@link Output.Prepare} or {@link Output.Load} failed, ran out of time or was abandoned. */
  record StepFailed(String reason) implements Input {}

  /** The new version has served long enough for the next instance to change. */
  record SoakOver() implements Input {}

  /** The version before needs no longer be kept loaded. */
  record KeepOver() implements Input {}

  /** An instance that failed may try again; see {@link RolloutTimes#retry}. */
  record RetryDue() implements Input {}

  /** A version that serves here passed a limit. */
  record Alarm(String version, String reason) implements Input {}

  /** The instance leaves. */
  record Leave() implements Input {}
}
