package io.clipstream.streams.live.rollout;

/**
 * What the operator decides about rollouts; the same on every instance.
 *
 * @param maxUnavailable how many instances change at a time, at least 1
 * @param deathsToStop how many instances may die while they take up a version before the rollout is
 *     stopped, at least 1; 2 lets one of them be killed by chance
 * @param roomForTwo whether the device holds two versions. If not, the one that serves is let go
 *     before the other is loaded, and videos wait meanwhile
 */
public record RolloutPolicy(int maxUnavailable, int deathsToStop, boolean roomForTwo) {
  public RolloutPolicy {
    if (maxUnavailable < 1 || deathsToStop < 1) {
      throw new IllegalArgumentException(
          "max-unavailable " + maxUnavailable + ", deaths to stop " + deathsToStop);
    }
  }
}
