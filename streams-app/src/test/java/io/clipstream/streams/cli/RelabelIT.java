package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.app.Relabelling;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.embedded.EmbeddedKafka;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.topology.InstantLabeller;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code clipstream relabel} on a real broker, a real registry and the bundled model. */
@Timeout(900)
class RelabelIT {
  private static final String INCOMING = "videos.incoming";

  @TempDir private Path folder;
  private EmbeddedRegistry registry;
  private EmbeddedKafka kafka;
  private KafkaConnection connection;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void start() throws Exception {
    registry = new EmbeddedRegistry(0);
    kafka = new EmbeddedKafka(folder.resolve("kafka"), 0);
    kafka.createTopics(2, INCOMING, "redone");
    connection =
        new KafkaConnection(
            ConnectionSettings.read(
                SettingsSources.load(
                    Map.of(
                        "kafka.bootstrap.servers", kafka.bootstrapServers(),
                        "serde.schema.registry.url", registry.url()),
                    null,
                    Map.of(),
                    Map.of())));
  }

  @AfterEach
  void stop() {
    kafka.close();
    registry.close();
  }

  @Test
  void shouldLabelARangeOnceMoreAndGoOnWhereItWas() throws Exception {
    run("model", "publish", ModelArtifact.bundled().path().toString());
    sendVideo("static.mov");
    sendVideo("shake.mp4");
    sendVideo("truncated.mp4");
    sendBytes("no reference");

    List<JsonNode> lines = relabel();
    assertThat(lines.get(0).get("type").textValue()).isEqualTo("rejected");
    assertThat(lines.get(0).get("id").textValue()).isEqualTo("truncated.mp4");
    assertSum(lines.get(1), 2, 1, 1);
    Map<String, List<VideoLabels>> labels = labels();
    assertThat(labels).containsOnlyKeys("static.mov", "shake.mp4");
    assertThat(labels.get("shake.mp4").get(0).getLabels().get(0).getName()).isEqualTo("shake");
    assertThat(labels.get("shake.mp4").get(0).getModel().getVersion())
        .isEqualTo(ModelArtifact.bundled().manifest().version());

    assertSum(relabel().get(0), 0, 0, 0);
    sendVideo("pan-left.avi");
    assertSum(relabel().get(0), 1, 0, 0);
    assertSum(relabel("--to", "0").get(0), 0, 0, 0);
    assertThat(labels()).hasSize(3);
  }

  @Test
  void shouldWriteLabelsOnceThoughItBreaksInBetween() throws Exception {
    try (KafkaProducer<String, VideoReference> producer = connection.producer()) {
      for (int i = 0; i < 300; i++) {
        VideoReference reference =
            VideoReference.newBuilder().setId("v" + i).setUri("file:///v" + i).build();
        producer
            .send(new ProducerRecord<>(INCOMING, reference.getId(), reference))
            .get(60, TimeUnit.SECONDS);
      }
    }
    AtomicInteger left = new AtomicInteger(150);

    assertThatThrownBy(() -> relabelWith(left)).isInstanceOf(ExecutionException.class);
    int before = labels().size();
    assertThat(before).isBetween(1, 149);
    left.set(Integer.MAX_VALUE);
    Relabelling.Sum sum = relabelWith(left);

    Map<String, List<VideoLabels>> labels = labels();
    assertThat(labels.values()).allSatisfy(each -> assertThat(each).hasSize(1));
    assertThat(before + sum.labelled()).isEqualTo(labels.size());
    assertThat(labels.size()).isGreaterThan(200);
    assertThat(sum.labelled() + sum.rejected()).isBetween(150L, 299L);
  }

  @Test
  void shouldSayInOneLineWhatIsWrong() {
    assertThat(run("relabel", "--model", "a-1", "--to-topic", "videos.labeled")).isEqualTo(1);
    assertThat(err.toString())
        .isEqualTo(
            "clipstream: --to-topic is videos.labeled, which live work uses: expected a topic of"
                + " its own\n");
    assertThat(run("relabel", "--model", "a-1", "--to-topic", "redoen")).isEqualTo(1);
    assertThat(err.toString()).contains("did you mean redone?").hasLineCount(1);
    assertThat(run("relabel", "--model", "a-1", "--to-topic", "redone")).isEqualTo(1);
    assertThat(err.toString()).contains("Kafka holds no models: ").hasLineCount(1);
  }

