package io.clipstream.streams.live;

import io.clipstream.schemas.RejectionReason;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.ServedModel;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.live.watch.Pass;
import io.clipstream.streams.live.watch.Seen;
import io.clipstream.streams.outcome.Outcome;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Outcomes of a model's videos, and forward passes of its versions, on their way from the threads
 * of the pipeline and of devices to the one that watches versions. Those for which it has no time
 * are left out. All threads.
 */
final class OutcomeTap implements PipelineObserver {
  private static final int WAITING_AT_MOST = 10_000;

  /** What may be the version's fault; else the video, its host or the instance is to blame. */
  private static final Set<RejectionReason> OF_THE_MODEL =
      Set.of(RejectionReason.CLASSIFIER_FAILED, RejectionReason.OUT_OF_DEVICE_MEMORY);

  private final String model;
  private final BlockingQueue<Seen> seen = new ArrayBlockingQueue<>(WAITING_AT_MOST);
  private final BlockingQueue<Pass> passes = new ArrayBlockingQueue<>(WAITING_AT_MOST);

  /**
   * @param model whose outcomes are taken
   */
  OutcomeTap(String model) {
    this.model = model;
  }

  @Override
  public void outcome(VideoRequest request, Optional<ServedModel> by, Outcome outcome, long nanos) {
    if (by.isEmpty() || !by.get().manifest().name().equals(model)) {
      return;
    }
    String version = by.get().manifest().version();
    if (outcome instanceof Outcome.Labelled labelled) {
      seen.offer(new Seen(version, labelled.labels().getLabels().get(0).getId()));
    } else if (outcome instanceof Outcome.Rejected rejected
        && OF_THE_MODEL.contains(rejected.video().getReason())) {
      seen.offer(Seen.failed(version));
    }
  }

  @Override
  public void batch(
      ServedModel by, String device, int size, int capacity, long waitNanos, long passNanos) {
    if (by.manifest().name().equals(model)) {
      long second = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime());
      passes.offer(new Pass(by.manifest().version(), device, size, second, passNanos / 1e6));
    }
  }

  /** The next forward pass, or null. */
  Pass pollPass() {
    return passes.poll();
  }

  /** The next outcome, or null. */
  Seen poll() {
    return seen.poll();
  }
}
