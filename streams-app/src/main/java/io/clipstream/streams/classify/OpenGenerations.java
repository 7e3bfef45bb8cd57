package io.clipstream.streams.classify;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The generations of an owner that have not ended yet, those that it closed included. All threads.
 */
public final class OpenGenerations {
  private static final Logger log = LoggerFactory.getLogger(OpenGenerations.class);

  private final Set<Generation> open = ConcurrentHashMap.newKeySet();

  /**
   * Adds one until it ends.
   *
   * @throws IllegalStateException if it is not ready
   */
  public void add(Generation generation) {
    if (!generation.isReady()) {
      throw new IllegalStateException(generation + " is not ready");
    }
    open.add(generation);
    var unused = generation.closed().thenRun(() -> open.remove(generation));
  }

  /** How many there are. */
  public int count() {
    return (int) open.stream().filter(generation -> !generation.closed().isDone()).count();
  }

  /** Waits, up to the limit, until all have ended; an interrupt ends it and is kept. */
  public void awaitClosed(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    try {
      for (Generation generation : open) {
        if (generation.awaitClosed(Duration.ofNanos(end - System.nanoTime()))) {
          open.remove(generation); // Who waited may be faster than what add() has left to run.
        } else {
          log.warn("{} did not end within {}", generation, limit);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
