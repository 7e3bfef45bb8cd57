package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.djl.Device;
import io.clipstream.streams.live.rollout.RolloutPolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Memory holds one version at a time: a new one is refused, or the other is let go before. */
@Timeout(900)
class RoomIT {
  @TempDir static Path shared;
  private static ModelCluster cluster;
  private static Path video;

  @TempDir Path directory;

  @BeforeAll
  static void start() throws Exception {
    cluster = new ModelCluster(shared.resolve("kafka"));
    cluster.createTopics();
    video = LiveInstance.video(shared.resolve("noise.mp4"));
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  /** Has room for a version while none is loaded. */
  private static final class RoomForOne implements FreeMemory {
    final AtomicReference<LiveGenerations> generations = new AtomicReference<>();

    @Override
    public OptionalLong onHost() {
      LiveGenerations loaded = generations.get();
      return OptionalLong.of(loaded == null || loaded.count() == 0 ? 1L << 40 : 1 << 10);
    }

    @Override
    public OptionalLong on(Device device) {
      return OptionalLong.empty();
    }
  }

  @Test
  void shouldRefuseAVersionThatMemoryDoesNotHoldBesideTheOther() throws Exception {
    LiveLog log = log("refused");
    try (LiveInstance instance = instance(log, true);
        SteadyOutcomes steady = new SteadyOutcomes(instance)) {
      log.awaitSettled("1");
      log.publish("2", ExpressionModels.MEAN);

      log.activate("2");
      LiveLog.waiting().until(() -> log.wanted().stopped());

      assertThat(log.wanted().reason()).contains("refused-2 needs").contains("MiB left");
      steady.awaitMore(3);
      assertThat(steady.versions()).containsOnly("1");
    }
  }

  @Test
  void shouldLetTheOneThatServesGoFirst() throws Exception {
    LiveLog log = log("drained");
    try (LiveInstance instance = instance(log, false);
        SteadyOutcomes steady = new SteadyOutcomes(instance)) {
      log.awaitSettled("1");
      steady.awaitMore(3);
      log.publish("2", ExpressionModels.MEAN);

      log.activate("2");
      log.awaitSettled("2");

      steady.awaitMore(3);
      assertThat(steady.versions()).isSorted().contains("1", "2").doesNotContain("rejected");
      assertThat(instance.generations.count()).isEqualTo(1);
      log.change(wanted -> wanted.rollback("asked for"));
      await().atMost(LiveLog.LIMIT).until(() -> "1".equals(instance.version()));
      steady.awaitMore(3);
      assertThat(instance.generations.count()).isEqualTo(1);
    }
  }

  @Test
  void shouldLoadTheOneBeforeAgainIfTheNewOneFails() throws Exception {
    LiveLog log = log("returned");
    try (LiveInstance instance = instance(log, false);
        SteadyOutcomes steady = new SteadyOutcomes(instance)) {
      log.awaitSettled("1");
      log.publish("2", "torch.mean(nothing)");

      log.activate("2");
      LiveLog.waiting().until(() -> log.wanted().stopped());

      assertThat(log.wanted().reason())
          .contains("PyTorch cannot load it")
          .doesNotContain("cannot be loaded again");
      steady.awaitMore(3);
      assertThat(steady.versions()).containsOnly("1");
      assertThat(instance.generations.count()).isEqualTo(1);
    }
  }

  @Test
  void shouldNotLetTheActiveVersionGoForATrial() throws Exception {
    LiveLog log = log("tried");
    try (LiveInstance instance = instance(log, false);
        SteadyOutcomes steady = new SteadyOutcomes(instance)) {
      log.awaitSettled("1");
      log.publish("2", ExpressionModels.MEAN);

      log.change(wanted -> wanted.canary("2", 0.5));
      LiveLog.waiting().until(() -> log.wanted().canary() == null);

      assertThat(log.wanted().reason()).contains("MiB left");
      steady.awaitMore(3);
      assertThat(steady.versions()).containsOnly("1");
    }
  }

  /** Its first version is active. */
  private LiveLog log(String model) throws Exception {
    LiveLog log = new LiveLog(cluster, model, directory);
    log.publish("1", ExpressionModels.MEAN);
    log.activate("1");
    return log;
  }

  private LiveInstance instance(LiveLog log, boolean roomForTwo) throws Exception {
    LiveOptions options = LiveInstance.options(directory.resolve("cache"), List.of());
    RoomForOne memory = new RoomForOne();
    LiveInstance instance =
        new LiveInstance(
            "only-" + log.model,
            log.model,
            cluster.config(),
            directory,
            new LiveOptions(
                options.cache(),
                options.cacheBytes(),
                List.of(),
                false,
                new RolloutPolicy(1, 2, roomForTwo),
                options.times(),
                options.watch(),
                options.startPatience(),
                options.limits(),
                options.loadDeaths()),
            video,
            memory);
    memory.generations.set(instance.generations);
    return instance.awaitServing();
  }
}
