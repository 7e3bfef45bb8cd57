package io.clipstream.streams.classify;

import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.outcome.Outcome;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** A labeller that holds everything until the test says what comes of it. */
final class HeldLabeller implements VideoLabeller {
  final List<Work> submitted = new CopyOnWriteArrayList<>();

  static final class Work implements Submission {
    final VideoReference reference;
    private final Consumer<Outcome> done;
    private final Consumer<Throwable> broken;
    volatile boolean cancelled;

    Work(VideoReference reference, Consumer<Outcome> done, Consumer<Throwable> broken) {
      this.reference = reference;
      this.done = done;
      this.broken = broken;
    }

    void label() {
      done.accept(Fixtures.labelled(reference));
    }

    void finish(Outcome outcome) {
      done.accept(outcome);
    }

    void reject() {
      done.accept(Fixtures.rejected(reference));
    }

    void fail(Throwable error) {
      broken.accept(error);
    }

    boolean isCancelled() {
      return cancelled;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  @Override
  public Submission submit(
      VideoReference reference, Consumer<Outcome> done, Consumer<Throwable> broken) {
    Work work = new Work(reference, done, broken);
    submitted.add(work);
    return work;
  }

  /** The latest work on the video. */
  Work work(String id) {
    return submitted.stream()
        .filter(work -> work.reference.getId().equals(id))
        .reduce((first, second) -> second)
        .orElseThrow();
  }

  List<Work> works() {
    return submitted;
  }

  List<String> ids() {
    return submitted.stream().map(work -> work.reference.getId()).toList();
  }

  @Override
  public void close() {}
}
