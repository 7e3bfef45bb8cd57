package io.clipstream.schemas.models;

import java.time.Duration;

/** A time limit that began when this was made. */
final class Deadline {
  private final Duration limit;
  private final long start = System.nanoTime();

  Deadline(Duration limit) {
    this.limit = limit;
  }

  Duration limit() {
    return limit;
  }

  /** What is left, never less than 0. */
  Duration left() {
    Duration left = limit.minusNanos(System.nanoTime() - start);
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** The span, or what is left if that is less. */
  Duration atMost(Duration span) {
    Duration left = left();
    return left.compareTo(span) < 0 ? left : span;
  }

  boolean over() {
    return left().isZero();
  }
}
