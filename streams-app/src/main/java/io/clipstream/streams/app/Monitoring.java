package io.clipstream.streams.app;

import io.clipstream.model.UserError;
import io.clipstream.model.clip.GpuDecoding;
import io.clipstream.model.clip.PixelBudget;
import io.clipstream.model.fetch.Origin;
import io.clipstream.streams.classify.ActiveModel;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.ShadowLabeller;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.intake.Trouble;
import io.clipstream.streams.live.LiveModels;
import io.clipstream.streams.live.RolloutSteps;
import io.clipstream.streams.live.rollout.Phase;
import io.clipstream.streams.metrics.DecodeMeters;
import io.clipstream.streams.metrics.InFlightVideos;
import io.clipstream.streams.metrics.Monitor;
import io.clipstream.streams.topology.Attempts;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.apache.kafka.streams.KafkaStreams;

/**
 * Watches the parts of an instance as they come up, for a {@link Monitor}. Closed after them. Not
 * for several threads.
 */
public final class Monitoring implements AutoCloseable {
  private static final int MOST_SUSPECTS = 20;

  private final Monitor monitor;
  private final RegistryProbe probe;
  private KafkaStreamsMetrics kafka;

  /**
   * Answers from now on, unless settings say that it tells nobody.
   *
   * @throws UserError if it cannot listen where settings say
   */
  public Monitoring(AppSettings settings) {
    this.monitor = new Monitor(settings.health().host(), settings.health().port());
    this.probe = new RegistryProbe(settings.connection().serde().settings());
    monitor.readiness().need("registry", probe::problem);
    monitor.readiness().need("partitions", () -> Optional.of("Kafka Streams has not started yet"));
    if (settings.health().port().isPresent()) {
      probe.start();
    }
  }

  /** The port that it listens on, if it does. */
  public OptionalInt port() {
    return monitor.port();
  }

  /** For the pipeline. */
  public PipelineObserver observer() {
    return monitor.observer();
  }

  /**
   * Watches what labels.
   *
   * @param active versions that do, at once; empty: none
   * @param pixels that decoded clips are taken from
   * @return the labeller, watched
   */
  public VideoLabeller watch(
      VideoLabeller labeller, Supplier<List<ActiveModel>> active, PixelBudget pixels) {
    monitor.models(active);
    bytes("clipstream.pixels.lent", "Of decoded clips", pixels, PixelBudget::lentBytes);
    bytes(
        "clipstream.pixels.allocated",
        "Of decoded clips, and kept for the next",
        pixels,
        PixelBudget::allocatedBytes);
    bytes("clipstream.pixels.limit", "pipeline.max-decoded", pixels, PixelBudget::maxBytes);
    if (labeller instanceof ShadowLabeller shadowed) {
      shadow(shadowed, "labelled", it -> it.counts().labelled());
      shadow(shadowed, "skipped", it -> it.counts().skipped());
      shadow(shadowed, "failed", it -> it.counts().failed());
    }
    waiting(labeller);
    InFlightVideos videos = new InFlightVideos(labeller);
    gauge("clipstream.videos.in.flight", "Without an outcome", videos, InFlightVideos::count);
    TimeGauge.builder(
            "clipstream.videos.oldest",
            videos,
            TimeUnit.MILLISECONDS,
            it -> (double) it.oldest().toMillis())
        .description("For how long the oldest video in flight has been in this instance")
        .register(registry());
    return videos;
  }

  /** Watches the GPUs that decode, if there are any. */
  public void watch(GpuDecoding gpus) {
    DecodeMeters.bind(gpus.gpus(), gpus::left, registry());
  }

  /** Watches how far it is with the versions of its models. */
  public void watch(LiveModels models) {
    for (RolloutSteps steps : models.steps()) {
      for (Phase phase : Phase.values()) {
        Tags tags = Tags.of("model", steps.model(), "phase", phase.name().toLowerCase(Locale.ROOT));
        Gauge.builder("clipstream.rollout.phase", steps, at -> at.now() == phase ? 1 : 0)
            .description("1: the phase of taking up a version that the instance is in")
            .tags(tags)
            .strongReference(true)
            .register(registry());
        FunctionCounter.builder("clipstream.rollout.steps", steps, at -> at.reached(phase))
            .description("How often the instance came to a phase of taking up a version")
            .tags(tags)
            .register(registry());
      }
    }
  }

