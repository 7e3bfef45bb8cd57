package io.clipstream.streams.metrics;

import io.clipstream.model.UserError;
import io.clipstream.streams.classify.ActiveModel;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.intake.Trouble;
import io.clipstream.streams.intake.Waiting;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * How an instance is, for those who watch it: {@code /health/live}, {@code /health/ready}, {@code
 * /metrics} and {@code /info} over HTTP. All threads.
 */
public final class Monitor implements AutoCloseable {
  /** Origins that are out of order and are named. */
  private static final int MOST_TROUBLES = 20;

  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final PipelineMetrics pipeline = new PipelineMetrics(registry);
  private final MultiGauge serving =
      MultiGauge.builder("clipstream.model.info")
          .description("1 for each version of a model that labels its videos")
          .register(registry);
  private final Readiness readiness = new Readiness();
  private final ProcessMeters process;
  private final Optional<HealthServer> server;
  private volatile Supplier<Optional<String>> death = Optional::empty;
  private volatile Supplier<List<ActiveModel>> models = List::of;
  private volatile Supplier<Waiting> waiting = () -> Waiting.NONE;
  private volatile Supplier<List<Trouble>> troubles = List::of;
  private volatile Supplier<List<Map<String, Object>>> suspects = List::of;

  /**
   * Answers at once: alive, and not ready as no model serves.
   *
   * @param host name or address of this machine to listen on
   * @param port 0: any that is free; empty: it measures and tells nobody
   * @throws UserError if it cannot listen there
   */
  public Monitor(String host, OptionalInt port) {
    readiness.need("model", this::modelMissing);
    Gauge.builder("clipstream.ready", readiness, needs -> needs.isReady() ? 1 : 0)
        .description("1: a model serves, partitions are assigned, and the registry answers")
        .register(registry);
    Map<String, Supplier<Page>> pages =
        Map.of(
            "/health/live", this::live,
            "/health/ready", this::ready,
            "/metrics", this::metrics,
            "/info", this::info);
    this.server =
        port.isPresent()
            ? Optional.of(new HealthServer(host, port.getAsInt(), pages))
            : Optional.empty();
    this.process = new ProcessMeters(registry);
  }

  /** The port that it listens on, if it does. */
  public OptionalInt port() {
    return server.map(listening -> OptionalInt.of(listening.port())).orElse(OptionalInt.empty());
  }

  /** For more that is measured. */
  public MeterRegistry registry() {
    return registry;
  }

  /** For more that labelling needs. */
  public Readiness readiness() {
    return readiness;
  }

  /** Measures the pipeline that tells it. */
  public PipelineObserver observer() {
    return pipeline;
  }

  /**
   * Says which versions label.
   *
   * @param active at once; empty: no model serves
   */
  public void models(Supplier<List<ActiveModel>> active) {
    models = active;
  }

  /**
   * Says what waits, and what is out of order.
   *
   * @param videos at once, as the next
   */
  public void waiting(Supplier<Waiting> videos, Supplier<List<Trouble>> outOfOrder) {
    waiting = videos;
    troubles = outOfOrder;
  }

  /**
   * Says which pending references processes died with.
   *
   * @param references at once, some of them
   */
  public void suspects(Supplier<List<Map<String, Object>>> references) {
    suspects = references;
  }

  /**
   * Says whether the instance is alive.
   *
   * @param cause at once, why it is not, in one line; empty: it is
   */
  public void deadWhen(Supplier<Optional<String>> cause) {
    death = cause;
  }

  private Optional<String> modelMissing() {
    return models.get().isEmpty() ? Optional.of("no model serves yet") : Optional.empty();
  }

  private Page live() {
    Optional<String> cause = death.get();
    return Page.json(
        cause.isEmpty() ? 200 : 503,
        Map.of("status", cause.map(why -> "dead: " + why).orElse("alive")));
  }

  private Page ready() {
    Map<String, String> needs = readiness.now();
    boolean ready = needs.values().stream().allMatch("ok"::equals);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("status", ready ? "ready" : "not ready");
    fields.putAll(needs);
    return Page.json(ready ? 200 : 503, fields);
  }

  private Page metrics() {
    serving.register(
        models.get().stream()
            .map(active -> MultiGauge.Row.of(tags(active), 1))
            .collect(Collectors.toList()),
        true);
    return new Page(200, PROMETHEUS, registry.scrape());
  }

  private static Tags tags(ActiveModel active) {
    return Tags.of(
        "model", active.model().manifest().name(),
        "version", active.model().manifest().version(),
        "rollout", String.valueOf(active.rollout()));
  }

  private Page info() {
    List<ActiveModel> active = models.get();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("versions", Versions.all());
    fields.put("models", active.stream().map(this::fields).toList());
    fields.put("waiting", waitingFields());
    fields.put("suspects", suspects.get());
    return Page.json(200, fields);
  }

  private Map<String, Object> waitingFields() {
    Waiting now = waiting.get();
    List<Trouble> outOfOrder = troubles.get();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("videos", now.videos());
    fields.put("bytes", now.bytes());
    fields.put("outOfOrder", outOfOrder.size());
    fields.put("oldest", outOfOrder.stream().limit(MOST_TROUBLES).map(Monitor::fields).toList());
    return fields;
  }

  private static Map<String, Object> fields(Trouble trouble) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("origin", trouble.origin().toString());
    fields.put("problem", trouble.problem());
    fields.put("sinceSeconds", trouble.since().toSeconds());
    fields.put("retryInSeconds", trouble.retryIn().toSeconds());
    fields.put("videos", trouble.waiting());
    return fields;
  }

  private Map<String, Object> fields(ActiveModel active) {
    Map<String, String> forms = new LinkedHashMap<>();
    pipeline.forms(active.model()).forEach((device, form) -> forms.put(device, form.toString()));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", active.model().manifest().name());
    fields.put("version", active.model().manifest().version());
    fields.put("digest", active.model().digest());
    fields.put("rollout", active.rollout());
    fields.put("devices", forms);
    return fields;
  }

  @Override
  public void close() {
    server.ifPresent(HealthServer::close);
    process.close();
    registry.close();
  }
}
