package io.clipstream.streams.intake;

import io.clipstream.model.Bounds;
import java.time.Duration;

/**
 * How long and how many videos wait for a place, a host or a root.
 *
 * @param patience for an origin that is out of order, 1 s to 7 days; then a video is rejected
 * @param maxWaiting videos, at which no more are taken
 * @param maxWaitingBytes of their references, at which no more are taken
 * @param attempts after which a video is rejected that fails while others of its host do not
 */
public record WaitRules(Duration patience, int maxWaiting, long maxWaitingBytes, int attempts) {
  public static final Bounds<Duration> PATIENCE =
      Bounds.of(Duration.ofSeconds(1), Duration.ofDays(7));
  public static final Bounds<Integer> WAITING = Bounds.of(1, 10_000_000);
  public static final Bounds<Long> BYTES = Bounds.of(1L << 20, 1L << 40);

  public WaitRules {
    PATIENCE.check("patience", patience);
    WAITING.check("maxWaiting", maxWaiting);
    BYTES.check("maxWaitingBytes", maxWaitingBytes);
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts is " + attempts + ", expected at least 1");
    }
  }

  /** 6 h, 10,000 videos, 32 MiB, 3 attempts. */
  public static WaitRules defaults() {
    return new WaitRules(Duration.ofHours(6), 10_000, 32L << 20, 3);
  }
}
