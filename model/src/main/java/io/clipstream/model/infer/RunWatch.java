package io.clipstream.model.infer;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the log when a run of a network does not end: nothing can stop one, but whoever looks finds
 * which model hangs on which device. All threads.
 */
final class RunWatch {
  private static final Logger log = LoggerFactory.getLogger(RunWatch.class);
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Looked at every second: a timer for each run would cost it more than this. */
  private static final Set<RunWatch> RUNS = ConcurrentHashMap.newKeySet();

  static {
    var unused =
        timer().scheduleWithFixedDelay(() -> RUNS.forEach(RunWatch::look), 1, 1, TimeUnit.SECONDS);
  }

  private final String what;
  private final long patience;
  private final Consumer<String> tell;
  private final Thread runner = Thread.currentThread();
  private final long start = System.nanoTime();

  /** Timer's thread only. */
  private int told;

  private RunWatch(String what, Duration patience, Consumer<String> tell) {
    this.what = what;
    this.patience = patience.toNanos();
    this.tell = tell;
  }

  /**
   * Watches until it is closed.
   *
   * @param what runs, for the log
   */
  static RunWatch begin(String what) {
    return begin(what, PATIENCE, log::warn);
  }

  /**
   * As the other.
   *
   * @param patience after which it is told, and again as long after that
   */
  static RunWatch begin(String what, Duration patience, Consumer<String> tell) {
    RunWatch watch = new RunWatch(what, patience, tell);
    RUNS.add(watch);
    return watch;
  }

  private void look() {
    long nanos = System.nanoTime() - start;
    if (nanos / patience > told) {
      told = (int) (nanos / patience);
      long seconds = TimeUnit.NANOSECONDS.toSeconds(nanos);
      tell.accept(what + " has not ended after " + seconds + " s: " + runner.getName());
    }
  }

  private static ScheduledExecutorService timer() {
    return Executors.newSingleThreadScheduledExecutor(
        work -> {
          Thread thread = new Thread(work, "run-watch");
          thread.setDaemon(true);
          return thread;
        });
  }

  /** The run has ended. */
  void close() {
    RUNS.remove(this);
  }
}
