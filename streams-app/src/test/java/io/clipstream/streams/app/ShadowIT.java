package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.streams.classify.GenerationFactory;
import io.clipstream.streams.classify.ShadowLabeller;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.live.LiveGenerations;
import io.clipstream.streams.live.LiveModel;
import io.clipstream.streams.live.LiveVersions;
import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.live.rollout.Roles;
import io.clipstream.streams.live.rollout.Wanted;
import io.clipstream.streams.outcome.LabelDiff;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Shadow versions beside one that serves: a real broker, real networks, real videos. */
@Timeout(900)
class ShadowIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final String MODEL = "shadowed";

  /** Fails on the videos of this test, and neither on black nor on noise as it is. */
  private static final List<String> THROWS =
      List.of(
          "x = torch.to(clips, 6)",
          "spread = torch.std(x, True)",
          "odd = torch.to(torch.gt(spread, 5.), 4) * torch.to(torch.lt(spread, 62.), 4)",
          "none = torch.index_select(torch.arange(3), 0, odd * 1000)",
          "return torch.mean(x, [1, 2, 3]) * 0.01 + torch.sum(none) * 0");

  /** Some hundreds of milliseconds for each batch. */
  private static final List<String> SLOW =
      List.of(
          "x = torch.to(clips, 6)",
          "y = x",
          "i = 0",
          "go_on = True",
          "while go_on:",
          "  y = torch.relu(y)",
          "  i = torch.add(i, 1)",
          "  go_on = torch.lt(i, 5000)",
          "return torch.mean(y, [1, 2, 3]) * 0.01");

  @TempDir Path directory;
  private Cluster cluster;
  private RolloutLog rollouts;

  @Test
  void shouldWriteTheLabelsOfAShadowToTheirTopicAndTouchNothingElse() throws Exception {
    Path video = LiveVersions.video(directory.resolve("noise.mp4"));
    try (Cluster opened = new Cluster(directory.resolve("kafka"))) {
      cluster = opened;
      cluster.references =
          id -> VideoReference.newBuilder().setId(id).setUri(video.toUri().toString()).build();
      AppSettings settings = settings();
      KafkaConnection kafka = new KafkaConnection(settings.connection());
      ModelLogConfig log = kafka.modelLog(settings.live().topics());
      try (Admin admin = log.admin()) {
        new ModelTopicSetup(admin, log.topics()).create();
      }
      rollouts = new RolloutLog(log, "a test");
      LiveVersions.publish(log, directory, MODEL, "1");
      LiveVersions.publish(log, directory, MODEL, "2");
      LiveVersions.publish(log, directory, MODEL, "throws4", THROWS);
      LiveVersions.publish(log, directory, MODEL, "slow4", SLOW);
      rollouts.change(MODEL, before -> Wanted.first(MODEL, "1"));

      Assembly assembly = new Assembly(settings);
      LiveGenerations generations = new LiveGenerations(MODEL);
      GenerationFactory factory = assembly.generations();
      try (LiveModel live = assembly.live(MODEL, generations, factory)) {
        live.start();
        generations.serving().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        ShadowLabeller labeller = assembly.shadowed(generations, factory);
        try (LabelApp app = assembly.labelApp(labeller)) {
          app.start();
          shadow(generations, "2");
          label(40);
          ShadowLabeller.Counts counts = awaitCounts(labeller, 40);
          assertThat(counts.failed()).isZero();
          assertThat(counts.labelled()).isPositive();
          assertShadowLabels(kafka, settings, counts.labelled(), 2);

          shadow(generations, "throws4");
          label(20);
          ShadowLabeller.Counts failed = awaitCounts(labeller, 60);
          assertThat(failed.failed()).isPositive();
          assertThat(failed.labelled()).isEqualTo(counts.labelled());

          shadow(generations, "slow4");
          long skipped = labeller.counts().skipped();
          label(60);
          await().atMost(LIMIT).until(() -> labeller.counts().skipped() > skipped);

          shadow(generations, null);
          label(5);
          await().atMost(LIMIT).until(() -> generations.count() == 1);
          assertOnlyTheFirstServed();
        }
      }
    }
  }

  /** Every video so far has one outcome: labels of version 1. */
  private void assertOnlyTheFirstServed() {
    cluster.assertOneOutcomeEachInOrder(LIMIT);
    assertThat(cluster.labelled).hasSize(cluster.produced());
    VideoLabels first = cluster.labelled.get("video-0");
    assertThat(first.getModel().getVersion()).isEqualTo("1");
    assertThat(cluster.labelled.values())
        .allSatisfy(
            labels -> {
              assertThat(labels.getModel()).isEqualTo(first.getModel());
              assertThat(labels.getRollout()).isEqualTo(1);
              assertThat(LiveVersions.difference(first, labels)).isLessThan(1e-4);
            });
    Wanted wanted = rollouts.read(MODEL).orElseThrow();
    assertThat(wanted.active()).isEqualTo("1");
    assertThat(wanted.stopped()).isFalse();
  }

  private void assertShadowLabels(
      KafkaConnection kafka, AppSettings settings, long count, long rollout) {
    List<VideoLabels> shadow = new ArrayList<>();
    try (KafkaConsumer<String, SpecificRecord> consumer =
        kafka.outcomes(List.of(settings.connection().topics().shadow()))) {
      consumer.seekToBeginning(consumer.assignment());
      long end = System.nanoTime() + LIMIT.toNanos();
      while (shadow.size() < count) {
        assertThat(System.nanoTime()).as("%d of %d", shadow.size(), count).isLessThan(end);
        consumer
            .poll(Duration.ofMillis(100))
            .forEach(
                record -> {
                  VideoLabels labels = (VideoLabels) record.value();
                  int number = Integer.parseInt(labels.getId().substring("video-".length()));
                  assertThat(record.key()).isEqualTo("key-" + number % 50);
                  shadow.add(labels);
                });
      }
    }
    ModelIdentity two = identity("2");
    VideoLabels live = cluster.labelled.get("video-0");
    LabelDiff diff = new LabelDiff(1000);
    cluster.labelled.values().forEach(diff::before);
    for (VideoLabels labels : shadow) {
      assertThat(labels.getModel()).isEqualTo(two);
      assertThat(labels.getRollout()).isEqualTo(rollout);
      assertThat(LiveVersions.difference(live, labels)).isGreaterThan(1e-3);
      assertThat(LiveVersions.difference(shadow.get(0), labels)).isLessThan(1e-4);
      diff.after(labels);
    }
    assertThat(diff.result().both()).isEqualTo((int) count);
    assertThat(diff.result().onlyAfter()).isZero();
  }

  /** As the log has it. */
  private ModelIdentity identity(String version) {
    return LiveVersions.identity(
        new KafkaConnection(settings().connection()).modelLog(settings().live().topics()),
        MODEL,
        version);
  }

  private void label(int videos) {
    cluster.produce(videos);
    cluster.readUntil(LIMIT, () -> cluster.seen() >= cluster.produced());
  }

  private static ShadowLabeller.Counts awaitCounts(ShadowLabeller labeller, long videos)
      throws InterruptedException {
    await().atMost(LIMIT).until(() -> sum(labeller.counts()) == videos);
    return labeller.counts();
  }

  private static long sum(ShadowLabeller.Counts counts) {
    return counts.labelled() + counts.skipped() + counts.failed();
  }

  private void shadow(LiveGenerations generations, String version) throws InterruptedException {
    UnaryOperator<Wanted> change = wanted -> wanted.shadow(version);
    rollouts.change(MODEL, change);
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              Roles.Chosen now = generations.roles().shadow();
              return version == null ? now == null : now != null && now.version().equals(version);
            });
  }

  private AppSettings settings() {
    Map<String, String> given = new HashMap<>();
    given.put("application.id", "shadow");
    given.put("kafka.bootstrap.servers", cluster.bootstrapServers());
    given.put("serde.schema.registry.url", cluster.registry.url());
    given.put("kafka.state.dir", directory + "/state");
    given.put("model.source", "kafka");
    given.put("model.name", MODEL);
    given.put("model.devices", "cpu");
    given.put("model.cache", directory + "/models");
    given.put("rollout.lease", "4s");
    given.put("rollout.soak", "300ms");
    given.put("rollout.keep-previous", "300ms");
    given.put("batch.max-clips", "4");
    given.put("pipeline.decode-threads", "2");
    given.put("pipeline.max-decoded", "64MiB");
    given.put("pipeline.work-directory", directory + "/work");
    given.put("fetch.file-roots", directory.toString());
    try {
      return AppSettings.read(SettingsSources.load(given, null, Map.of(), Map.of()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
