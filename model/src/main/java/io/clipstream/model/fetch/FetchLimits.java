package io.clipstream.model.fetch;

import io.clipstream.model.Bounds;
import java.time.Duration;

/**
 * How much one fetch, and all of them together, may take.
 *
 * @param maxBytes of one file, downloaded or local
 * @param maxDiskBytes of all temporary downloads, as far as they have come, until they are closed;
 *     one that finds no room begins anew later, which does not count against its time. At least
 *     {@code maxBytes}
 * @param maxConcurrent downloads at a time; further callers wait, which does not count either
 * @param total time for one fetch with all its attempts, redirects and pauses, up to 1 day. A
 *     lookup of a name that hangs may add {@code connect} to it
 * @param connect time for one name lookup, and for connecting to one address
 * @param silence longest time without a byte from the server
 * @param maxRedirects followed in one attempt, 0 to 50
 * @param minRate bytes a second that a body must bring, over {@code silence}; 0: any
 */
public record FetchLimits(
    long maxBytes,
    long maxDiskBytes,
    int maxConcurrent,
    Duration total,
    Duration connect,
    Duration silence,
    int maxRedirects,
    long minRate) {

  /** Of one video, and of all that are on disk. */
  public static final Bounds<Long> BYTES = Bounds.of(1L, 1L << 50);

  public static final Bounds<Integer> CONCURRENT = Bounds.of(1, 1024);
  public static final Bounds<Duration> TIME = Bounds.of(Duration.ofMillis(1), Duration.ofDays(1));
  public static final Bounds<Integer> REDIRECTS = Bounds.of(0, 50);
  public static final Bounds<Long> RATE = Bounds.of(0L, 1L << 30);

  public FetchLimits {
    BYTES.check("maxBytes", maxBytes);
    BYTES.check("maxDiskBytes", maxDiskBytes);
    if (maxDiskBytes < maxBytes) {
      throw new IllegalArgumentException(
          "disk space for downloads is "
              + Sizes.bytes(maxDiskBytes)
              + ", less than the "
              + Sizes.bytes(maxBytes)
              + " that one file may have");
    }
    CONCURRENT.check("maxConcurrent", maxConcurrent);
    TIME.check("total", total);
    TIME.check("connect", connect);
    TIME.check("silence", silence);
    REDIRECTS.check("maxRedirects", maxRedirects);
    RATE.check("minRate", minRate);
  }

  /**
   * 2 GiB a file, 8 GiB on disk, 32 at a time, 5 min, 10 s to connect, 30 s silence, 5 redirects, 1
   * KiB/s.
   */
  public static FetchLimits defaults() {
    return new FetchLimits(
        2L << 30,
        8L << 30,
        32,
        Duration.ofMinutes(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        5,
        1024);
  }
}
