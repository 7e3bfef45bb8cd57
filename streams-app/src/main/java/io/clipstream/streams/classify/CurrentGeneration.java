package io.clipstream.streams.classify;

import java.time.Duration;
import java.util.List;

/**
 * One generation for all videos, which can be swapped for another between two of them. Owns the
 * generations that it was given: one that was replaced closes when its last video has left. All
 * threads.
 */
public final class CurrentGeneration implements GenerationSource {
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

  private final OpenGenerations open = new OpenGenerations();

  /** Null once this is closed. */
  private volatile Generation current;

  /**
   * @param first is ready
   */
  public CurrentGeneration(Generation first) {
    take(first);
  }

  /**
   * Gives every video from now on to {@code next}. Those under way stay with their generation.
   *
   * @param next is ready; owned by this from now on, whatever the result
   * @return false if this was closed before; then {@code next} is closed too
   */
  public synchronized boolean swap(Generation next) {
    Generation before = current;
    if (before == null) {
      next.close();
      return false;
    }
    take(next);
    before.close();
    return true;
  }

  @Override
  public Answer acquire(VideoRequest request) {
    String wanted = request.reference().getModel();
    while (true) {
      Generation generation = current;
      if (generation == null) {
        return new Answer.Closed();
      }
      if (wanted != null && !generation.model().answersTo(wanted)) {
        return new Answer.Unknown(wanted, List.of(generation.model().manifest().id()));
      }
      if (generation.tryAcquire()) {
        return new Answer.Acquired(generation, 0);
      }
      // It was replaced in this very moment; else someone closed what is not theirs.
      if (generation == current) {
        throw new IllegalStateException(generation + " was closed while it was in use");
      }
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      Generation last = current;
      if (last != null) {
        current = null;
        last.close();
      }
    }
    open.awaitClosed(CLOSE_LIMIT);
  }

  private void take(Generation next) {
    open.add(next);
    current = next;
  }
}
