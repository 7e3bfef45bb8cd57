package io.clipstream.model.clip;

import java.time.Duration;

/**
 * When the decode on this thread has to end. FFmpeg asks for it through a callback that runs on the
 * same thread, which is why it hangs on the thread.
 */
final class Deadline implements AutoCloseable {
  private static final ThreadLocal<Deadline> CURRENT = new ThreadLocal<>();

  private final long limit;
  private long waited;
  private long end;

  Deadline(Duration timeout) {
    if (CURRENT.get() != null) {
      throw new IllegalStateException("this thread is decoding already");
    }
    limit = timeout.toNanos();
    end = System.nanoTime() + limit;
    CURRENT.set(this);
  }

  /** Whether native code on this thread should give up: out of time, or interrupted. */
  static boolean reached() {
    Deadline deadline = CURRENT.get();
    return deadline != null && (Thread.currentThread().isInterrupted() || deadline.passed());
  }

  /** Throws if the thread was interrupted or the time is up. */
  static void check() throws UnusableVideoException, InterruptedException {
    if (reached()) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      throw new UnusableVideoException(
          DecodeReason.DECODE_TIMEOUT, "decoding took longer than allowed");
    }
  }

  /** Whether more than half of the time of the decode on this thread is gone. */
  static boolean halfGone() {
    Deadline deadline = CURRENT.get();
    return deadline != null && deadline.end - System.nanoTime() < deadline.limit / 2;
  }

  boolean passed() {
    return System.nanoTime() - end > 0;
  }

  /** Adds time that was spent waiting for others. */
  void extend(long nanos) {
    end += nanos;
    waited += nanos;
  }

  /** Nanoseconds that were spent waiting for others. */
  long waited() {
    return waited;
  }

  @Override
  public void close() {
    CURRENT.remove();
  }
}
