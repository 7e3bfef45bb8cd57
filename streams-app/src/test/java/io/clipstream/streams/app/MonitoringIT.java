package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.streams.classify.ActiveModel;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.CurrentGeneration;
import io.clipstream.streams.classify.Fetcher;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.classify.ShadowLabeller;
import io.clipstream.streams.classify.ShadowSink;
import io.clipstream.streams.classify.Versions;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.cli.TrainMetricsTest;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.live.LiveModels;
import io.clipstream.streams.live.ModelRoutes;
import io.clipstream.streams.metrics.FakeGpus;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An instance on a real broker and registry, seen as a scraper and an orchestrator see it. */
@Timeout(900)
class MonitoringIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final PipelineSettings PIPELINE =
      new PipelineSettings(2, BatchPolicy.upTo(4, Duration.ofMillis(1)), 4, 2);

  @TempDir Path directory;
  private final HttpClient client = HttpClient.newHttpClient();
  private Cluster cluster;
  private Monitoring monitoring;

  @BeforeEach
  void start() throws IOException {
    cluster = new Cluster(directory.resolve("kafka"));
    monitoring =
        new Monitoring(
            AppSettings.read(
                SettingsSources.load(
                    Map.of(),
                    null,
                    Map.of(),
                    Map.of(
                        "health.port",
                        "0",
                        "serde.basic.auth.user.info",
                        "someone:hunter2",
                        "serde.schema.registry.url",
                        cluster.registry.url()))));
  }

  @AfterEach
  void stop() {
    monitoring.close();
    cluster.close();
  }

  @Test
  void shouldTellHowAnInstanceLives() throws Exception {
    assertThat(get("/health/ready").body())
        .contains("no model serves yet", "Kafka Streams has not started yet");
    LabelApp app = app();
    cluster.produce(20);
    cluster.assertOneOutcomeEachInOrder(LIMIT);

    await("/health/ready", 200, "\"status\":\"ready\"");
    String metrics = get("/metrics").body();
    assertThat(metrics.lines())
        .contains(
            "clipstream_outcome_seconds_count{model=\"swapped\",outcome=\"labelled\",reason=\"none\","
                + "version=\"2\"} 20",
            "clipstream_fetch_seconds_count 20",
            "clipstream_references_pending 0.0",
            "clipstream_videos_in_flight 0.0",
            "clipstream_ready 1.0",
            "clipstream_model_info{model=\"swapped\",rollout=\"0\",version=\"2\"} 1",
            "clipstream_rollout_phase{model=\"swapped\",phase=\"stopped\"} 1.0",
            "clipstream_rollout_steps_total{model=\"swapped\",phase=\"failed\"} 0.0");
    assertThat(get("/info").body()).contains("\"name\":\"swapped\",\"version\":\"2\"");
    assertThat(metrics + get("/info").body() + get("/health/ready").body())
        .doesNotContain("hunter2");

    cluster.registry.suspend();
    await("/health/ready", 503, "schema registry does not answer");
    assertThat(get("/health/live").statusCode()).isEqualTo(200);
    cluster.registry.resume();
    await("/health/ready", 200, "\"registry\":\"ok\"");

    app.close();
    await("/health/ready", 503, "the instance is ending");
    await("/health/live", 503, "it was stopped");
  }

  /** A dashboard, an alert or a page that names what is not there is worse than none. */
  @Test
  void shouldExportEveryMetricThatTheDocumentsName() throws Exception {
    try (LabelApp app = app()) {
      cluster.produce(20);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(app.exit()).isNotDone();
      Set<String> named = new TreeSet<>();
      for (Path file : documents()) {
        named.addAll(names(Files.readString(file)));
      }

      PrometheusMeterRegistry elsewhere = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
      FakeGpus.bind(elsewhere); // What machines with GPUs tell.
      TrainMetricsTest.measure(elsewhere); // What trainings tell.
      String scraped = get("/metrics").body() + elsewhere.scrape();
      assertThat(named).hasSizeGreaterThan(20);
      assertThat(names(scraped)).containsAll(named);
      assertThat(names(Files.readString(Path.of("../ops/README.md"))))
          .containsAll(
              names(scraped).stream()
                  .filter(name -> name.startsWith("clipstream_"))
                  .map(name -> name.replaceAll("_(bucket|count|sum|max)$", ""))
                  .toList());

      Map<String, Set<String>> exported = labels(scraped);
      for (Path file : documents()) {
        labels(Files.readString(file))
            .forEach(
                (metric, labels) -> {
                  labels.removeAll(Set.of("job", "instance")); // Prometheus' own
                  assertThat(exported.getOrDefault(metric, Set.of()))
                      .as("labels of %s, for %s", metric, file)
                      .containsAll(labels);
                });
      }
    }
  }

  private static List<Path> documents() throws IOException {
    try (Stream<Path> all = Files.walk(Path.of("../ops"))) {
      List<Path> documents =
          all.filter(
                  file -> file.toString().matches(".*(README|runbook)[.]md|.*/grafana/.*[.]json"))
              .collect(Collectors.toCollection(ArrayList::new));
      documents.add(Path.of("../ops/prometheus/alerts.yml"));
      assertThat(documents).hasSizeGreaterThan(4);
      return documents;
    }
  }

  private static Set<String> names(String text) {
    return Pattern.compile("\\b(clipstream|jvm|process|system|kafka)(_[a-z0-9]+)+\\b")
        .matcher(text)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toSet());
  }

  /** Which labels stand in braces behind each metric. */
  private static Map<String, Set<String>> labels(String text) {
    Map<String, Set<String>> labels = new TreeMap<>();
    Pattern.compile("\\b((?:clipstream|jvm|process|system|kafka)(?:_[a-z0-9]+)+)\\{([^}]*)}")
        .matcher(text)
        .results()
        .forEach(
            metric ->
                Pattern.compile("(\\w+)(?:=~|!=|!~|=)\\\\?\"")
                    .matcher(metric.group(2))
                    .results()
                    .forEach(
                        label ->
                            labels
                                .computeIfAbsent(metric.group(1), added -> new TreeSet<>())
                                .add(label.group(1))));
    return labels;
  }

  /** Runs, with a model of its own making. */
  private LabelApp app() throws Exception {
    LocalFile video = LocalFile.of(Files.createFile(directory.resolve("video")));
    Versions versions = new Versions(monitoring.observer());
    Generation generation = versions.started(2);
    Fetcher fetcher = request -> new FetchResult.Fetched(video);
    LabelPipeline pipeline =
        new LabelPipeline(
            fetcher, new CurrentGeneration(generation), PIPELINE, monitoring.observer());
    pipeline.start();
    ShadowLabeller labeller =
        new ShadowLabeller(
            pipeline,
            fetcher,
            model -> Optional.empty(),
            model -> generation.cutter(),
            PIPELINE,
            1,
            new NoLabels());
    LabelApp app =
        new LabelApp(
            cluster.settings("app"),
            monitoring.watch(
                labeller,
                () -> List.of(new ActiveModel(generation.model(), 0)),
                versions.budget()));
    app.start();
    monitoring.watch(app);
    monitoring.watch(
        new LiveModels(
            new ModelRoutes(List.of("swapped"), List.of()),
            1,
            LIMIT,
            (model, generations) -> {
              throw new AssertionError("nothing is loaded");
            }));
    assertThat(app.awaitRunning(LIMIT)).isTrue();
    return app;
  }

  /** Of no shadow. */
  private static final class NoLabels implements ShadowSink {
    @Override
    public void accept(VideoRequest request, VideoLabels labels) {
      throw new AssertionError("there is no shadow version");
    }

    @Override
    public void close() {}
  }

  private void await(String path, int status, String text) {
    cluster.readUntil(
        LIMIT, () -> get(path).statusCode() == status && get(path).body().contains(text));
  }

  private HttpResponse<String> get(String path) {
    try {
      return client.send(
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + monitoring.port().getAsInt() + path))
              .timeout(LIMIT)
              .build(),
          BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
