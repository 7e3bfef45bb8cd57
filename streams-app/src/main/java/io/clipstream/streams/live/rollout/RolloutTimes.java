package io.clipstream.streams.live.rollout;

import java.time.Duration;

/**
 * How long things take in rollouts; the same on every instance.
 *
 * @param heartbeat a status record is written at least this often
 * @param lease an instance that was not heard for so long is dead to the others; at least eight
 *     heartbeats. It gives up its turn itself after half of that without reading its own beats back
 * @param soak how long a new version serves before the next instance changes
 * @param keepPrevious how long the version before stays loaded
 * @param retry how long an instance that failed waits before it tries again, where it serves
 *     nothing or the others have settled on the version
 * @param forget how long an instance must be dead before its record is deleted; at least the lease
 */
public record RolloutTimes(
    Duration heartbeat,
    Duration lease,
    Duration soak,
    Duration keepPrevious,
    Duration retry,
    Duration forget) {
  public RolloutTimes {
    if (heartbeat.isNegative()
        || heartbeat.isZero()
        || heartbeat.multipliedBy(8).compareTo(lease) > 0) {
      throw new IllegalArgumentException(
          "lease " + lease + ", expected at least eight heartbeats of " + heartbeat);
    }
    if (forget.compareTo(lease) < 0) {
      throw new IllegalArgumentException("forget " + forget + ", expected at least lease " + lease);
    }
  }
}
