package io.clipstream.schemas.models;

import java.time.Duration;

/**
 * Time limits of a download.
 *
 * @param total for all of it
 * @param idle longest time without a chunk. A chunk cannot be read while a transaction that is
 *     older is open in its partition, which a publisher that died can cause until its time-out or
 *     until its model is published again.
 */
public record TransferLimits(Duration total, Duration idle) {
  public TransferLimits {
    if (total.isNegative() || total.isZero() || idle.isNegative() || idle.isZero()) {
      throw new IllegalArgumentException(
          "total is " + total + " and idle " + idle + ", expected more than 0");
    }
  }

  /** An hour, and a minute without a chunk. */
  public static TransferLimits defaults() {
    return new TransferLimits(Duration.ofHours(1), Duration.ofMinutes(1));
  }
}
