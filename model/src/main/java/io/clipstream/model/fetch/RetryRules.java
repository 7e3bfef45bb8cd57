package io.clipstream.model.fetch;

import io.clipstream.model.Bounds;
import java.time.Duration;

/**
 * How a fetch that failed in passing is tried again: after {@code firstPause}, then twice as long
 * each time up to {@code longestPause}, each pause shortened at random by up to half so that many
 * clients do not come back together. A server's Retry-After is obeyed up to {@code longestPause}.
 *
 * @param maxAttempts the first one included, 1 to 100
 */
public record RetryRules(int maxAttempts, Duration firstPause, Duration longestPause) {
  public static final Bounds<Integer> ATTEMPTS = Bounds.of(1, 100);
  public static final Bounds<Duration> PAUSE = Bounds.of(Duration.ofMillis(1), Duration.ofDays(1));

  public RetryRules {
    ATTEMPTS.check("maxAttempts", maxAttempts);
    PAUSE.check("firstPause", firstPause);
    PAUSE.check("longestPause", longestPause);
    if (longestPause.compareTo(firstPause) < 0) {
      throw new IllegalArgumentException(
          "longest pause " + longestPause + " is shorter than the first, " + firstPause);
    }
  }

  /** 3 attempts, 0.5 s, at most 30 s. */
  public static RetryRules defaults() {
    return new RetryRules(3, Duration.ofMillis(500), Duration.ofSeconds(30));
  }

  /**
   * The pause after a failed attempt.
   *
   * @param attempt that failed, from 1
   * @param random 0 to 1
   */
  Duration pause(int attempt, double random) {
    long longest = longestPause.toNanos();
    long pause = firstPause.toNanos();
    for (int i = 1; i < attempt && pause < longest; i++) {
      pause *= 2;
    }
    pause = Math.min(pause, longest);
    return Duration.ofNanos(pause - (long) (pause / 2.0 * random));
  }
}
