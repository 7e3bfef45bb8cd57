package io.clipstream.model.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * Holds a body to its least rate: who drips a byte now and then, often enough not to be silent,
 * would hold a place for hours. Time that the disk takes does not count. One thread.
 */
final class Pace {
  private final HttpTarget target;
  private final FetchLimits limits;
  private long nanos;
  private long bytes;

  Pace(HttpTarget target, FetchLimits limits) {
    this.target = target;
    this.limits = limits;
  }

  /** As {@link InputStream#read(byte[])}. */
  int read(InputStream in, byte[] buffer) throws IOException, FetchFailure {
    long start = System.nanoTime();
    int read = in.read(buffer);
    nanos += System.nanoTime() - start;
    bytes += Math.max(0, read);
    if (read >= 0 && nanos >= limits.silence().toNanos()) {
      double least = limits.minRate() * (nanos / 1e9);
      if (bytes < least) {
        throw FetchFailure.passing(
            FetchReason.FETCH_TIMEOUT,
            target.label()
                + ": "
                + Sizes.bytes(bytes)
                + " came in "
                + Sizes.seconds(Duration.ofNanos(nanos))
                + ", expected at least "
                + Sizes.bytes(limits.minRate())
                + " a second");
      }
      nanos = 0;
      bytes = 0;
    }
    return read;
  }
}
