package io.clipstream.streams.topology;

/**
 * Counts the commits of each stream thread, so that its processors know when what they wrote to a
 * store is in its changelog for good: Kafka Streams tells them nothing of the kind. Each thread
 * sees its own count.
 */
public final class Commits {
  private final ThreadLocal<long[]> counts = ThreadLocal.withInitial(() -> new long[1]);

  /** What the calling thread has written up to now is durable. */
  void committed() {
    counts.get()[0]++;
  }

  /** Commits of the calling thread. */
  long count() {
    return counts.get()[0];
  }
}
