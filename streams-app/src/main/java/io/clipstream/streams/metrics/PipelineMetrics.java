package io.clipstream.streams.metrics;

import io.clipstream.model.infer.NetworkForm;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.ServedModel;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.Outcome;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;

/**
 * Measures what the pipeline does, by model and version. The {@value #MOST_VERSIONS} versions that
 * were used last are kept, so that an instance which is never restarted does not gather more and
 * more. Labels are not told apart: a model may have thousands.
 *
 * <p>All threads.
 */
public final class PipelineMetrics implements PipelineObserver {
  static final int MOST_VERSIONS = 16;

  private final MeterRegistry registry;
  private final Timer fetch;
  private final DistributionSummary fetched;

  /** By the model's name and version, as the next. */
  private final ConcurrentMap<String, ModelMeters> versions = new ConcurrentHashMap<>();

  private final ConcurrentMap<String, Map<String, NetworkForm>> forms = new ConcurrentHashMap<>();

  public PipelineMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.fetch =
        Buckets.timer("clipstream.fetch", "Fetching of a video, with all its attempts")
            .register(registry);
    this.fetched =
        DistributionSummary.builder("clipstream.fetched")
            .baseUnit("bytes")
            .description("Size of a video that was fetched")
            .register(registry);
  }

  /** The forms that a model's network was loaded in, by device; empty if none is known. */
  public Map<String, NetworkForm> forms(ServedModel model) {
    return new TreeMap<>(forms.getOrDefault(model.manifest().id(), Map.of()));
  }

  @Override
  public void loaded(ServedModel model, String device, NetworkForm form) {
    meters(model);
    forms
        .computeIfAbsent(model.manifest().id(), first -> new ConcurrentHashMap<>())
        .put(device, form);
  }

  @Override
  public void fetched(VideoRequest request, long bytes, long nanos) {
    fetch.record(nanos, TimeUnit.NANOSECONDS);
    fetched.record((double) bytes);
  }

  @Override
  public void decoded(
      VideoRequest request, ServedModel model, int clips, long nanos, boolean complete) {
    meters(model).decoded(clips, nanos, complete);
  }

  @Override
  public void queued(ServedModel model, int depth) {
    meters(model).queued(depth);
  }

  @Override
  public void batch(
      ServedModel model, String device, int size, int capacity, long waitNanos, long passNanos) {
    meters(model).batch(device, size, waitNanos, passNanos);
  }

  @Override
  public void outcome(
      VideoRequest request, Optional<ServedModel> model, Outcome outcome, long nanos) {
    String what = outcome instanceof Outcome.Rejected ? "rejected" : "labelled";
    String reason =
        outcome instanceof Outcome.Rejected rejected
            ? rejected.video().getReason().toString()
            : "none";
    if (model.isPresent()) {
      meters(model.get()).outcome(what, reason, nanos);
    } else {
      ModelMeters.outcomeOfNone(registry, what, reason, nanos);
    }
  }

  private ModelMeters meters(ServedModel model) {
    ModelMeters known = versions.get(model.manifest().id());
    if (known == null) {
      known = add(model);
    }
    known.touch();
    return known;
  }

  private synchronized ModelMeters add(ServedModel model) {
    ModelMeters made =
        versions.computeIfAbsent(model.manifest().id(), added -> new ModelMeters(registry, model));
    made.touch();
    while (versions.size() > MOST_VERSIONS) {
      versions.entrySet().stream()
          .max(Comparator.comparing(entry -> entry.getValue().unused()))
          .ifPresent(entry -> forget(entry.getKey()));
    }
    return made;
  }

  private void forget(String version) {
    forms.remove(version);
    versions.remove(version).close();
  }
}
