package io.clipstream.model.fetch;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/** Time and waiting, so that backoff is tested without waiting. */
interface FetchClock {
  FetchClock SYSTEM =
      new FetchClock() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public Instant now() {
          return Instant.now();
        }

        @Override
        public void sleep(Duration time) throws InterruptedException {
          TimeUnit.NANOSECONDS.sleep(time.toNanos());
        }
      };

  /** As {@link System#nanoTime}. */
  long nanos();

  /** Time of day, for servers that name the moment to come back. */
  Instant now();

  void sleep(Duration time) throws InterruptedException;
}
