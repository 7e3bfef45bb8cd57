package io.clipstream.streams.console;

import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that reads from Kafka on and on. What fails is told, logged once, and tried again with
 * clients of a new start: the console never disturbs what it watches.
 */
final class Following implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Following.class);
  private static final long PAUSE_MILLIS = 2_000;
  private static final long CLOSE_MILLIS = 10_000;

  /** What is read. One thread. */
  interface Reader extends AutoCloseable {
    /**
     * Reads what there is, and waits a moment where there is nothing new.
     *
     * @throws RuntimeException if that is not possible now
     */
    void read();

    /** Ends its clients; {@link #read} makes new ones. */
    @Override
    void close();
  }

  private final String what;
  private final Reader reader;
  private final Thread thread;
  private volatile String problem;
  private volatile boolean closed;

  /**
   * Begins at once.
   *
   * @param what is read, for people
   */
  Following(String what, Reader reader) {
    this.what = what;
    this.reader = reader;
    this.thread = new Thread(this::run, "console-" + what);
    thread.setDaemon(true);
    thread.start();
  }

  /** Why nothing is read at the moment, one line; empty: it is. */
  Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  private void run() {
    try {
      while (!closed) {
        try {
          reader.read();
          problem = null;
        } catch (InterruptException e) {
          throw new InterruptedException();
        } catch (RuntimeException e) {
          failed(e);
          TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
      }
    } catch (InterruptedException end) {
      log.debug("The console reads no more {}", what);
    } finally {
      Thread.interrupted(); // Else the clients would not close.
      closeReader();
    }
  }

  private void failed(RuntimeException e) throws InterruptedException {
    if (closed) {
      throw new InterruptedException();
    }
    String line = Shown.text(e.getMessage() == null ? e.toString() : e.getMessage());
    if (!line.equals(problem)) {
      log.warn("The console cannot read {}: {}", what, line);
      problem = line;
    }
    closeReader();
  }

  private void closeReader() {
    try {
      reader.close();
    } catch (RuntimeException e) {
      log.debug("A client of the console did not close", e);
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join(CLOSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
