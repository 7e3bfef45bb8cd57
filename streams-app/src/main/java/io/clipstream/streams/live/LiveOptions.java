package io.clipstream.streams.live;

import io.clipstream.streams.live.rollout.RolloutPolicy;
import io.clipstream.streams.live.rollout.RolloutTimes;
import io.clipstream.streams.live.watch.WatchLimits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * How an instance takes up versions.
 *
 * @param cache folder of artifacts
 * @param cacheBytes most of all artifacts there together
 * @param trustedKeys files of public keys, of which one must have signed a release; none:
 *     signatures are not asked for
 * @param anyLabels whether a version may have other labels than the one that serves
 * @param policy of rollouts
 * @param times of rollouts
 * @param watch when a version on trial is taken back by itself
 * @param startPatience how long a start waits for the log before it serves from the cache
 * @param limits of the steps of a version
 * @param loadDeaths of processes while they loaded an artifact, after which it is refused
 */
public record LiveOptions(
    Path cache,
    long cacheBytes,
    List<Path> trustedKeys,
    boolean anyLabels,
    RolloutPolicy policy,
    RolloutTimes times,
    WatchLimits watch,
    Duration startPatience,
    Limits limits,
    int loadDeaths) {
  public LiveOptions {
    trustedKeys = List.copyOf(trustedKeys);
  }

  /**
   * Longest times of the steps of a version.
   *
   * @param download of its artifact
   * @param silence of a download without a piece
   * @param verify for checking the artifact
   * @param load for loading, warming and proving together
   */
  public record Limits(Duration download, Duration silence, Duration verify, Duration load) {}
}
