package io.clipstream.streams.classify;

import io.clipstream.model.infer.NetworkForm;
import io.clipstream.streams.outcome.Outcome;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps what an observer throws from those who work, and logs the first of it. All threads. */
final class GuardedObserver implements PipelineObserver {
  private static final Logger log = LoggerFactory.getLogger(GuardedObserver.class);

  private final PipelineObserver observer;
  private final AtomicBoolean logged = new AtomicBoolean();

  private GuardedObserver(PipelineObserver observer) {
    this.observer = observer;
  }

  static PipelineObserver of(PipelineObserver observer) {
    return observer == NONE || observer instanceof GuardedObserver
        ? observer
        : new GuardedObserver(observer);
  }

  @Override
  public void loaded(ServedModel model, String device, NetworkForm form) {
    guard(() -> observer.loaded(model, device, form));
  }

  @Override
  public void fetched(VideoRequest request, long bytes, long nanos) {
    guard(() -> observer.fetched(request, bytes, nanos));
  }

  @Override
  public void decoded(
      VideoRequest request, ServedModel model, int clips, long nanos, boolean complete) {
    guard(() -> observer.decoded(request, model, clips, nanos, complete));
  }

  @Override
  public void queued(ServedModel model, int depth) {
    guard(() -> observer.queued(model, depth));
  }

  @Override
  public void batch(
      ServedModel model, String device, int size, int capacity, long waitNanos, long passNanos) {
    guard(() -> observer.batch(model, device, size, capacity, waitNanos, passNanos));
  }

  @Override
  public void outcome(
      VideoRequest request, Optional<ServedModel> model, Outcome outcome, long nanos) {
    guard(() -> observer.outcome(request, model, outcome, nanos));
  }

  private void guard(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException | Error e) {
      if (logged.compareAndSet(false, true)) {
        log.error("The pipeline's observer fails; only its first failure is logged", e);
      }
    }
  }
}
