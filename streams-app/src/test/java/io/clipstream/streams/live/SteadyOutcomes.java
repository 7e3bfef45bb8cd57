package io.clipstream.streams.live;

import static org.awaitility.Awaitility.await;

import io.clipstream.streams.outcome.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Gives an instance one video after the other, and has an outcome of each. */
final class SteadyOutcomes implements AutoCloseable {
  final List<Outcome> outcomes = new CopyOnWriteArrayList<>();
  private final AtomicBoolean end = new AtomicBoolean();
  private final CompletableFuture<Void> ended;

  /** With pauses, which leave the processors to what is tested. */
  SteadyOutcomes(LiveInstance instance) {
    this(instance, Duration.ofMillis(50));
  }

  /**
   * @param pause between an outcome and the next video
   */
  SteadyOutcomes(LiveInstance instance, Duration pause) {
    ended =
        CompletableFuture.runAsync(
            () -> {
              try {
                for (int i = 0; !end.get(); i++) {
                  outcomes.add(instance.outcome("v" + i));
                  TimeUnit.NANOSECONDS.sleep(pause.toNanos());
                }
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            },
            work -> new Thread(work, "steady").start());
  }

  /** Waits for so many outcomes more. */
  void awaitMore(int count) throws InterruptedException {
    int enough = outcomes.size() + count;
    await()
        .atMost(LiveLog.LIMIT)
        .until(
            () -> {
              if (ended.isCompletedExceptionally()) {
                ended.join();
              }
              return outcomes.size() >= enough;
            });
  }

  /** The versions that labelled, in order; "rejected" for a video that was. */
  List<String> versions() {
    return outcomes.stream()
        .map(
            outcome ->
                outcome instanceof Outcome.Labelled labelled
                    ? labelled.labels().getModel().getVersion()
                    : "rejected")
        .toList();
  }

  @Override
  public void close() {
    end.set(true);
    ended.orTimeout(120, TimeUnit.SECONDS).join();
  }
}
