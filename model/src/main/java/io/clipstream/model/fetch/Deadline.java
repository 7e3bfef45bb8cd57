package io.clipstream.model.fetch;

import java.time.Duration;

/** When the total time of one fetch is up. One thread. */
final class Deadline {
  private final FetchClock clock;
  private final Duration total;
  private final long end;

  Deadline(FetchClock clock, Duration total) {
    this.clock = clock;
    this.total = total;
    this.end = clock.nanos() + total.toNanos();
  }

  /** Nanoseconds left, negative once the time is up. */
  long remaining() {
    return end - clock.nanos();
  }

  void check() throws FetchFailure {
    if (remaining() <= 0) {
      throw expired();
    }
  }

  FetchFailure expired() {
    return FetchFailure.tooSlow("not fetched within " + Sizes.seconds(total));
  }
}
