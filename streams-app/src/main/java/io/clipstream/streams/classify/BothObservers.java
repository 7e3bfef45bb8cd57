package io.clipstream.streams.classify;

import io.clipstream.model.infer.NetworkForm;
import io.clipstream.streams.outcome.Outcome;
import java.util.Optional;
import java.util.function.Consumer;

/** Tells two observers, each whatever the other one throws. All threads. */
final class BothObservers implements PipelineObserver {
  private final PipelineObserver first;
  private final PipelineObserver second;

  BothObservers(PipelineObserver first, PipelineObserver second) {
    this.first = GuardedObserver.of(first);
    this.second = GuardedObserver.of(second);
  }

  @Override
  public void loaded(ServedModel model, String device, NetworkForm form) {
    tell(observer -> observer.loaded(model, device, form));
  }

  @Override
  public void fetched(VideoRequest request, long bytes, long nanos) {
    tell(observer -> observer.fetched(request, bytes, nanos));
  }

  @Override
  public void decoded(
      VideoRequest request, ServedModel model, int clips, long nanos, boolean complete) {
    tell(observer -> observer.decoded(request, model, clips, nanos, complete));
  }

  @Override
  public void queued(ServedModel model, int depth) {
    tell(observer -> observer.queued(model, depth));
  }

  @Override
  public void batch(
      ServedModel model, String device, int size, int capacity, long waitNanos, long passNanos) {
    tell(observer -> observer.batch(model, device, size, capacity, waitNanos, passNanos));
  }

  @Override
  public void outcome(
      VideoRequest request, Optional<ServedModel> model, Outcome outcome, long nanos) {
    tell(observer -> observer.outcome(request, model, outcome, nanos));
  }

  private void tell(Consumer<PipelineObserver> event) {
    event.accept(first);
    event.accept(second);
  }
}
