package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.streams.app.RepartitionProcess.Stage;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.topology.HeldLabeller;
import io.clipstream.streams.topology.InstantLabeller;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** More partitions for an input of which references are pending. */
@Timeout(900)
class RepartitionIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  @TempDir Path directory;
  private Cluster cluster;

  @BeforeEach
  void start() {
    cluster = new Cluster(directory);
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void shouldLoseAndDoubleNothingWhenPartitionsAreAdded() throws Exception {
    HeldLabeller held = new HeldLabeller();
    held.begun = id -> false; // All stay pending at the end.
    LabelApp app = cluster.start("app", held);
    cluster.produce(50);
    cluster.readUntil(LIMIT, () -> held.ids().size() == 50);
    // Ten of them are done: the rest is pending.
    held.works().subList(0, 10).forEach(HeldLabeller.Work::label);
    cluster.readUntil(LIMIT, () -> cluster.seen() == 10);

    addPartitions(8);
    assertThatThrownBy(this::repartition)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("the group app has members: stop every instance first");
    app.close();
    cluster.produce(100); // Nobody has taken these, some of them in the new partitions.

    LabelApp refused = new LabelApp(cluster.settings("app"), new InstantLabeller(5));
    assertThatThrownBy(refused::start)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("topic videos.incoming has 8 partitions")
        .hasMessageContaining("for 4 partitions (app-pending-videos-changelog)")
        .hasMessageContaining("run ./clipstream repartition");
    refused.close();

    assertThat(repartition()).isEqualTo(40);
    assertThat(repartition()).isZero();

    try (LabelApp next = cluster.start("app", new InstantLabeller(5))) {
      cluster.readUntil(LIMIT, () -> cluster.seen() >= 150);
      cluster.assertOneOutcomeEach();
      assertThat(next.exit()).isNotDone();
      assertThat(next.health().pending()).isZero();
    }
  }

  @Test
  void shouldGoOnWhereItWasKilled() throws Exception {
    leavePending(40);
    addPartitions(8);
    cluster.produce(20);
    long start = System.currentTimeMillis();
    Path log = directory.resolve("repartition.log");

    for (Stage stage : Stage.values()) {
      assertThat(RepartitionProcess.run(cluster, stage, log))
          .as(stage + ": " + Files.readString(log))
          .isEqualTo(RepartitionProcess.KILLED);
      if (stage != Stage.DELETED) {
        LabelApp refused = new LabelApp(cluster.settings("app"), new InstantLabeller(5));
        assertThatThrownBy(refused::start).hasMessageContaining("run ./clipstream repartition");
        refused.close();
      }
    }
    cluster.readUntil(LIMIT, () -> !isThere("app-pending-videos-changelog"));
    assertThat(repartition()).isZero();
    assertThat(timesSince(start)).as("else retention deletes what is old").isEqualTo(40);

    try (LabelApp next = cluster.start("app", new InstantLabeller(5))) {
      cluster.readUntil(LIMIT, () -> cluster.seen() >= 60);
      cluster.assertOneOutcomeEach();
      assertThat(next.health().pending()).isZero();
    }
  }

  @Test
  void shouldDeleteNothingThatCameAfterItWasFrozen() throws Exception {
    leavePending(10);
    addPartitions(8);
    HeldLabeller held = new HeldLabeller();
    held.begun = id -> false;
    LabelApp[] others = new LabelApp[1];

    // Frozen before it deletes: another run does all, and an instance begins anew.
    int moved =
        repartition(
            () -> {
              assertThat(repartition()).isZero();
              others[0] = cluster.start("app", held);
              cluster.readUntil(LIMIT, () -> held.ids().size() == 10);
              others[0].close();
            });

    assertThat(moved).isEqualTo(10);
    assertThat(isThere("app-pending-videos-changelog")).isTrue();
    try (LabelApp next = cluster.start("app", new InstantLabeller(5))) {
      cluster.readUntil(LIMIT, () -> cluster.seen() >= 10);
      cluster.assertOneOutcomeEach();
      assertThat(next.health().pending()).isZero();
    }
  }

  @Test
  void shouldKeepHowManyProcessesDiedWithAVideoAndSinceWhenItWaits() throws Exception {
    leavePending(1);
    long since = System.currentTimeMillis() - 3_600_000;
    know(2, since);
    addPartitions(8);

    assertThat(repartition()).isEqualTo(1);

    HeldLabeller held = new HeldLabeller();
    try (LabelApp next = cluster.start("app", held)) {
      cluster.readUntil(LIMIT, () -> held.ids().size() == 1);
      VideoRequest request = held.works().get(0).request();
      assertThat(request.attempt().deaths()).isEqualTo(2);
      assertThat(request.waited()).isBetween(Duration.ofHours(1), Duration.ofHours(2));
      assertThat(request.headers()).isEmpty();
      held.works().get(0).label();
      cluster.readUntil(LIMIT, () -> cluster.seen() == 1);
      assertThat(next.exit()).isNotDone();
    }
  }

  /** As instances leave the one pending reference that died with it, or wait for its host. */
  private void know(int deaths, long waitsSince) throws Exception {
    for (var record : records("app-pending-videos-changelog", Cluster.PARTITIONS)) {
      ByteBuffer value =
          ByteBuffer.allocate(record.value().length + Integer.BYTES + 3 * Long.BYTES)
              .put(record.value())
              .putInt(deaths)
              .putLong(0) // Nobody works on it.
              .putLong(0)
              .putLong(waitsSince);
      cluster.produceRaw(
          new ProducerRecord<>(record.topic(), record.partition(), record.key(), value.array()));
    }
  }

  /** References that were taken long after they were written, and have no outcome. */
  private void leavePending(int references) throws Exception {
    cluster.timestamp = 1_000_000_000_000L;
    HeldLabeller held = new HeldLabeller();
    held.begun = id -> false;
    try (LabelApp app = cluster.start("app", held)) {
      cluster.produce(references);
      cluster.readUntil(LIMIT, () -> held.ids().size() == references);
      assertThat(app.health().pending()).isEqualTo(references);
    }
  }

  private boolean isThere(String topic) {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrapServers()))) {
      return admin.listTopics().names().get(60, TimeUnit.SECONDS).contains(topic);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Records of the input that are not older. */
  private int timesSince(long time) {
    return (int)
        records(Cluster.TOPICS.incoming(), 8).stream()
            .filter(record -> record.timestamp() >= time)
            .count();
  }

  /** All committed ones. */
  private List<ConsumerRecord<byte[], byte[]>> records(String topic, int count) {
    List<TopicPartition> partitions =
        IntStream.range(0, count).mapToObj(i -> new TopicPartition(topic, i)).toList();
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                cluster.bootstrapServers(),
                "isolation.level",
                "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream()
          .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
    }
    return records;
  }

  @Test
  void shouldSayAtTheEndWhatToDoWhenPartitionsAreAddedWhileItRuns() throws Exception {
    LabelApp.Settings usual = cluster.settings("app");
    Map<String, Object> kafka = new HashMap<>(usual.kafka());
    kafka.put("metadata.max.age.ms", "1000"); // It looks for new partitions so often.
    LabelApp.Settings settings =
        new LabelApp.Settings(
            usual.topics(),
            kafka,
            usual.serdeClass(),
            usual.serde(),
            usual.pending(),
            usual.drainLimit(),
            usual.timestamps());
    try (LabelApp app = new LabelApp(settings, new InstantLabeller(5))) {
      app.start();
      cluster.produce(50);
      cluster.readUntil(LIMIT, () -> cluster.seen() == 50);
      addPartitions(8);
      cluster.readUntil(LIMIT, () -> app.exit().isDone());
      assertThat(app.exit().get().orElseThrow())
          .isInstanceOf(UserError.class)
          .hasMessageContaining("run ./clipstream repartition");
    }
  }

  private void addPartitions(int count) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrapServers()))) {
      admin
          .createPartitions(Map.of(Cluster.TOPICS.incoming(), NewPartitions.increaseTo(count)))
          .all()
          .get(60, TimeUnit.SECONDS);
    }
  }

  private interface Meanwhile {
    void happens() throws Exception;
  }

  private int repartition() throws Exception {
    return repartition(() -> {});
  }

  /**
   * Runs it.
   *
   * @param beforeDeletion happens before it deletes the topic of pending references
   */
  private int repartition(Meanwhile beforeDeletion) throws Exception {
    KafkaConnection kafka =
        new KafkaConnection(
            ConnectionSettings.read(
                SettingsSources.load(
                    Map.of(),
                    null,
                    Map.of(),
                    Map.of("kafka.bootstrap.servers", cluster.bootstrapServers()))));
    try (Admin admin = kafka.admin();
        var consumer = kafka.committedRecords();
        var producer = kafka.transactions("app-repartition")) {
      Admin watched =
          (Admin)
              Proxy.newProxyInstance(
                  Admin.class.getClassLoader(),
                  new Class<?>[] {Admin.class},
                  (proxy, method, args) -> {
                    if (method.getName().equals("deleteTopics")) {
                      beforeDeletion.happens();
                    }
                    return method.invoke(admin, args);
                  });
      return new Repartition(watched, "app", Cluster.TOPICS.incoming(), consumer, producer).run();
    }
  }
}
