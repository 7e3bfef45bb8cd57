package io.clipstream.streams.metrics;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;

/** What an instance needs to label videos, and what of it is missing. All threads. */
public final class Readiness {
  private final ConcurrentMap<String, Supplier<Optional<String>>> needs =
      new ConcurrentSkipListMap<>();

  /**
   * Adds a need, or replaces that of this name.
   *
   * @param problem says in one line, at once, why it is not met; empty: it is
   */
  public void need(String name, Supplier<Optional<String>> problem) {
    needs.put(name, problem);
  }

  public boolean isReady() {
    return needs.values().stream().allMatch(problem -> problem.get().isEmpty());
  }

  /** Every need, with {@code ok} or what its problem is. */
  Map<String, String> now() {
    Map<String, String> now = new LinkedHashMap<>();
    needs.forEach((name, problem) -> now.put(name, problem.get().orElse("ok")));
    return now;
  }
}
