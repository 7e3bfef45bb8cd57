package io.clipstream.streams.intake;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that tells a {@link WaitingRoom} that time passes. */
public final class RoomClock implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RoomClock.class);
  private static final long MILLIS = 100;

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "intake");
            thread.setDaemon(true);
            return thread;
          });

  private RoomClock() {}

  /** Starts. */
  public static RoomClock of(WaitingRoom room) {
    RoomClock clock = new RoomClock();
    var unused =
        clock.timer.scheduleWithFixedDelay(
            () -> {
              try {
                room.tick();
              } catch (RuntimeException e) {
                log.error("The room's clock failed; it goes on", e);
              }
            },
            MILLIS,
            MILLIS,
            TimeUnit.MILLISECONDS);
    return clock;
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
