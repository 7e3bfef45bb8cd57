package io.clipstream.streams.app;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Tells the main thread that the process was asked to end (Ctrl-C, SIGTERM), and keeps the process
 * until the main thread has closed what it opened. Made and closed by the main thread.
 */
final class StopSignal implements AutoCloseable {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook;

  /**
   * @param patience longest that the end of the process waits for {@link #close}
   */
  StopSignal(Duration patience) {
    hook =
        new Thread(
            () -> {
              asked.countDown();
              try {
                if (!closed.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                  System.err.println(
                      "clipstream: did not end within " + patience.toSeconds() + " s");
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "stop");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  boolean given() {
    return asked.getCount() == 0;
  }

  /** Waits for the signal, at most this long. */
  boolean await(Duration limit) throws InterruptedException {
    return asked.await(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    closed.countDown();
    if (!given()) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }
}
