package io.clipstream.streams.topology;

import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.Fixtures;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.Outcome;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Labels every video after a random while, on threads of its own, so that outcomes come in any
 * order; every eighth is rejected.
 */
public final class InstantLabeller implements VideoLabeller {
  private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(2);
  private final Random random = new Random(1);
  private final int maxMillis;

  public InstantLabeller(int maxMillis) {
    this.maxMillis = maxMillis;
  }

  @Override
  public synchronized Submission submit(
      VideoRequest request, Consumer<Outcome> done, Consumer<Throwable> broken) {
    if (threads.isShutdown()) {
      return () -> {};
    }
    VideoReference reference = request.reference();
    var future =
        threads.schedule(
            () ->
                done.accept(
                    reference.getId().hashCode() % 8 == 0
                        ? Fixtures.rejected(reference)
                        : Fixtures.labelled(reference)),
            random.nextInt(maxMillis + 1),
            TimeUnit.MILLISECONDS);
    return () -> future.cancel(false);
  }

  @Override
  public synchronized boolean drain(Duration limit) throws InterruptedException {
    threads.shutdown();
    return threads.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
