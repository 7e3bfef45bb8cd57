package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.clipstream.model.artifact.Weights;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelLogException;
import io.clipstream.streams.live.rollout.Wanted;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * The model topics are deleted, cut, compacted or out of reach: an instance goes on labelling, and
 * takes up what is wanted once they are there again.
 */
@Timeout(900)
class ModelTopicsIT {
  private static final String MODEL = "served";
  private static final Duration LIMIT = Duration.ofMinutes(5);

  /** Some leases. */
  private static final Duration OUTAGE =
      Duration.ofSeconds(Boolean.getBoolean("clipstream.nightly") ? 60 : 12);

  @TempDir Path directory;
  private ModelCluster cluster;
  private Path video;

  @BeforeEach
  void start() throws Exception {
    cluster = new ModelCluster(directory.resolve("kafka"));
    cluster.createTopics();
    video = LiveInstance.video(directory.resolve("noise.mp4"));
    publish("1");
    activate("1");
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void shouldHealWhenTheTopicsAreDeletedAndMadeAnew() throws Exception {
    try (LiveInstance instance = instance("a", cluster.config()).awaitServing();
        Steady steady = new Steady(instance)) {
      awaitSettled("1");
      deleteTopics();
      assertGoesOn(steady);
      makeTopics();
      assertGoesOn(steady);

      // What was wanted is written again by the instance, what there was to serve by people.
      LiveLog.waiting()
          .until(
              () -> {
                Wanted wanted = wanted();
                return wanted != null && wanted.active().equals("1");
              });
      publish("1");
      assertHeals(instance, steady);
    }
  }

  @Test
  void shouldHealWhenTheTopicsAreCut() throws Exception {
    try (LiveInstance instance = instance("a", cluster.config()).awaitServing();
        Steady steady = new Steady(instance)) {
      awaitSettled("1");
      cutTopics();
      assertThat(cluster.releases()).isEmpty();
      assertGoesOn(steady);

      LiveLog.waiting()
          .until(
              () -> {
                Wanted wanted = wanted();
                return wanted != null && wanted.active().equals("1");
              });
      publish("1");
      assertHeals(instance, steady);
    }
  }

  @Test
  void shouldServeFromCompactedTopics() throws Exception {
    cluster.set(ConfigResource.Type.BROKER, "", Map.of("log.cleaner.backoff.ms", "200"));
    for (String topic : cluster.topics.all()) {
      cluster.set(
          ConfigResource.Type.TOPIC,
          topic,
          Map.of("segment.ms", "200", "min.cleanable.dirty.ratio", "0.001"));
    }
    try (LiveInstance instance = instance("a", cluster.config()).awaitServing();
        Steady steady = new Steady(instance)) {
      awaitSettled("1");
      publish("2");
      for (String version : List.of("2", "1", "2", "1")) {
        activate(version);
        awaitSettled(version);
      }
      // Another record of any key closes the segment before it.
      await()
          .atMost(LIMIT)
          .until(
              () -> {
                activate(wanted().active().equals("1") ? "2" : "1");
                cluster.publisher().delete(MODEL, "none");
                return cluster.everything(cluster.topics.rollouts()).size() <= 3
                    && cluster.everything(cluster.topics.status()).size() <= 5;
              });
      try (LiveInstance late = instance("late", cluster.config()).awaitServing()) {
        assertHeals(instance, steady);
        await().atMost(LIMIT).until(() -> "4".equals(late.version()));
      }
    }
  }

  @Test
  void shouldHealAfterTheBrokerWasOutOfReach() throws Exception {
    try (LiveInstance instance = instance("a", cluster.config()).awaitServing();
        Steady steady = new Steady(instance)) {
      awaitSettled("1");
      cluster.stopBroker();
      long end = System.nanoTime() + OUTAGE.toNanos();
      await().atMost(LIMIT).until(() -> System.nanoTime() > end);
      assertGoesOn(steady);
      cluster.startBroker();
      assertHeals(instance, steady);
    }
  }

  @Test
  void shouldStartFromTheCacheWhileThereAreNoTopicsAndSaySo() throws Exception {
    instance("a", cluster.config()).awaitServing().close();
    deleteTopics();
    assertStartsFromTheCache(cluster.config());
  }

  @Test
  void shouldStartFromTheCacheWhileTheRegistryIsOutOfReachAndSaySo() throws Exception {
    instance("a", cluster.config()).awaitServing().close();
    Map<String, String> serde = new HashMap<>();
    serde.put("schema.registry.url", "http://127.0.0.1:1");
    serde.put("max.retries", "0");
    ModelLogConfig config = cluster.config();
    assertStartsFromTheCache(
        new ModelLogConfig(config.topics(), config.clients(), config.serdeClass(), serde));
  }

  private void assertStartsFromTheCache(ModelLogConfig config) throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(UnchosenVersion.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    // The same folder: another process on the same host.
    try (LiveInstance instance = instance("a", config).awaitServing();
        Steady steady = new Steady(instance)) {
      assertThat(lines.list)
          .extracting(ILoggingEvent::getFormattedMessage)
          .containsExactly("Serving served-1 from the model cache, which served last here");
      assertGoesOn(steady);
      assertThat(steady.labels).allMatch(label -> label.getRollout() == null);
      if (cluster.admin.listTopics().names().get().containsAll(cluster.topics.all())) {
        return;
      }
      makeTopics();
      publish("1");
      activate("1");
      assertHeals(instance, steady);
    } finally {
      logger.detachAppender(lines);
    }
  }

  /** Publishing, activating and serving are as they ever were. */
  private void assertHeals(LiveInstance instance, Steady steady) throws Exception {
    publish("4");
    activate("4");
    awaitSettled("4");
    assertThat(instance.version()).isEqualTo("4");
    int at = steady.labels.size() + 1;
    await().atMost(LIMIT).until(() -> steady.labels.size() > at);
    assertThat(steady.labels.get(at).getModel().getVersion()).isEqualTo("4");
    assertThat(steady.labels.get(at).getRollout()).isPositive();
    steady.end();
  }

  private static void assertGoesOn(Steady steady) throws Exception {
    int before = steady.labels.size();
    long end = System.nanoTime() + LiveInstance.LEASE.toNanos();
    await().atMost(LIMIT).until(() -> System.nanoTime() > end && steady.labels.size() > before + 5);
    assertThat(steady.labels).allMatch(label -> label.getModel().getVersion().equals("1"));
  }

  private void deleteTopics() throws Exception {
    cluster.admin.deleteTopics(cluster.topics.all()).all().get(60, TimeUnit.SECONDS);
  }

  private void makeTopics() throws Exception {
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              try {
                cluster.createTopics();
                return true;
              } catch (ModelLogException deletionGoesOn) {
                return false;
              }
            });
  }

  private void cutTopics() throws Exception {
    List<TopicPartition> partitions = new ArrayList<>();
    cluster
        .admin
        .describeTopics(cluster.topics.all())
        .allTopicNames()
        .get(60, TimeUnit.SECONDS)
        .forEach(
            (topic, description) ->
                description
                    .partitions()
                    .forEach(info -> partitions.add(new TopicPartition(topic, info.partition()))));
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    partitions.forEach(partition -> latest.put(partition, OffsetSpec.latest()));
    Map<TopicPartition, RecordsToDelete> all = new HashMap<>();
    cluster
        .admin
        .listOffsets(latest)
        .all()
        .get(60, TimeUnit.SECONDS)
        .forEach(
            (partition, end) -> all.put(partition, RecordsToDelete.beforeOffset(end.offset())));
    for (String topic : cluster.topics.all()) { // Records of a topic that is only compacted stay.
      cluster.set(ConfigResource.Type.TOPIC, topic, Map.of("cleanup.policy", "compact,delete"));
    }
    cluster.admin.deleteRecords(all).all().get(60, TimeUnit.SECONDS);
    for (String topic : cluster.topics.all()) {
      cluster.set(ConfigResource.Type.TOPIC, topic, Map.of("cleanup.policy", "compact"));
    }
  }

  private LiveInstance instance(String id, ModelLogConfig config) throws Exception {
    return new LiveInstance(
        id,
        MODEL,
        config,
        directory.resolve(id),
        LiveInstance.options(directory.resolve("cache-" + id), List.of()),
        video);
  }

  private void publish(String version) throws Exception {
    LiveVersions.publish(
        cluster.config(),
        LiveVersions.write(directory, MODEL, version, Weights.of(List.of(1), new float[1])));
  }

  private void activate(String version) {
    new RolloutLog(cluster.config(), "a test")
        .change(
            MODEL,
            before -> before == null ? Wanted.first(MODEL, version) : before.activate(version));
  }

  private Wanted wanted() {
    return new RolloutLog(cluster.config(), null).read(MODEL).orElse(null);
  }

  private void awaitSettled(String version) throws Exception {
    LiveLog.waiting()
        .until(
            () -> {
              Wanted wanted = wanted();
              return wanted != null && version.equals(wanted.settled());
            });
  }
}
