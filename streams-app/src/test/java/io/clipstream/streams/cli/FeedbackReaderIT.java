package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.schemas.DecodedVideo;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.LabelCorrection;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.StageTimings;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.app.LateRegistry;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.embedded.EmbeddedKafka;
import io.clipstream.trainer.data.ListOptions;
import io.clipstream.trainer.data.SourceSplit;
import io.clipstream.trainer.feedback.FeedbackItem;
import io.clipstream.trainer.feedback.FeedbackReader;
import io.clipstream.trainer.recipe.FeedbackSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What training takes of feedback and labels, read from a real broker and a real registry. */
@Timeout(900)
class FeedbackReaderIT {
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");

  @TempDir private static Path folder;
  private static EmbeddedRegistry registry;
  private static EmbeddedKafka kafka;
  private static int tests;
  private KafkaConnection connection;
  private KafkaProducer<String, LabelCorrection> corrections;
  private KafkaProducer<byte[], VideoLabels> labels;
  private String feedback;
  private String labeled;
  private int labelled;

  @BeforeAll
  static void startBroker() {
    registry = new EmbeddedRegistry(0);
    kafka = new EmbeddedKafka(folder.resolve("kafka"), 0);
  }

  @AfterAll
  static void stopBroker() {
    kafka.close();
    registry.close();
  }

  @BeforeEach
  void topics() throws Exception {
    tests++;
    feedback = "feedback-" + tests;
    labeled = "labeled-" + tests;
    kafka.createTopics(1, feedback, labeled);
    connection = connection(registry.url());
    corrections = connection.corrections();
    labels = connection.labels("labels-" + tests);
    labels.initTransactions();
  }

  private KafkaConnection connection(String registryUrl) throws IOException {
    return new KafkaConnection(
        AppSettings.read(
                SettingsSources.load(
                    Map.of(
                        "kafka.bootstrap.servers",
                        kafka.bootstrapServers(),
                        "serde.schema.registry.url",
                        registryUrl,
                        "topics.feedback",
                        feedback,
                        "topics.labeled",
                        labeled),
                    null,
                    Map.of(),
                    Map.of()))
            .connection());
  }

  @AfterEach
  void close() {
    corrections.close();
    labels.close();
  }

  @Test
  void shouldTakeTheLastCorrectionOfEachPart() throws Exception {
    correct("a", "cat", 5, null, null);
    correct("a", "dog", 3, null, null); // said earlier, arrived later
    correct("a", "cow", 4, 1500L, null);

    assertThat(read(0.9, 5))
        .extracting(item -> item.label() + " " + item.startMillis())
        .containsExactlyInAnyOrder("cat null", "cow 1500");
  }

  @Test
  void shouldBelieveSureLabelsThatNoPersonSpokeOf() throws Exception {
    correct("a", "cat", 0, null, null);
    label("a", "dog", 0.99f);
    label("b", "dog", 0.95f);
    label("c", "dog", 0.7f);
    label("d", "dog", 0.95f);
    label("d", "dog", 0.5f); // labelled again, and no longer sure
    label("e", "cat", 0.91f);

    assertThat(read(0.9, 5))
        .extracting(item -> item.id() + " " + item.label() + " " + item.person())
        .containsExactly("a cat true", "e cat false", "b dog false");
  }

  /** As of an instance that was killed: what others committed behind it is hidden until it ends. */
  @Test
  void shouldWaitForATransactionThatHidesWhatWasCommitted() throws Exception {
    try (KafkaProducer<byte[], VideoLabels> other = connection.labels("other-" + tests);
        KafkaConsumer<String, SpecificRecord> consumer = connection.feedback()) {
      other.initTransactions();
      other.beginTransaction();
      other.send(record("aborted", "cat", 0.95f)).get(60, TimeUnit.SECONDS);
      label("a", "cat", 0.95f);
      Map<TopicPartition, Long> ends = TopicRange.of(feedback).seek(consumer, connection);
      other.abortTransaction();

      assertThat(new FeedbackReader(settings(0.9, 5)).read(consumer, ends))
          .extracting(FeedbackItem::id)
          .containsExactly("a");
    }
  }

  @Test
  void shouldPassOverWhatIsNoCorrectionAndNoLabels() throws Exception {
    correct("a", "cat", 0, null, null);
    for (String topic : List.of(feedback, labeled)) {
      foreign(topic, null);
      foreign(topic, new byte[0]);
      foreign(topic, "garbage".getBytes(StandardCharsets.UTF_8));
      foreign(topic, new byte[] {0, 0, 0, 0, 1, 99});
      foreign(topic, new byte[] {0, 0, 127, 0, 0, 2});
    }
    commit(record("none", List.of()));
    label("b", "dog", 0.95f);
    correct("c", "cow", 0, null, null);

    assertThat(read(0.9, 5)).extracting(FeedbackItem::id).containsExactly("a", "c", "b");
  }

