package io.clipstream.streams.ingest;

import java.time.Duration;

/**
 * How much one fetch, and all of them together, may take.
 *
 * @param maxBytes of one video, file or download
 * @param maxDiskBytes of all downloads that are under way or not closed yet; a download waits for
 *     room, which does not count against its time. At least {@code maxBytes}
 * @param maxConcurrent downloads at a time; further callers wait, which does not count either
 * @param total time for one fetch with all its attempts, redirects and pauses, up to 1 day. A
 *     lookup of a name that hangs may add {@code connect} to it
 * @param connect time for one name lookup, and for connecting to one address
 * @param silence longest time without a byte from the server
 * @param maxRedirects followed in one attempt, 0 to 50
 */
public record FetchLimits(
    long maxBytes,
    long maxDiskBytes,
    int maxConcurrent,
    Duration total,
    Duration connect,
    Duration silence,
    int maxRedirects) {

  private static final Duration LONGEST = Duration.ofDays(1);

  public FetchLimits {
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maximum bytes is " + maxBytes + "; at least 1 is needed");
    }
    if (maxDiskBytes < maxBytes) {
      throw new IllegalArgumentException(
          "disk space for downloads is "
              + Sizes.bytes(maxDiskBytes)
              + ", less than the "
              + Sizes.bytes(maxBytes)
              + " that one video may have");
    }
    if (maxConcurrent < 1 || maxConcurrent > 10_000) {
      throw new IllegalArgumentException(
          "concurrent downloads are " + maxConcurrent + "; 1 to 10000 are possible");
    }
    checkTime("total time", total);
    checkTime("connect time", connect);
    checkTime("silence", silence);
    if (maxRedirects < 0 || maxRedirects > 50) {
      throw new IllegalArgumentException(
          "maximum redirects is " + maxRedirects + "; 0 to 50 are possible");
    }
  }

  /**
   * 2 GiB a video, 8 GiB on disk, 32 at a time, 5 min, 10 s to connect, 30 s silence, 5 redirects.
   */
  public static FetchLimits defaults() {
    return new FetchLimits(
        2L << 30,
        8L << 30,
        32,
        Duration.ofMinutes(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        5);
  }

  private static void checkTime(String name, Duration time) {
    if (time.compareTo(Duration.ofMillis(1)) < 0 || time.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(name + " is " + time + "; 1 ms to 1 day is possible");
    }
  }
}