  /** A labeller that breaks after so many videos; from where the group of the test was. */
  private Relabelling.Sum relabelWith(AtomicInteger left)
      throws InterruptedException, ExecutionException {
    try (KafkaConsumer<byte[], byte[]> consumer = connection.records(INCOMING, "again");
        KafkaProducer<byte[], VideoLabels> producer = connection.labels("again");
        Deserializer<VideoReference> references = connection.references();
        InstantLabeller instant = new InstantLabeller(5)) {
      Map<TopicPartition, Long> ends = TopicRange.of(INCOMING).seek(consumer, connection);
      Map<TopicPartition, OffsetAndMetadata> kept = consumer.committed(consumer.assignment());
      kept.forEach(
          (partition, place) -> {
            if (place != null) {
              consumer.seek(partition, place.offset());
            }
          });
      return new Relabelling(consumer, producer, references, breaking(instant, left), "redone")
          .run(ends, outcome -> {}, count -> {});
    }
  }

  private static VideoLabeller breaking(VideoLabeller real, AtomicInteger left) {
    return new VideoLabeller() {
      @Override
      public Submission submit(
          VideoRequest request, Consumer<Outcome> done, Consumer<Throwable> broken) {
        if (left.getAndDecrement() > 0) {
          return real.submit(request, done, broken);
        }
        broken.accept(new IllegalStateException("the device is gone"));
        return () -> {};
      }

      @Override
      public boolean drain(Duration limit) {
        return true;
      }

      @Override
      public void close() {}
    };
  }

  private static void assertSum(JsonNode sum, int labelled, int rejected, int unreadable) {
    assertThat(sum.get("type").textValue()).isEqualTo("relabelled");
    assertThat(sum.get("labelled").intValue()).isEqualTo(labelled);
    assertThat(sum.get("rejected").intValue()).isEqualTo(rejected);
    assertThat(sum.get("unreadable").intValue()).isEqualTo(unreadable);
  }

  private List<JsonNode> relabel(String... more) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "relabel",
                "--model",
                "camera-motion-4",
                "--to-topic",
                "redone",
                "--json",
                "--set",
                "fetch.file-roots=" + folder,
                "--set",
                "model.devices=cpu"));
    command.addAll(List.of(more));
    assertThat(run(command.toArray(String[]::new))).as(err.toString()).isZero();
    List<JsonNode> objects = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      objects.add(new ObjectMapper().readTree(line));
    }
    return objects;
  }

  /** What a reader of committed records sees, by video. */
  private Map<String, List<VideoLabels>> labels() throws InterruptedException {
    Map<String, List<VideoLabels>> found = new TreeMap<>();
    try (KafkaConsumer<String, SpecificRecord> consumer = connection.outcomes(List.of("redone"))) {
      Map<TopicPartition, Long> ends = TopicRange.of("redone").seek(consumer, connection);
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        for (ConsumerRecord<String, SpecificRecord> record :
            consumer.poll(Duration.ofMillis(100))) {
          found
              .computeIfAbsent(record.key(), key -> new ArrayList<>())
              .add((VideoLabels) record.value());
        }
      }
    }
    return found;
  }

  private void sendVideo(String name) throws Exception {
    Path video = folder.resolve(name);
    try (InputStream in =
        DemoCommand.class.getResourceAsStream("/io/clipstream/streams/demo/" + name)) {
      Files.copy(in, video);
    }
    try (KafkaProducer<String, VideoReference> producer = connection.producer()) {
      VideoReference reference =
          VideoReference.newBuilder()
              .setId(name)
              .setUri(video.toUri().toString())
              .setModel("another-model")
              .build();
      producer.send(new ProducerRecord<>(INCOMING, name, reference)).get(60, TimeUnit.SECONDS);
    }
  }

  private void sendBytes(String text) throws Exception {
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new StringSerializer(),
            new ByteArraySerializer())) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      producer.send(new ProducerRecord<>(INCOMING, "x", bytes)).get(60, TimeUnit.SECONDS);
    }
  }

  private int run(String... command) {
    List<String> arguments = new ArrayList<>(List.of(command));
    arguments.add("--set");
    arguments.add("kafka.bootstrap.servers=" + kafka.bootstrapServers());
    arguments.add("--set");
    arguments.add("serde.schema.registry.url=" + registry.url());
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Clipstream.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments.toArray(String[]::new));
  }
}