  @Test
  void shouldWaitForARegistryThatHasNotReadYetWhatItKnows() throws Exception {
    correct("a", "cat", 0, null, null);
    label("b", "dog", 0.95f);
    try (LateRegistry late = new LateRegistry(registry.url(), 3)) {
      connection = connection(late.url());

      assertThat(read(0.9, 5)).extracting(FeedbackItem::id).containsExactly("a", "b");
      assertThat(late.asked()).isGreaterThan(3);
    }
  }

  private void foreign(String topic, byte[] value) throws Exception {
    Map<String, Object> servers = Map.of("bootstrap.servers", kafka.bootstrapServers());
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(servers, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topic, value)).get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void shouldTakeSoManyOfALabel() throws Exception {
    for (int i = 0; i < 20; i++) {
      label("v" + i, i % 4 == 0 ? "rare" : "common", 0.95f);
    }

    List<FeedbackItem> items = read(0.9, 4);

    assertThat(items).filteredOn(item -> item.label().equals("common")).hasSize(4);
    assertThat(items).filteredOn(item -> item.label().equals("rare")).hasSize(4);
  }

  @Test
  void shouldLeaveOutWhatIsBeyondTheRange() throws Exception {
    correct("a", "cat", 0, null, null);
    correct("b", "cat", 0, null, null);

    assertThat(read(feedback + "@0..1", 0.9, 5)).extracting(FeedbackItem::id).containsExactly("a");
  }

  @Test
  void shouldStopAtTheMostThatMayBeHeld() throws Exception {
    for (int i = 0; i < 101; i++) {
      label("v" + i, "dog", 0.95f);
    }

    assertThatThrownBy(() -> read(0.9, 5))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("more videos than feedback.max-videos=100");
  }

  private List<FeedbackItem> read(double score, int perLabel) throws Exception {
    return read(feedback, score, perLabel);
  }

  private List<FeedbackItem> read(String range, double score, int perLabel) throws Exception {
    try (KafkaConsumer<String, SpecificRecord> consumer = connection.feedback()) {
      Map<TopicPartition, Long> ends = TopicRange.of(range).seek(consumer, connection);
      return new FeedbackReader(settings(score, perLabel)).read(consumer, ends);
    }
  }

  private static FeedbackSettings settings(double score, int perLabel) {
    return new FeedbackSettings(
        score,
        perLabel,
        100,
        Optional.empty(),
        ListOptions.NONE,
        new SourceSplit(Map.of("validation", 0.25), "train", 1),
        0.2);
  }

  private void correct(String id, String label, int second, Long start, Long end) throws Exception {
    LabelCorrection correction =
        LabelCorrection.newBuilder()
            .setId(id)
            .setUri("file:///" + id + ".avi")
            .setLabel(label)
            .setStartMillis(start)
            .setEndMillis(end)
            .setCorrectedAt(NOON.plusSeconds(second))
            .build();
    corrections.send(new ProducerRecord<>(feedback, id, correction)).get(60, TimeUnit.SECONDS);
  }

  private void label(String id, String label, float score) {
    commit(record(id, label, score));
  }

  private void commit(ProducerRecord<byte[], VideoLabels> record) {
    labels.beginTransaction();
    Future<RecordMetadata> unused = labels.send(record);
    labels.commitTransaction();
  }

  private ProducerRecord<byte[], VideoLabels> record(String id, String label, float score) {
    return record(id, List.of(Label.newBuilder().setId(0).setName(label).setScore(score).build()));
  }

  private ProducerRecord<byte[], VideoLabels> record(String id, List<Label> found) {
    VideoLabels video =
        VideoLabels.newBuilder()
            .setId(id)
            .setUri("file:///" + id + ".avi")
            .setLabels(found)
            .setModel(new ModelIdentity("m", "1", "0".repeat(64)))
            .setVideo(new DecodedVideo("avi", "mpeg4", 64, 36, 12.0, 2000L, 1, true, null, null))
            .setTimings(StageTimings.newBuilder().build())
            .setLabelledAt(NOON.plusSeconds(labelled++))
            .build();
    return new ProducerRecord<>(labeled, id.getBytes(StandardCharsets.UTF_8), video);
  }
}
