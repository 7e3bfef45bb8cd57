package io.clipstream.streams.metrics;

import io.clipstream.streams.classify.ServedModel;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What is measured of one version of a model. All threads. */
final class ModelMeters implements AutoCloseable {
  private final MeterRegistry registry;
  private final Tags tags;
  private final Timer decode;
  private final DistributionSummary clips;
  private final Counter incomplete;
  private final AtomicInteger waiting = new AtomicInteger();
  private volatile long lastUsed = System.nanoTime();

  ModelMeters(MeterRegistry registry, ServedModel model) {
    this.registry = registry;
    this.tags = Tags.of("model", model.manifest().name(), "version", model.manifest().version());
    this.decode =
        Buckets.timer("clipstream.decode", "Decoding of a video and cutting of its clips")
            .tags(tags)
            .register(registry);
    this.clips =
        DistributionSummary.builder("clipstream.video.clips")
            .description("Clips that were cut from a video")
            .tags(tags)
            .register(registry);
    this.incomplete =
        Counter.builder("clipstream.decode.incomplete")
            .description("Videos of which a part could not be decoded")
            .tags(tags)
            .register(registry);
    Gauge.builder("clipstream.queue.clips", waiting, AtomicInteger::get)
        .description("Clips that wait for a device or are on it, as of the last event")
        .tags(tags)
        .register(registry);
  }

  void decoded(int count, long nanos, boolean complete) {
    decode.record(nanos, TimeUnit.NANOSECONDS);
    clips.record(count);
    if (!complete) {
      incomplete.increment();
    }
  }

  void queued(int depth) {
    waiting.set(depth);
  }

  void batch(String device, int size, long waitNanos, long passNanos) {
    waiting.updateAndGet(now -> Math.max(0, now - size));
    Tags here = tags.and("device", device);
    DistributionSummary.builder("clipstream.batch.clips")
        .description("Clips of a batch")
        .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64)
        .tags(here)
        .register(registry)
        .record(size);
    Buckets.timer("clipstream.batch.wait", "Time that a batch's oldest clip waited")
        .tags(here)
        .register(registry)
        .record(waitNanos, TimeUnit.NANOSECONDS);
    Buckets.timer("clipstream.batch.pass", "Classifying a batch")
        .tags(here)
        .register(registry)
        .record(passNanos, TimeUnit.NANOSECONDS);
  }

  void outcome(String outcome, String reason, long nanos) {
    outcome(registry, tags, outcome, reason, nanos);
  }

  /** Of a video that no model was given. */
  static void outcomeOfNone(MeterRegistry registry, String outcome, String reason, long nanos) {
    outcome(registry, Tags.of("model", "none", "version", "none"), outcome, reason, nanos);
  }

  private static void outcome(
      MeterRegistry registry, Tags tags, String outcome, String reason, long nanos) {
    Buckets.timer("clipstream.outcome", "From the submission of a video to its outcome")
        .tags(tags.and("outcome", outcome, "reason", reason))
        .register(registry)
        .record(nanos, TimeUnit.NANOSECONDS);
  }

  void touch() {
    lastUsed = System.nanoTime();
  }

  Duration unused() {
    return Duration.ofNanos(System.nanoTime() - lastUsed);
  }

  /** Takes its meters out. */
  @Override
  public void close() {
    registry.getMeters().stream()
        .filter(meter -> tags.stream().allMatch(meter.getId().getTags()::contains))
        .forEach(registry::remove);
  }
}
