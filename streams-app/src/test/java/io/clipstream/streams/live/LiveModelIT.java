package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.infer.GoldenCheck;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.streams.live.rollout.Phase;
import io.clipstream.streams.live.rollout.Wanted;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Versions reach instances through a real broker, with real networks and real videos. */
@Timeout(900)
class LiveModelIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);

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

  @Test
  void shouldSwapOneInstanceAfterTheOtherWhileVideosAreLabelled() throws Exception {
    for (String version : List.of("1", "2")) {
      Path file = swin("swapped", version);
      publish(ModelArtifact.open(file).manifest(), file);
    }
    activate("swapped", "1");
    try (LiveInstance a = instance("a", "swapped").awaitServing();
        LiveInstance b = instance("b", "swapped").awaitServing();
        Steady ofA = new Steady(a);
        Steady ofB = new Steady(b)) {
      LiveLog.waiting().until(() -> "1".equals(wanted("swapped").settled()));
      await().atMost(LIMIT).until(() -> ofA.labels.size() > 3 && ofB.labels.size() > 3);

      activate("swapped", "2");
      LiveLog.waiting().until(() -> "2".equals(wanted("swapped").settled()));
      int atSwap = Math.max(ofA.labels.size(), ofB.labels.size());
      await()
          .atMost(LIMIT)
          .until(() -> ofA.labels.size() > atSwap + 3 && ofB.labels.size() > atSwap + 3);

      for (Steady steady : List.of(ofA, ofB)) {
        List<VideoLabels> labels = steady.end();
        List<String> versions = labels.stream().map(l -> l.getModel().getVersion()).toList();
        assertThat(versions).isSorted().contains("1", "2");
        assertThat(labels)
            .allSatisfy(
                label ->
                    assertThat(label.getRollout())
                        .isEqualTo(Long.valueOf(label.getModel().getVersion())));
        VideoLabels one = labels.get(0);
        VideoLabels two = labels.get(labels.size() - 1);
        assertThat(LiveVersions.difference(one, two)).isGreaterThan(1e-4);
        assertThat(labels)
            .allMatch(
                label ->
                    LiveVersions.difference(
                            label, label.getModel().getVersion().equals("1") ? one : two)
                        < 1e-4);
      }
      // The one before is kept for a while, then closed.
      await().atMost(LIMIT).until(() -> a.generations.count() == 1 && b.generations.count() == 1);
      assertThat(mostBusyAtOnce("swapped")).isEqualTo(1);
    }
  }

  @Test
  void shouldStartWithTheLastVersionFromTheCacheWhileTheLogIsOutOfReach() throws Exception {
    publish(expression("cached", "1", ExpressionModels.MEAN));
    activate("cached", "1");
    instance("first", "cached").awaitServing().close();

    try (LiveInstance cutOff =
        new LiveInstance(
            "second",
            "cached",
            ModelCluster.config(cluster.topics, "127.0.0.1:1", cluster.registry.url()),
            directory,
            LiveInstance.options(directory.resolve("cache-first"), List.of()),
            video)) {
      assertThat(cutOff.awaitServing().label("v").getModel().getVersion()).isEqualTo("1");
      assertThat(cutOff.label("w").getRollout()).isNull();
    }
  }

  private LiveInstance instance(String id, String model) throws Exception {
    return new LiveInstance(
        id,
        model,
        cluster.config(),
        directory.resolve(id),
        LiveInstance.options(directory.resolve("cache-" + id), List.of()),
        video);
  }

  private static void activate(String model, String version) {
    new RolloutLog(cluster.config(), "a test")
        .change(
            model,
            before -> before == null ? Wanted.first(model, version) : before.activate(version));
  }

  private static Wanted wanted(String model) {
    return new RolloutLog(cluster.config(), null).read(model).orElseThrow();
  }

  private static ModelManifest manifest(String name, String version) {
    return ExpressionModels.manifest(name, version, ExpressionModels.LABELS);
  }

  private Path expression(String name, String version, String expression) throws Exception {
    return ExpressionModels.write(
        directory.resolve(name + "-" + version + ".pt"), manifest(name, version), expression);
  }

  private Path swin(String name, String version) throws Exception {
    Swin3dConfig config =
        new Swin3dConfig(
            8,
            List.of(1, 1),
            List.of(2, 4),
            List.of(4, 4, 4),
            List.of(2, 4, 4),
            2,
            0,
            0,
            0,
            true,
            ExpressionModels.LABELS.size());
    Path file = directory.resolve(name + "-" + version + ".pt");
    GoldenCheck.write(
        file, config, Swin3d.init(config, Long.parseLong(version)), manifest(name, version));
    return file;
  }

  /** The file's name is {@code NAME-VERSION.pt}. */
  private static void publish(Path file) throws Exception {
    String id = file.getFileName().toString().replaceFirst("\\.pt$", "");
    int hyphen = id.indexOf('-');
    publish(manifest(id.substring(0, hyphen), id.substring(hyphen + 1)), file);
  }

  private static void publish(ModelManifest manifest, Path file) throws Exception {
    new LiveLog(cluster, manifest.name(), shared).publish(manifest, file);
  }

  private static List<ModelStatus> statuses(String model) {
    List<ModelStatus> statuses = new ArrayList<>();
    try (Serde<ModelStatus> serde = cluster.config().serde(ModelStatus.class)) {
      for (ConsumerRecord<String, byte[]> record : cluster.everything(cluster.topics.status())) {
        if (record.value() != null && record.key().endsWith("/" + model)) {
          statuses.add(serde.deserializer().deserialize(record.topic(), record.value()));
        }
      }
    }
    return statuses;
  }

  /** Most instances that changed or soaked at a time, once each served something. */
  private static int mostBusyAtOnce(String model) {
    Set<String> busy = new HashSet<>();
    int most = 0;
    for (ModelStatus status : statuses(model)) {
      Phase phase = StatusRecords.report(status).phase();
      if (status.getServing() != null && (phase == Phase.CHANGING || phase == Phase.SOAKING)) {
        busy.add(status.getInstance());
      } else {
        busy.remove(status.getInstance());
      }
      most = Math.max(most, busy.size());
    }
    return most;
  }
}
