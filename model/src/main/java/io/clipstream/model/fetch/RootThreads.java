package io.clipstream.model.fetch;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Does what touches the files of one root on threads of its own, and waits for it only as long as
 * it goes on: a file system that hangs, as NFS does while its server is away, holds these threads,
 * and nobody else's. While one of them hangs, nothing more is tried there, so they are no more than
 * there were callers at once. All threads.
 */
final class RootThreads implements AutoCloseable {
  /** Longest time for one step, such as opening a file or reading a block of it. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final AtomicInteger NAMES = new AtomicInteger();

  private final Duration patience;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "root-" + NAMES.incrementAndGet());
            thread.setDaemon(true);
            return thread;
          });

  private final Set<Call<?>> calls = ConcurrentHashMap.newKeySet();

  /**
   * @param patience with one step
   */
  RootThreads(Duration patience) {
    this.patience = patience;
  }

  /** What may hang. */
  interface Work<T> {
    /**
     * Does it.
     *
     * @param step to be called after each step of many
     */
    T run(Runnable step) throws IOException, FetchFailure, InterruptedException;
  }

  /** It hangs, or what was begun before does. */
  static final class HangsException extends Exception {
    private static final long serialVersionUID = 1L;

    private HangsException(long nanos) {
      super(
          "does not answer: nothing for "
              + Sizes.seconds(
                  Duration.ofSeconds(Math.max(1, TimeUnit.NANOSECONDS.toSeconds(nanos))))
              + ", is its server away?");
    }
  }

  /**
   * Waits for its result, or for nothing to happen.
   *
   * @throws HangsException if it did not go on in time; should it ever end, nobody hears of it
   */
  <T> T run(Work<T> work) throws IOException, FetchFailure, InterruptedException, HangsException {
    long now = System.nanoTime();
    for (Call<?> earlier : calls) {
      earlier.check(now);
    }
    Call<T> call = new Call<>(work);
    threads.execute(call.task);
    while (true) {
      try {
        return call.task.get(call.left(System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (TimeoutException perhaps) {
        call.check(System.nanoTime());
      } catch (InterruptedException e) {
        call.task.cancel(true);
        throw e;
      } catch (ExecutionException e) {
        throw rethrown(e.getCause());
      }
    }
  }

  private static RuntimeException rethrown(Throwable cause)
      throws IOException, FetchFailure, InterruptedException {
    if (cause instanceof IOException broken) {
      throw broken;
    }
    if (cause instanceof FetchFailure failed) {
      throw failed;
    }
    if (cause instanceof InterruptedException closed) {
      throw closed;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return (RuntimeException) cause;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }

  private final class Call<T> {
    final FutureTask<T> task;
    private volatile long stepped = System.nanoTime();

    Call(Work<T> work) {
      task =
          new FutureTask<>(
              () -> {
                try {
                  return work.run(() -> stepped = System.nanoTime());
                } finally {
                  calls.remove(this);
                }
              });
      calls.add(this);
    }

    long left(long now) {
      return Math.max(0, stepped + patience.toNanos() - now);
    }

    void check(long now) throws HangsException {
      if (left(now) == 0) {
        throw new HangsException(now - stepped);
      }
    }
  }
}
