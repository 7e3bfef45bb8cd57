package io.clipstream.streams.app;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.clipstream.model.fetch.FetchReason;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.app.OtlpReceiver.Seen;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.CurrentGeneration;
import io.clipstream.streams.classify.Fetcher;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.classify.Versions;
import io.clipstream.streams.tracing.TraceOptions;
import io.clipstream.streams.tracing.Tracing;
import io.opentelemetry.proto.trace.v1.Status;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A trace on its way from a producer through an instance to a label, on a real broker. */
@Timeout(900)
class TracingIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final PipelineSettings PIPELINE =
      new PipelineSettings(2, BatchPolicy.upTo(4, Duration.ofMillis(1)), 4, 2);

  /** Of a producer of its own kind, which has this trace recorded, or has not. */
  private static final String FOREIGN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-";

  /** Its flags say so with the last bit; the one before says that the trace's id is random. */
  private static final String RECORDED = "00-.*-0[13]";

  @TempDir Path directory;
  private Cluster cluster;
  private OtlpReceiver collector;
  private KafkaConnection kafka;

  @BeforeEach
  void start() throws Exception {
    cluster = new Cluster(directory.resolve("kafka"));
    collector = new OtlpReceiver();
    kafka =
        new KafkaConnection(
            ConsoleInstance.read(
                    Map.of(
                        "kafka.bootstrap.servers",
                        cluster.bootstrapServers(),
                        "serde.schema.registry.url",
                        cluster.registry.url()))
                .connection());
  }

  @AfterEach
  void stop() {
    collector.close();
    cluster.close();
  }

  @Test
  void shouldGoFromTheProducerThroughEachStageToTheLabel() throws Exception {
    assertGoesThroughEachStage(collector.address());
  }

  /** OpenTelemetry's own collector takes the spans, and hands them on as it understood them. */
  @Test
  void shouldGoThroughARealCollector() throws Exception {
    assumeTrue(
        OtelCollector.find().isPresent(),
        "no OpenTelemetry collector here: traces are not sent through one (put otelcol on the PATH,"
            + " or set OTELCOL)");
    try (OtelCollector real =
        new OtelCollector(OtelCollector.find().get(), directory, collector.address())) {
      assertGoesThroughEachStage(real.address());
    }
  }

  private void assertGoesThroughEachStage(URI endpoint) throws Exception {
    Headers outcome;
    try (Tracing producer = tracing("producer", endpoint, 1);
        Tracing tracing = tracing("instance", endpoint, 0)) {
      ProducerRecord<String, VideoReference> record = record("one");
      producer.submitted(record);
      outcome = label(tracing, record).headers();
    }

    await().atMost(LIMIT).until(() -> collector.spans().size() >= 7);
    Map<String, Seen> spans =
        collector.spans().stream().collect(toMap(seen -> seen.span().getName(), identity()));
    Seen submit = spans.get("submit videos.incoming");
    Seen label = spans.get("label videos.incoming");
    assertThat(spans)
        .containsOnlyKeys(
            "submit videos.incoming",
            "label videos.incoming",
            "fetch",
            "decode",
            "wait",
            "classify",
            "write");
    assertThat(spans.values()).extracting(Seen::trace).containsOnly(submit.trace());
    assertThat(submit.parent()).isEmpty();
    assertThat(label.parent()).isEqualTo(submit.id());
    assertThat(submit.service()).isEqualTo("producer");
    assertThat(label.service()).isEqualTo("instance");
    for (String stage : List.of("fetch", "decode", "wait", "classify", "write")) {
      assertThat(spans.get(stage).parent()).as(stage).isEqualTo(label.id());
      assertThat(spans.get(stage).span().getEndTimeUnixNano())
          .as(stage)
          .isBetween(
              label.span().getStartTimeUnixNano(),
              label.span().getEndTimeUnixNano() + Duration.ofMillis(5).toNanos());
    }
    assertThat(label.attribute("clipstream.video.id")).isEqualTo("one");
    assertThat(label.attribute("clipstream.model.version")).isEqualTo("2");
    assertThat(label.attribute("clipstream.outcome")).isEqualTo("labelled");
    assertThat(traceparent(outcome))
        .startsWith("00-" + submit.trace() + "-" + label.id() + "-")
        .matches(RECORDED);
  }

  @Test
  void shouldMarkARejection() throws Exception {
    try (Tracing tracing = tracing("instance", collector.address(), 1)) {
      var unused = label(tracing, record("missing"));
    }

    await().atMost(LIMIT).until(() -> !collector.spans().isEmpty());
    Seen label =
        collector.spans().stream()
            .filter(seen -> seen.span().getName().equals("label videos.incoming"))
            .findFirst()
            .orElseThrow();
    assertThat(label.parent()).isEmpty();
    assertThat(label.attribute("error.type")).isEqualTo("NOT_FOUND");
    assertThat(label.span().getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
  }

  @Test
  void shouldDoAsTheProducerDecided() throws Exception {
    try (Tracing tracing = tracing("instance", collector.address(), 0)) {
      ProducerRecord<String, VideoReference> recorded = record("recorded");
      recorded.headers().add("traceparent", bytes(FOREIGN + "01"));
      ProducerRecord<String, VideoReference> unrecorded = record("unrecorded");
      unrecorded.headers().add("traceparent", bytes(FOREIGN + "00"));

      assertThat(traceparent(label(tracing, unrecorded).headers()))
          .startsWith(FOREIGN.substring(0, 36))
          .doesNotContain(FOREIGN)
          .endsWith("-00");
      assertThat(traceparent(label(tracing, recorded).headers()))
          .startsWith(FOREIGN.substring(0, 36))
          .endsWith("-01");
    }

    assertThat(collector.spans())
        .hasSize(6)
        .extracting(seen -> seen.attribute("clipstream.video.id"))
        .doesNotContain("unrecorded");
  }

  @Test
  void shouldLabelAllTheSameWhereTracesDoNotArrive() throws Exception {
    collector.close();
    try (Tracing tracing = tracing("instance", collector.address(), 1)) {
      assertThat(traceparent(label(tracing, record("one")).headers())).matches(RECORDED);
    }
  }

  @Test
  void shouldLeaveHeadersAsTheyCameWhereThereAreNoTraces() throws Exception {
    try (Tracing off = new Tracing(Optional.empty(), "a", Cluster.TOPICS.incoming())) {
      ProducerRecord<String, VideoReference> record = record("one");
      record.headers().add("traceparent", bytes(FOREIGN + "01"));

      assertThat(off.observer()).isSameAs(PipelineObserver.NONE);
      assertThat(traceparent(label(off, record).headers())).isEqualTo(FOREIGN + "01");
    }
  }

  private static Tracing tracing(String service, URI endpoint, double share) {
    return new Tracing(
        Optional.of(new TraceOptions(endpoint, service, share)),
        service + "-1",
        Cluster.TOPICS.incoming());
  }

  private static ProducerRecord<String, VideoReference> record(String id) {
    return new ProducerRecord<>(
        Cluster.TOPICS.incoming(),
        id,
        VideoReference.newBuilder().setId(id).setUri("https://a.example/" + id).build());
  }

  /** Has an instance label a reference; what came out. */
  private ConsumerRecord<String, SpecificRecord> label(
      Tracing tracing, ProducerRecord<String, VideoReference> record) throws Exception {
    try (KafkaProducer<String, VideoReference> producer = kafka.producer()) {
      producer.send(record).get();
    }
    Path file = directory.resolve("video");
    LocalFile video = LocalFile.of(Files.exists(file) ? file : Files.createFile(file));
    Versions versions = new Versions(tracing.observer());
    Fetcher fetcher =
        request ->
            request.reference().getId().equals("missing")
                ? new FetchResult.Rejected(FetchReason.NOT_FOUND, "it is not there", 1)
                : new FetchResult.Fetched(video);
    LabelPipeline pipeline =
        new LabelPipeline(
            fetcher, new CurrentGeneration(versions.started(2)), PIPELINE, tracing.observer());
    pipeline.start();
    try (LabelApp app = cluster.start("app", tracing.watch(pipeline));
        KafkaConsumer<String, SpecificRecord> consumer =
            kafka.outcomes(List.of(Cluster.TOPICS.labeled(), Cluster.TOPICS.rejected()))) {
      while (true) {
        for (ConsumerRecord<String, SpecificRecord> outcome : consumer.poll(LIMIT)) {
          if (outcome.key().equals(record.key())) {
            assertThat(app.exit()).isNotDone();
            return outcome;
          }
        }
      }
    }
  }

  private static String traceparent(Headers headers) {
    List<Header> found = new ArrayList<>();
    headers.headers("traceparent").forEach(found::add);
    assertThat(found).hasSize(1);
    return new String(found.get(0).value(), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
