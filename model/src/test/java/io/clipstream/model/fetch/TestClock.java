package io.clipstream.model.fetch;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Time that passes only by sleeping, at once. */
final class TestClock implements FetchClock {
  static final Instant NOON = Instant.parse("2026-06-01T12:00:00Z");
  final List<Duration> sleeps = new CopyOnWriteArrayList<>();
  private volatile long nanos;

  @Override
  public long nanos() {
    return nanos;
  }

  @Override
  public Instant now() {
    return NOON.plusNanos(nanos);
  }

  @Override
  public synchronized void sleep(Duration time) {
    sleeps.add(time);
    nanos += time.toNanos();
  }
}
