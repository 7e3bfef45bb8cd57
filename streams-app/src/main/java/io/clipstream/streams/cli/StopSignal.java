package io.clipstream.streams.cli;

import com.sun.jna.NativeLibrary;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Tells the main thread that the process was asked to end (Ctrl-C, SIGTERM), and keeps the process
 * until the main thread has closed what it opened. Made and closed by the main thread.
 *
 * <p>A process that was asked to end and ended well exits with 0. It ends without what native
 * libraries do at an exit: PyTorch aborts it where a thread still runs a network, such as one that
 * hangs while it is loaded.
 */
final class StopSignal implements AutoCloseable {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook;
  private volatile boolean good;

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
                } else if (good) {
                  leave(0);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "stop");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException alreadyEnding) {
      asked.countDown();
    }
  }

  /** By the system's own call: a JVM that halts still runs the destructors of C++ libraries. */
  static void leave(int code) {
    System.out.flush();
    System.err.flush();
    try {
      NativeLibrary.getProcess().getFunction("_exit").invokeVoid(new Object[] {code});
    } catch (UnsatisfiedLinkError e) { // JNA's library cannot be unpacked here
      Runtime.getRuntime().halt(code);
    }
  }

  boolean given() {
    return asked.getCount() == 0;
  }

  /** Waits for the signal, at most this long. */
  boolean await(Duration limit) throws InterruptedException {
    return asked.await(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** What was opened is closed, and nothing went wrong. */
  void endedWell() {
    good = true;
  }

  @Override
  public void close() {
    closed.countDown();
    if (!given()) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }
}
