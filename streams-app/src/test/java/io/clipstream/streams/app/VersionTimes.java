package io.clipstream.streams.app;

import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.live.rollout.Wanted;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Orders versions of a model and knows when each was wanted, in milliseconds since 1970. */
final class VersionTimes {
  private final RolloutLog rollouts;
  private final String model;

  /** From the order for a version to the end of the change to the next. */
  private final Map<String, List<long[]>> spans = new HashMap<>();

  VersionTimes(RolloutLog rollouts, String model) {
    this.rollouts = rollouts;
    this.model = model;
  }

  void order(String version) {
    spans
        .computeIfAbsent(version, v -> new ArrayList<>())
        .add(new long[] {System.currentTimeMillis(), Long.MAX_VALUE});
    rollouts.change(
        model, before -> before == null ? Wanted.first(model, version) : before.activate(version));
  }

  /** Every instance serves it: the others are not wanted any more. */
  void settled(String version) {
    long now = System.currentTimeMillis();
    spans.forEach(
        (other, times) -> {
          if (!other.equals(version)) {
            times.forEach(span -> span[1] = Math.min(span[1], now));
          }
        });
  }

  /** Whether it was wanted at some moment of a time. */
  boolean wanted(String version, long from, long to) {
    return spans.getOrDefault(version, List.of()).stream()
        .anyMatch(span -> span[0] <= to && from <= span[1]);
  }
}
