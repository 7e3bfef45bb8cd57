package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.clipstream.schemas.Label;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.streams.classify.GenerationFactory;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.live.LiveModels;
import io.clipstream.streams.live.LiveVersions;
import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.live.RolloutSteps;
import io.clipstream.streams.live.rollout.Phase;
import io.clipstream.streams.live.rollout.Wanted;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two models with clips and labels of their own in one instance: a real broker, real networks, real
 * videos.
 */
@Timeout(900)
class SeveralModelsIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final List<String> DAYTIMES = List.of("night", "day");

  @TempDir Path directory;
  private Cluster cluster;
  private KafkaConnection kafka;
  private RolloutLog rollouts;
  private ModelLogConfig log;

  /** The model that each video names, by its number modulo this list's size; null: none. */
  private List<String> named = new ArrayList<>();

  private final Map<String, ModelIdentity> identities = new HashMap<>();
  private Map<String, String> metadata = Map.of();
  private String video;

  @BeforeEach
  void start() throws Exception {
    video = LiveVersions.video(directory.resolve("noise.mp4")).toUri().toString();
    cluster = new Cluster(directory.resolve("kafka"));
    cluster.references = this::reference;
    kafka = new KafkaConnection(settings(Map.of()).connection());
    log = kafka.modelLog(settings(Map.of()).live().topics());
    try (Admin admin = log.admin()) {
      new ModelTopicSetup(admin, log.topics()).create();
    }
    rollouts = new RolloutLog(log, "a test");
    for (String version : List.of("1", "2")) {
      LiveVersions.publish(log, directory, "colours", version);
      LiveVersions.publishWithLabels(log, directory, "daytime", version, DAYTIMES);
    }
    activate("colours", "1");
    activate("daytime", "1");
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void shouldGiveEachVideoToItsModelAndSwapEachOnItsOwn() throws Exception {
    AppSettings settings = settings(Map.of("model.routes", "lens=wide:daytime"));
    Assembly assembly = new Assembly(settings);
    GenerationFactory factory = assembly.generations();
    try (LiveModels models = assembly.liveModels(factory)) {
      models.start();
      models.serving().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      try (LabelApp app = assembly.labelApp(assembly.shadowed(models, factory))) {
        app.start();
        label(12, "daytime", null, "colours", "daytime-1");
        assertThat(models.loaded()).containsExactly("colours", "daytime", "unpublished");
        assertCounts(Map.of("daytime-1 by 1", 6, "colours-1 by 1", 6));

        metadata = Map.of("lens", "wide");
        label(4, (String) null);
        assertCounts(Map.of("daytime-1 by 1", 10, "colours-1 by 1", 6));

        metadata = Map.of();
        activate("daytime", "2");
        await()
            .atMost(LIMIT)
            .until(() -> "2".equals(rollouts.read("daytime").orElseThrow().settled()));
        label(4, "daytime", null);
        assertCounts(Map.of("daytime-1 by 1", 10, "colours-1 by 1", 8, "daytime-2 by 2", 2));

        activate("colours", "2");
        await()
            .atMost(LIMIT)
            .until(() -> "2".equals(rollouts.read("colours").orElseThrow().settled()));
        label(4, "daytime", null);
        assertCounts(
            Map.of(
                "daytime-1 by 1",
                10,
                "colours-1 by 1",
                8,
                "daytime-2 by 2",
                4,
                "colours-2 by 2",
                2));

        for (RolloutSteps steps : models.steps()) {
          assertThat(steps.reached(Phase.FAILED)).as(steps.model()).isZero();
          assertThat(steps.reached(Phase.CHANGING) > 0)
              .as(steps.model())
              .isEqualTo(!steps.model().equals("unpublished"));
        }

        label(3, "planes", "daytime-9", "unpublished");
        cluster.assertOneOutcomeEachInOrder(LIMIT);
        assertThat(rejections())
            .containsOnly(
                Map.entry(
                    "planes", "model 'planes' is not served, colours, daytime, unpublished are"),
                Map.entry("daytime-9", "model 'daytime-9' is not served, daytime-2 is"),
                Map.entry(
                    "unpublished",
                    "no version of model 'unpublished' is active: activate one with model"
                        + " activate"));
      }
    }
  }

  @Test
  void shouldUnloadTheModelThatWasAskedForLeastRecentlyAndLoadItAgain() throws Exception {
    AppSettings settings = settings(Map.of("model.max-loaded", "1"));
    Assembly assembly = new Assembly(settings);
    GenerationFactory factory = assembly.generations();
    try (LiveModels models = assembly.liveModels(factory)) {
      models.start();
      models.serving().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      try (LabelApp app = assembly.labelApp(assembly.shadowed(models, factory))) {
        app.start();
        label(4, (String) null);
        assertThat(models.loaded()).containsExactly("colours");

        label(4, "daytime");
        assertThat(models.loaded()).containsExactly("daytime");

        // While it is not loaded here, a rollout needs nobody's consent here.
        activate("colours", "2");
        label(30, "daytime", "colours");
        cluster.assertOneOutcomeEachInOrder(LIMIT);
        assertThat(models.loaded()).hasSize(1);
        Map<String, Integer> counts = counts();
        assertThat(counts).containsEntry("daytime-1 by 1", 19);
        // Who joins in rollout 2 takes what is settled first, which rollout 1 chose.
        assertThat(
                counts.entrySet().stream()
                    .filter(count -> count.getKey().matches("colours-1 by 1|colours-2 by 2"))
                    .mapToInt(Map.Entry::getValue)
                    .sum())
            .isEqualTo(19);
        assertThat(cluster.labelled).hasSize(cluster.produced());
      }
    }
  }

  @Test
  void shouldTurnBackFromAVersionOfOneModelByItsVideos() throws Exception {
    LiveVersions.publish(
        log,
        directory,
        "colours",
        "3",
        List.of(
            "return torch.mean(torch.to(clips, 6), [1, 2, 3])"
                + " + torch.to(torch.arange(3), 6) * -200."));
    AppSettings settings =
        settings(Map.of("rollout.soak", "10m", "rollout.watch.slow-factor", "1000"));
    Assembly assembly = new Assembly(settings);
    GenerationFactory factory = assembly.generations();
    try (LiveModels models = assembly.liveModels(factory)) {
      models.start();
      models.serving().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      try (LabelApp app = assembly.labelApp(assembly.shadowed(models, factory))) {
        app.start();
        label(120, "daytime", null);
        activate("colours", "3");

        await()
            .atMost(LIMIT)
            .until(
                () -> {
                  label(10, "daytime", null);
                  return rollouts.read("colours").orElseThrow().urgent();
                });

        assertThat(rollouts.read("colours").orElseThrow().active()).isEqualTo("1");
        assertThat(rollouts.read("colours").orElseThrow().reason())
            .contains("version 3: the best labels");
        assertThat(rollouts.read("daytime").orElseThrow().urgent()).isFalse();
        assertThat(models.steps())
            .extracting(RolloutSteps::model, steps -> steps.reached(Phase.ALARMED))
            .contains(tuple("colours", 1L), tuple("daytime", 0L));
      }
    }
  }

  private VideoReference reference(String id) {
    int number = Integer.parseInt(id.substring("video-".length()));
    return VideoReference.newBuilder()
        .setId(id)
        .setUri(video)
        .setModel(named.get(number % named.size()))
        .setMetadata(metadata)
        .build();
  }

  /** A number of videos, a multiple of that of the names, each with the next name. */
  private void label(int videos, String... names) {
    named = Arrays.asList(names);
    cluster.produce(videos);
    cluster.readUntil(LIMIT, () -> cluster.seen() >= cluster.produced());
  }

  private void activate(String model, String version) {
    rollouts.change(
        model, before -> before == null ? Wanted.first(model, version) : before.activate(version));
  }

  private void assertCounts(Map<String, Integer> expected) {
    assertThat(counts()).isEqualTo(new TreeMap<>(expected));
  }

  /** Labels by version and rollout, each of them with the labels and the digest of its version. */
  private Map<String, Integer> counts() {
    Map<String, Integer> counts = new TreeMap<>();
    for (VideoLabels labels : cluster.labelled.values()) {
      String name = labels.getModel().getName();
      String version = labels.getModel().getVersion();
      counts.merge(name + "-" + version + " by " + labels.getRollout(), 1, Integer::sum);
      assertThat(labels.getModel()).isEqualTo(identity(name, version));
      List<String> known = name.equals("daytime") ? DAYTIMES : List.of("red", "green", "blue");
      assertThat(labels.getLabels())
          .extracting(Label::getName)
          .containsExactlyInAnyOrderElementsOf(known);
    }
    return counts;
  }

  private ModelIdentity identity(String name, String version) {
    return identities.computeIfAbsent(
        name + "-" + version, id -> LiveVersions.identity(log, name, version));
  }

  /** Details of rejections by the model that was named. */
  private Map<String, String> rejections() {
    Map<String, String> rejections = new HashMap<>();
    try (KafkaConsumer<String, SpecificRecord> consumer =
        kafka.outcomes(List.of(Cluster.TOPICS.rejected()))) {
      long end = System.nanoTime() + LIMIT.toNanos();
      while (rejections.size() < 3) {
        assertThat(System.nanoTime()).as("%s", rejections).isLessThan(end);
        consumer
            .poll(Duration.ofMillis(100))
            .forEach(
                record -> {
                  RejectedVideo rejected = (RejectedVideo) record.value();
                  assertThat(rejected.getReason()).isEqualTo(RejectionReason.UNKNOWN_MODEL);
                  rejections.put(rejected.getReference().getModel(), rejected.getDetail());
                });
      }
    }
    return rejections;
  }

  private AppSettings settings(Map<String, String> more) throws IOException {
    Map<String, String> given = new HashMap<>();
    given.put("application.id", "several");
    given.put("kafka.bootstrap.servers", cluster.bootstrapServers());
    given.put("serde.schema.registry.url", cluster.registry.url());
    given.put("kafka.state.dir", directory + "/state");
    given.put("model.source", "kafka");
    given.put("model.name", "colours");
    given.put("model.others", "daytime,unpublished");
    given.put("model.devices", "cpu");
    given.put("model.cache", directory + "/models");
    given.put("rollout.lease", "4s");
    given.put("rollout.soak", "300ms");
    given.put("batch.max-clips", "4");
    given.put("pipeline.decode-threads", "2");
    given.put("pipeline.max-decoded", "64MiB");
    given.put("pipeline.work-directory", directory + "/work");
    given.put("fetch.file-roots", directory.toString());
    given.putAll(more);
    return AppSettings.read(SettingsSources.load(given, null, Map.of(), Map.of()));
  }
}
