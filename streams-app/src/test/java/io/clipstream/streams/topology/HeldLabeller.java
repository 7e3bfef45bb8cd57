package io.clipstream.streams.topology;

import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.Fixtures;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.intake.Waiting;
import io.clipstream.streams.outcome.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A labeller that holds everything until the test says what comes of it. */
public final class HeldLabeller implements VideoLabeller {
  final List<Work> submitted = new CopyOnWriteArrayList<>();

  /** Videos, by id, that count as begun. */
  public Predicate<String> begun = id -> true;

  public static final class Work implements Submission {
    final VideoRequest request;
    final VideoReference reference;
    private final Consumer<Outcome> done;
    private final Consumer<Throwable> broken;
    volatile boolean cancelled;
    volatile boolean over;

    /** Waits for a host, say. */
    volatile boolean heldUp;

    volatile Duration waited = Duration.ZERO;

    Work(VideoRequest request, Consumer<Outcome> done, Consumer<Throwable> broken) {
      this.request = request;
      this.reference = request.reference();
      this.done = done;
      this.broken = broken;
    }

    public void label() {
      finish(Fixtures.labelled(reference));
    }

    void finish(Outcome outcome) {
      done.accept(outcome);
      over = true;
    }

    void reject() {
      finish(Fixtures.rejected(reference));
    }

    public void fail(Throwable error) {
      broken.accept(error);
    }

    public VideoRequest request() {
      return request;
    }

    public String id() {
      return reference.getId();
    }

    public boolean isCancelled() {
      return cancelled;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }

    @Override
    public boolean isHeldUp() {
      return heldUp;
    }

    @Override
    public Duration waited() {
      return waited;
    }
  }

  @Override
  public Submission submit(
      VideoRequest request, Consumer<Outcome> done, Consumer<Throwable> broken) {
    Work work = new Work(request, done, broken);
    submitted.add(work);
    return work;
  }

  /** At most five may wait. */
  @Override
  public Waiting waiting() {
    int held = (int) submitted.stream().filter(work -> work.heldUp && !work.over).count();
    return new Waiting(held, held, 5, Long.MAX_VALUE);
  }

  /** The latest work on the video. */
  Work work(String id) {
    return submitted.stream()
        .filter(work -> work.reference.getId().equals(id))
        .reduce((first, second) -> second)
        .orElseThrow();
  }

  public List<Work> works() {
    return submitted;
  }

  public List<String> ids() {
    return submitted.stream().map(work -> work.reference.getId()).toList();
  }

  @Override
  public boolean drain(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (submitted.stream().anyMatch(work -> !work.over && begun.test(work.reference.getId()))) {
      if (System.nanoTime() > end) {
        return false;
      }
      Thread.sleep(5);
    }
    return true;
  }

  @Override
  public void close() {}
}
