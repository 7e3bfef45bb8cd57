package io.clipstream.streams.classify;

import io.clipstream.model.Bounds;

/**
 * What shadow versions may hold.
 *
 * @param maxWaiting videos that wait for one at most; further ones are skipped
 * @param maxDecodedBytes of pixels of their clips, apart from those of all other videos
 */
public record ShadowSettings(int maxWaiting, long maxDecodedBytes) {
  public static final Bounds<Integer> WAITING = Bounds.of(1, 100_000);
  public static final Bounds<Long> DECODED = Bounds.of(1L << 10, 1L << 50);

  public ShadowSettings {
    WAITING.check("maxWaiting", maxWaiting);
    DECODED.check("maxDecodedBytes", maxDecodedBytes);
  }
}
