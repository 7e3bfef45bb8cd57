package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.models.LogEvent;
import io.clipstream.schemas.models.ModelLog;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelLogException;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.schemas.models.TransferProgress;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.schemas.serde.AvroSerde;
import io.clipstream.schemas.serde.RegistryException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(900)
class ModelLogIT {
  private static final Duration SLICE = Duration.ofMillis(100);

  /** After which a follower knows which topic it follows. */
  private static final Duration KNOWN = Duration.ofSeconds(5);

  @TempDir Path directory;
  private ModelCluster cluster;
  private final List<LogEvent<ModelRelease>> events = new ArrayList<>();

  @BeforeEach
  void start() throws InterruptedException {
    cluster = new ModelCluster(directory.resolve("kafka"));
    cluster.createTopics();
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void shouldFollowReleasesAndDeletions() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 1000, 1);
    cluster.publisher().publish(ModelCluster.model("a", "1"), file, TransferProgress.NONE);
    cluster.publisher().publish(ModelCluster.model("b", "1"), file, TransferProgress.NONE);
    cluster.publisher().delete("b", "1");
    try (ModelLog log = new ModelLog(cluster.config(), events::add)) {
      log.readToEnd(ModelCluster.LIMIT);
      assertThat(names(log)).containsExactly("a/1");

      cluster.publisher().publish(ModelCluster.model("a", "2"), file, TransferProgress.NONE);
      pollUntil(log, () -> log.find("a", "2").isPresent());
      cluster.publisher().delete("a", "1");
      pollUntil(log, () -> log.find("a", "1").isEmpty());

      assertThat(names(log)).containsExactly("a/2");
      assertThat(events.get(events.size() - 1))
          .isInstanceOfSatisfying(
              LogEvent.Deleted.class, deleted -> assertThat(deleted.key()).isEqualTo("a/1"));
    }
  }

  @Test
  void shouldLeaveOutWhatIsNoRelease() throws Exception {
    ModelRelease release = release("a", "1");
    write("a/1", bytes(release));
    write("a/1", "no Avro".getBytes(StandardCharsets.UTF_8));
    write("a/1", new byte[0]);
    write(
        "a/1",
        cluster.bytes(
            "some.rollouts",
            ModelRollout.class,
            ModelRollout.newBuilder()
                .setName("a")
                .setRevision(1)
                .setRollout(1)
                .setActiveVersion("1")
                .setChangedAt(Instant.EPOCH)
                .build()));
    write("a/2", bytes(release));
    write("a/1", bytes(ModelRelease.newBuilder(release).setBytes(-1).build()));
    write("b/1", null);
    write("c/1", bytes(release("c", "1")));

    try (ModelLog log = new ModelLog(cluster.config(), events::add)) {
      log.readToEnd(ModelCluster.LIMIT);

      assertThat(names(log)).containsExactly("a/1", "c/1");
      assertThat(log.find("a", "1")).contains(release);
    }
    assertThat(events).hasSize(8);
    List<Long> skipped = new ArrayList<>();
    for (LogEvent<ModelRelease> event : events) {
      if (event instanceof LogEvent.Skipped<ModelRelease> left) {
        skipped.add(left.offset());
        assertThat(left.reason()).isNotBlank();
      }
    }
    assertThat(skipped).containsExactly(1L, 2L, 3L, 4L, 5L);
  }

  @Test
  void shouldHealWhenTheTopicIsMadeAnew() throws Exception {
    for (int i = 0; i < 5; i++) {
      write("a/" + i, bytes(release("a", "" + i)));
    }
    try (ModelLog log = new ModelLog(cluster.config(), events::add)) {
      log.readToEnd(ModelCluster.LIMIT);

      cluster
          .admin
          .deleteTopics(List.of(cluster.topics.releases()))
          .all()
          .get(60, TimeUnit.SECONDS);
      log.poll(SLICE);
      assertThat(names(log)).hasSize(5);
      pollUntil(log, this::recreated);
      write("b/1", bytes(release("b", "1")));
      pollUntil(log, () -> log.find("b", "1").isPresent());

      assertThat(names(log)).containsExactly("b/1");
      assertThat(events.get(5)).isInstanceOf(LogEvent.Restarted.class);
    }
  }

  @Test
  void shouldNoticeATopicMadeAnewThatHoldsMore() throws Exception {
    for (int i = 0; i < 3; i++) {
      write("a/" + i, bytes(release("a", "" + i)));
    }
    try (ModelLog log = new ModelLog(cluster.config(), events::add)) {
      log.readToEnd(ModelCluster.LIMIT);
      long end = System.nanoTime() + KNOWN.toNanos();
      pollUntil(log, () -> System.nanoTime() > end);

      cluster
          .admin
          .deleteTopics(List.of(cluster.topics.releases()))
          .all()
          .get(60, TimeUnit.SECONDS);
      until(this::recreated);
      for (int i = 0; i < 6; i++) {
        write("b/" + i, bytes(release("b", "" + i)));
      }
      pollUntil(log, () -> log.find("b", "0").isPresent() && log.find("b", "5").isPresent());

      assertThat(names(log)).containsExactly("b/0", "b/1", "b/2", "b/3", "b/4", "b/5");
    }
  }

  private boolean recreated() {
    try {
      return cluster.createTopics().contains(cluster.topics.releases());
    } catch (ModelLogException deletionGoesOn) {
      return false;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void shouldSayThatTheTopicDoesNotExist() {
    ModelTopics none = new ModelTopics("a", "b", "c", "d");
    try (ModelLog log =
        new ModelLog(
            ModelCluster.config(none, cluster.kafka.bootstrapServers(), cluster.registry.url()))) {
      assertThatThrownBy(() -> log.readToEnd(ModelCluster.LIMIT))
          .isInstanceOf(ModelLogException.class)
          .hasMessageContaining("topic b does not exist at 127.0.0.1");
    }
  }

  @Test
  void shouldGoOnWhereTheRegistryFailed() throws Exception {
    write("a/1", "no Avro".getBytes(StandardCharsets.UTF_8));
    ModelRelease release = release("a", "1");
    EmbeddedRegistry mortal = new EmbeddedRegistry(0);
    int port = Integer.parseInt(mortal.url().replaceAll("\\D+$", "").replaceAll(".*:", ""));
    write("a/1", bytesBy(mortal, release));
    mortal.close();
    ModelLogConfig config =
        new ModelLogConfig(
            cluster.topics,
            Map.of("bootstrap.servers", cluster.kafka.bootstrapServers()),
            AvroSerde.class.getName(),
            // Its own setting gives it a client, and so a cache, apart from the writer's.
            Map.of(
                "schema.registry.url", mortal.url(),
                "max.schemas.per.subject", "901",
                "max.retries", "0"));
    try (ModelLog log = new ModelLog(config, events::add)) {
      assertThatThrownBy(() -> log.readToEnd(ModelCluster.LIMIT))
          .isInstanceOf(RegistryException.class);
      assertThat(events).hasSize(1);
      assertThat(log.releases()).isEmpty();

      try (EmbeddedRegistry again = new EmbeddedRegistry(port)) {
        bytesBy(again, release);
        log.readToEnd(ModelCluster.LIMIT);
      }
      assertThat(log.find("a", "1")).contains(release);
      assertThat(events).hasSize(2);
    }
  }

  private byte[] bytesBy(EmbeddedRegistry registry, ModelRelease release) {
    // A client of its own each time: one that is kept would know the schema's id already.
    try (Serde<ModelRelease> serde =
        AvroSerde.create(
            AvroSerde.class.getName(),
            ModelRelease.class,
            Map.of(
                "schema.registry.url", registry.url(),
                "max.schemas.per.subject", Integer.toString(1000 + events.size())))) {
      return serde.serializer().serialize(cluster.topics.releases(), release);
    }
  }

  @Test
  void shouldNotMissAReleaseBehindAnOpenTransaction() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 1000, 2);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (KafkaProducer<String, byte[]> dying =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers", cluster.kafka.bootstrapServers(), "transactional.id", "dying"),
            new StringSerializer(),
            new ByteArraySerializer())) {
      dying.initTransactions();
      dying.beginTransaction();
      dying
          .send(new ProducerRecord<>(cluster.topics.releases(), 0, "z/1", new byte[10]))
          .get(60, TimeUnit.SECONDS);
      write("hidden/1", bytes(release("hidden", "1")));
      try (ModelLog log = new ModelLog(cluster.config())) {
        log.readVisible(ModelCluster.LIMIT);
        assertThat(log.releases()).isEmpty();
        assertThatThrownBy(() -> log.readToEnd(Duration.ofSeconds(1)))
            .isInstanceOf(TimeoutException.class)
            .hasMessageContaining("models.releases was not read to its end within 1 s")
            .hasMessageContaining("a transaction is open there");
      }

      Future<?> publishing =
          executor.submit(
              () ->
                  cluster
                      .publisher()
                      .publish(ModelCluster.model("hidden", "1"), file, TransferProgress.NONE));
      until(() -> transactionalIds().contains("models.releases-hidden"));
      dying.abortTransaction();

      assertThatThrownBy(() -> publishing.get(60, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(ModelLogException.class)
          .hasMessageContaining("model hidden has a version 1 with another artifact");
    } finally {
      executor.shutdownNow();
    }
  }

  private List<String> transactionalIds() {
    try {
      return cluster.admin.listTransactions().all().get(60, TimeUnit.SECONDS).stream()
          .map(transaction -> transaction.transactionalId())
          .toList();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void shouldPublishAgainWhatTheTopicOfArtifactsLost() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 1000, 3);
    cluster.publisher().publish(ModelCluster.model("a", "1"), file, TransferProgress.NONE);
    cluster.admin.deleteTopics(List.of(cluster.topics.artifacts())).all().get(60, TimeUnit.SECONDS);
    until(
        () -> {
          try {
            new ModelTopicSetup(cluster.admin, cluster.topics).create();
            return true;
          } catch (ModelLogException deletionGoesOn) {
            return false;
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });

    assertThat(
            cluster
                .publisher()
                .publish(ModelCluster.model("a", "1"), file, TransferProgress.NONE)
                .written())
        .isTrue();
    assertThat(
            cluster
                .publisher()
                .publish(ModelCluster.model("a", "1"), file, TransferProgress.NONE)
                .written())
        .isFalse();
  }

  private static List<String> names(ModelLog log) {
    return log.releases().stream()
        .map(release -> release.getModel().getName() + "/" + release.getModel().getVersion())
        .toList();
  }

  private static void pollUntil(ModelLog log, BooleanSupplier condition) {
    until(
        () -> {
          log.poll(SLICE);
          return condition.getAsBoolean();
        });
  }

  private static void until(BooleanSupplier condition) {
    long end = System.nanoTime() + ModelCluster.LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("within %s", ModelCluster.LIMIT).isLessThan(end);
    }
  }

  private void write(String key, byte[] value) throws Exception {
    cluster.produce(cluster.topics.releases(), 0, key, value);
  }

  private byte[] bytes(ModelRelease release) {
    return cluster.bytes(cluster.topics.releases(), ModelRelease.class, release);
  }

  private static ModelRelease release(String name, String version) {
    return ModelRelease.newBuilder()
        .setModel(new ModelIdentity(name, version, "ab".repeat(32)))
        .setBytes(10)
        .setUri("https://example.org/m.pt")
        .setManifest("{}")
        .setPublishedAt(Instant.EPOCH)
        .build();
  }
}