  private void waiting(VideoLabeller labeller) {
    monitor.waiting(labeller::waiting, labeller::troubles);
    gauge(
        "clipstream.videos.waiting",
        "Videos that wait for a place among downloads, or for what is out of order",
        labeller,
        it -> it.waiting().videos());
    bytes(
        "clipstream.references.waiting",
        "Of references of videos that wait",
        labeller,
        it -> it.waiting().bytes());
    for (Origin.Kind kind : List.of(Origin.Kind.HOST, Origin.Kind.ROOT, Origin.Kind.INSTANCE)) {
      Gauge.builder("clipstream.circuits.open", labeller, it -> troubles(it, kind).count())
          .description("Hosts or file roots that are out of order, or this instance")
          .tag("kind", kind.label())
          .register(registry());
      Gauge.builder(
              "clipstream.videos.held.up",
              labeller,
              it -> troubles(it, kind).mapToInt(Trouble::waiting).sum())
          .description("Videos that wait for what is out of order")
          .tag("kind", kind.label())
          .register(registry());
      TimeGauge.builder(
              "clipstream.circuits.oldest",
              labeller,
              TimeUnit.MILLISECONDS,
              it -> troubles(it, kind).mapToLong(at -> at.since().toMillis()).max().orElse(0))
          .description("For how long that is out of order which is so for longest")
          .tag("kind", kind.label())
          .register(registry());
    }
  }

  private static Stream<Trouble> troubles(VideoLabeller labeller, Origin.Kind kind) {
    return labeller.troubles().stream().filter(trouble -> trouble.origin().kind() == kind);
  }

  /** Watches the application: it is ready when its partitions are assigned and restored. */
  public void watch(LabelApp app) {
    monitor.readiness().need("partitions", () -> partitions(app.health()));
    monitor.deadWhen(
        () ->
            app.exit().isDone()
                ? Optional.of(app.exit().join().map(Throwable::toString).orElse("it was stopped"))
                : Optional.empty());
    gauge(
        "clipstream.references.pending",
        "References that were taken and have no outcome in Kafka yet",
        app,
        it -> it.health().pending());
    gauge(
        "clipstream.references.unread",
        "Those of them that wait for the schema registry",
        app,
        it -> it.health().unread());
    gauge(
        "clipstream.intake.open",
        "0: no more references are taken for now (backpressure, registry, end)",
        app,
        it -> it.health().open() ? 1 : 0);
    gauge(
        "clipstream.references.suspect",
        "Pending references that processes died with, which are tried alone",
        app,
        it -> it.suspects().size());
    monitor.suspects(
        () -> app.suspects().stream().limit(MOST_SUSPECTS).map(Monitoring::fields).toList());
    kafka = app.kafkaMetrics();
    kafka.bindTo(registry());
  }

  private static Map<String, Object> fields(Attempts.Suspect suspect) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("partition", suspect.partition());
    fields.put("offset", suspect.offset());
    fields.put("deaths", suspect.deaths());
    return fields;
  }

  private static Optional<String> partitions(LabelApp.Health health) {
    if (health.ending()) {
      return Optional.of("the instance is ending");
    }
    return health.state() == KafkaStreams.State.RUNNING
        ? Optional.empty()
        : Optional.of("Kafka Streams is in state " + health.state());
  }

  private <T> void bytes(String name, String what, T of, ToDoubleFunction<T> value) {
    Gauge.builder(name, of, value).baseUnit("bytes").description(what).register(registry());
  }

  private <T> void gauge(String name, String what, T of, ToDoubleFunction<T> value) {
    Gauge.builder(name, of, value).description(what).strongReference(true).register(registry());
  }

  private void shadow(
      ShadowLabeller shadow, String result, ToDoubleFunction<ShadowLabeller> value) {
    FunctionCounter.builder("clipstream.shadow.videos", shadow, value)
        .description("Videos that a shadow version might have labelled")
        .tag("result", result)
        .register(registry());
  }

  private MeterRegistry registry() {
    return monitor.registry();
  }

  @Override
  public void close() {
    if (kafka != null) {
      kafka.close();
    }
    probe.close();
    monitor.close();
  }
}
