package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.models.ArtifactReader;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelLogException;
import io.clipstream.schemas.models.ModelPublisher;
import io.clipstream.schemas.models.Publication;
import io.clipstream.schemas.models.PublishSettings;
import io.clipstream.schemas.models.TransferLimits;
import io.clipstream.schemas.models.TransferProgress;
import io.clipstream.streams.live.rollout.Wanted;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The broker answers the end of a transaction with UNKNOWN_SERVER_ERROR: its log of transactions
 * takes no more records from the moment on when everything of the transaction has arrived.
 */
@Timeout(900)
class TransactionEndIT {
  /** One for each of the four partitions of the broker's log of transactions. */
  private static final List<String> PROBES = List.of("a", "b", "c", "d");

  private static final AtomicReference<Runnable> AT_LAST_RECORD = new AtomicReference<>();

  /** Of the first client that is closed from when it is set. */
  private static final AtomicReference<Runnable> AT_CLOSE = new AtomicReference<>();

  /** Until the writer is closed. */
  private static final Runnable BREAKING_ONCE =
      () -> {
        takesRecords(false);
        AT_CLOSE.set(() -> takesRecords(true));
      };

  @TempDir static Path kafkaDirectory;
  private static ModelCluster cluster;

  @TempDir Path directory;

  /** Clients have these settings in common, so it is an interceptor of both kinds. */
  public static final class Breaking
      implements ProducerInterceptor<Object, Object>, ConsumerInterceptor<Object, Object> {
    @Override
    public ProducerRecord<Object, Object> onSend(ProducerRecord<Object, Object> record) {
      return record;
    }

    @Override
    public void onAcknowledgement(RecordMetadata record, Exception error) {
      boolean last =
          record.topic().equals(cluster.topics.releases())
              || record.topic().equals(cluster.topics.rollouts());
      Runnable action = last ? AT_LAST_RECORD.getAndSet(null) : null;
      if (action != null) {
        action.run();
      }
    }

    @Override
    public ConsumerRecords<Object, Object> onConsume(ConsumerRecords<Object, Object> records) {
      return records;
    }

    @Override
    public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

    @Override
    public void close() {
      Runnable action = AT_CLOSE.getAndSet(null);
      if (action != null) {
        action.run();
      }
    }

    @Override
    public void configure(Map<String, ?> configs) {}
  }

  @BeforeAll
  static void start() throws InterruptedException {
    cluster = new ModelCluster(kafkaDirectory);
    cluster.createTopics();
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @AfterEach
  void mend() {
    takesRecords(true);
  }

  @Test
  void shouldSayThatAPublicationsEndIsNotKnownAndLeaveItToTheNextPublisher() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 300_000, 1);
    ModelPublisher publisher =
        new ModelPublisher(breaking(), PublishSettings.defaults(), Optional.empty());
    AT_LAST_RECORD.set(() -> takesRecords(false));

    assertThatThrownBy(
            () -> publisher.publish(ModelCluster.model("ended", "1"), file, TransferProgress.NONE))
        .isInstanceOf(ModelLogException.class)
        .hasMessageMatching(
            "it is not known whether the change of model ended was committed: .*"
                + "unexpected error.*: try it again, which changes nothing if it was and .*");
    assertThat(cluster.visibleReleases()).doesNotContainKey("ended/1");

    takesRecords(true);
    Path other = ModelCluster.file(directory.resolve("2.pt"), 300_000, 2);
    cluster.publisher().publish(ModelCluster.model("ended", "2"), other, TransferProgress.NONE);
    assertThat(cluster.releases()).containsKey("ended/2").doesNotContainKey("ended/1");
    cluster.publisher().publish(ModelCluster.model("ended", "1"), file, TransferProgress.NONE);

