package io.clipstream.model.infer;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
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
  private static final ScheduledThreadPoolExecutor TIMER = timer();

  private final ScheduledFuture<?> alarm;

  private RunWatch(ScheduledFuture<?> alarm) {
    this.alarm = alarm;
  }

  /**
   * Watches until it is closed.
   *
   * @param what runs, for the log
   */
  static RunWatch begin(String what) {
    return begin(what, PATIENCE, log::warn);
  }

  static RunWatch begin(String what, Duration patience, Consumer<String> tell) {
    Thread runner = Thread.currentThread();
    long start = System.nanoTime();
    return new RunWatch(
        TIMER.scheduleAtFixedRate(
            () -> {
              long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
              tell.accept(what + " has not ended after " + seconds + " s: " + runner.getName());
            },
            patience.toNanos(),
            patience.toNanos(),
            TimeUnit.NANOSECONDS));
  }

  private static ScheduledThreadPoolExecutor timer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1,
            work -> {
              Thread thread = new Thread(work, "run-watch");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  /** The run has ended. */
  void close() {
    alarm.cancel(false);
  }
}
