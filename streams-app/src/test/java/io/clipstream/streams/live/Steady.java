package io.clipstream.streams.live;

import io.clipstream.schemas.VideoLabels;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Labels one video after the other on an instance, with a pause in between that leaves the
 * processors to what is tested; one that is rejected or lost is a failure.
 */
final class Steady implements AutoCloseable {
  private static final int PAUSE_MILLIS = 50;

  final List<VideoLabels> labels = new CopyOnWriteArrayList<>();
  private final AtomicBoolean end = new AtomicBoolean();
  private final CompletableFuture<Void> ended;

  Steady(LiveInstance instance) {
    ended =
        CompletableFuture.runAsync(
            () -> {
              try {
                for (int i = 0; !end.get(); i++) {
                  labels.add(instance.label("v" + i));
                  TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
                }
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            },
            work -> new Thread(work, "steady").start());
  }

  /** Fails where it has failed. */
  List<VideoLabels> end() {
    end.set(true);
    ended.orTimeout(60, TimeUnit.SECONDS).join();
    return List.copyOf(labels);
  }

  @Override
  public void close() {
    end();
  }
}
