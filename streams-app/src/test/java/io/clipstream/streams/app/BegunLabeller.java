package io.clipstream.streams.app;

import io.clipstream.streams.classify.Fixtures;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Begins every video at once, on a thread of its own, and ends none before it is told to. */
final class BegunLabeller implements VideoLabeller {
  /** Deaths that were counted for each video that was submitted. */
  final List<Integer> deaths = new CopyOnWriteArrayList<>();

  final AtomicInteger begun = new AtomicInteger();
  private final CountDownLatch finish = new CountDownLatch(1);

  void finish() {
    finish.countDown();
  }

  @Override
  public Submission submit(
      VideoRequest request, Consumer<Outcome> done, Consumer<Throwable> broken) {
    deaths.add(request.attempt().deaths());
    Thread thread =
        new Thread(
            () -> {
              try {
                if (request.attempt().begin()) {
                  begun.incrementAndGet();
                  finish.await();
                  done.accept(Fixtures.labelled(request.reference()));
                }
              } catch (InterruptedException end) {
                Thread.currentThread().interrupt();
              }
            });
    thread.setDaemon(true);
    thread.start();
    return thread::interrupt;
  }

  /** In vain. */
  @Override
  public boolean drain(Duration limit) {
    return finish.getCount() == 0;
  }

  @Override
  public void close() {}
}
