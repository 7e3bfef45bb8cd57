package io.clipstream.streams.live;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Work on a thread of its own that may hang: after its limit it is given up. Its thread is
 * interrupted then, and left alone if it does not end; nobody waits for it, the process's end does
 * not either. All threads.
 *
 * @param <T> what comes of it
 */
final class TimedTask<T> {
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private final Thread thread;

  /**
   * Starts it.
   *
   * @param name of the work and the thread, as messages have it
   * @param discard takes what the work gives after it was given up, on its thread
   */
  TimedTask(String name, Duration limit, Callable<T> work, Consumer<T> discard) {
    this.thread =
        new Thread(
            () -> {
              try {
                T value = work.call();
                if (!result.complete(value)) {
                  discard.accept(value);
                }
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    CompletableFuture<Void> timer =
        new CompletableFuture<Void>().orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS);
    CompletableFuture<?> unused = result.whenComplete((value, error) -> timer.complete(null));
    unused =
        timer.whenComplete(
            (nothing, timeout) -> {
              if (timeout != null) {
                giveUp(name + " took longer than " + limit.toMillis() / 1000.0 + " s");
              }
            });
  }

  /** Completes with what comes of it, with what it threw, or with why it was given up. */
  CompletableFuture<T> result() {
    return result;
  }

  /** Gives it up if it has not ended. */
  void giveUp(String reason) {
    if (result.completeExceptionally(new TimeoutException(reason))) {
      thread.interrupt();
    }
  }
}