    Path copy = directory.resolve("copy.pt");
    new ArtifactReader(cluster.config())
        .download(
            cluster.release("ended/1"), copy, TransferLimits.defaults(), TransferProgress.NONE);
    assertThat(copy).hasSameBinaryContentAs(file);
  }

  @Test
  void shouldPublishOnceMoreWhatWasNotCommitted() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 300_000, 1);
    ModelPublisher publisher =
        new ModelPublisher(breaking(), PublishSettings.defaults(), Optional.empty());
    AT_LAST_RECORD.set(BREAKING_ONCE);

    Publication published =
        publisher.publish(ModelCluster.model("again", "1"), file, TransferProgress.NONE);

    assertThat(AT_CLOSE).hasNullValue();
    assertThat(published.written()).isTrue();
    assertThat(cluster.release("again/1")).isEqualTo(published.release());
    AT_LAST_RECORD.set(BREAKING_ONCE);

    assertThat(publisher.delete("again", "1")).isTrue();

    assertThat(AT_CLOSE).hasNullValue();
    assertThat(cluster.releases()).doesNotContainKey("again/1");
  }

  @Test
  void shouldMakeAChangeOnceMoreThatWasNotCommitted() {
    RolloutLog log = new RolloutLog(breaking(), "a test");
    Wanted first = log.change("again", before -> Wanted.first("again", "1"));
    AT_LAST_RECORD.set(BREAKING_ONCE);

    Wanted second = log.change("again", before -> before.activate("2"));

    assertThat(AT_CLOSE).hasNullValue();
    assertThat(second).isEqualTo(first.activate("2"));
    assertThat(log.read("again")).hasValue(second);
  }

  /** The broker commits, and the writer is told that it failed. */
  private static final class Deaf extends KafkaProducer<String, ModelRollout> {
    private final KafkaException answer;

    Deaf(Map<String, Object> properties, Serializer<ModelRollout> values, KafkaException answer) {
      super(properties, new StringSerializer(), values);
      this.answer = answer;
    }

    @Override
    public void commitTransaction() {
      super.commitTransaction();
      throw answer;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldFindAChangeThatWasCommittedThoughItsWriterWasToldOtherwise(boolean fenced) {
    String model = fenced ? "fenced" : "failed";
    KafkaException answer =
        fenced ? new ProducerFencedException("x") : new KafkaException("unexpected");
    AtomicInteger producers = new AtomicInteger();
    RolloutLog deaf =
        new RolloutLog(
            cluster.config(),
            "a test",
            (properties, values) ->
                producers.incrementAndGet() == 1
                    ? new Deaf(properties, values, answer)
                    : new KafkaProducer<>(properties, new StringSerializer(), values));
    RolloutLog log = new RolloutLog(cluster.config(), "a test");
    Wanted first = log.change(model, before -> Wanted.first(model, "1"));

    Wanted second = deaf.change(model, before -> before.pin(!before.pinned()));

    assertThat(producers).hasValue(2);
    assertThat(second).isEqualTo(first.pin(true));
    assertThat(log.read(model)).hasValue(second);
  }

  @Test
  void shouldSayThatAChangesEndIsNotKnownAndLeaveItToTheNextChange() {
    RolloutLog log = new RolloutLog(breaking(), "a test");
    Wanted first = log.change("ended", before -> Wanted.first("ended", "1"));
    AT_LAST_RECORD.set(() -> takesRecords(false));

    assertThatThrownBy(() -> log.change("ended", before -> before.activate("2")))
        .isInstanceOf(ModelLogException.class)
        .hasMessageMatching(
            "it is not known whether the change of model ended was committed: .*"
                + "unexpected error.*: look at it and try it again, which ends what is open");

    takesRecords(true);
    Wanted second = log.change("ended", before -> before.activate("3"));
    assertThat(second).isEqualTo(first.activate("3"));
    assertThat(log.read("ended")).hasValue(second);
  }

  private static ModelLogConfig breaking() {
    ModelLogConfig config = cluster.config();
    Map<String, Object> clients = new HashMap<>(config.clients());
    clients.put("interceptor.classes", Breaking.class.getName());
    return new ModelLogConfig(config.topics(), clients, config.serdeClass(), config.serde());
  }

  /** Returns once the broker keeps to it, in each partition. */
  private static void takesRecords(boolean yes) {
    try {
      cluster.set(
          ConfigResource.Type.TOPIC,
          "__transaction_state",
          Map.of("max.message.bytes", yes ? "1048588" : "1"));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    for (String probe : PROBES) {
      await().atMost(ModelCluster.LIMIT).until(() -> begins(probe) == yes);
    }
  }

  private static boolean begins(String transactionalId) {
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                cluster.kafka.bootstrapServers(),
                "transactional.id",
                transactionalId),
            new StringSerializer(),
            new StringSerializer())) {
      producer.initTransactions();
      return true;
    } catch (KafkaException e) {
      return false;
    }
  }
}
