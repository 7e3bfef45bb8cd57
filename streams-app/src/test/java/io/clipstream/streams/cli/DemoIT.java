package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.Sha256;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.live.LiveVersions;
import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.topology.Topics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The packaged application as a user starts it: by the launcher, from the jars. */
class DemoIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Path ARCHIVE =
      Path.of("target/app/clipstream-%d.jsa".formatted(Runtime.version().feature()));

  /** While it is there, the launcher makes no archive of classes, which takes another demo. */
  private static final Path LOCK = Path.of(ARCHIVE + ".lock");

  @TempDir Path directory;

  @BeforeAll
  static void makeNoArchive() throws IOException {
    Files.createDirectories(LOCK);
  }

  @AfterAll
  static void makeArchives() throws IOException {
    Files.deleteIfExists(LOCK);
  }

  @Test
  @Tag("nightly")
  @Timeout(900)
  void shouldStartFromTheArchiveOfClassesThatItMadeBehindTheFirstCommand() throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    Path classes = directory.resolve("classes");
    Path video = LiveVersions.video(directory.resolve("video.mp4"));
    Files.deleteIfExists(ARCHIVE);
    Files.delete(LOCK);
    try {
      assertThat(start(out, err, "predict", "--json", video.toString())).isZero();
      Awaitility.await()
          .atMost(Duration.ofMinutes(8))
          .until(() -> Files.exists(ARCHIVE) && !Files.exists(LOCK));
    } finally {
      Files.createDirectories(LOCK);
    }
    ProcessBuilder builder = command("predict", "--json", video.toString());
    builder.environment().put("CLIPSTREAM_JAVA_OPTS", "-Xlog:class+load:file=" + classes);

    assertThat(start(builder, out, err)).as(Files.readString(err)).isZero();

    assertThat(Files.readString(classes))
        .containsPattern("io\\.clipstream\\.\\S+ source: shared objects file \\(top\\)");
    assertThat(Files.readString(err)).as("the log").isEmpty();
  }

  /**
   * Also where the checkout is a linked worktree, whose commit is not that of the repository's own.
   */
  @Test
  void shouldTellTheCommitThatItWasBuiltFrom() throws Exception {
    Path head = directory.resolve("head");
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    assumeTrue(
        start(new ProcessBuilder("git", "rev-parse", "--short=7", "HEAD"), head, err) == 0,
        "the sources are not in Git");

    assertThat(start(out, err, "--version")).as(Files.readString(err)).isZero();

    assertThat(Files.readString(out)).contains(Files.readString(head).strip());
  }

  @Test
  void shouldGiveEveryBundledClipItsOutcomeAndEnd() throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");

    int code = start(out, err, "demo", "--exit", "--json");

    assertThat(code).as(Files.readString(err)).isZero();
    Map<String, JsonNode> outcomes = new HashMap<>();
    for (String line : Files.readAllLines(out)) {
      JsonNode outcome = JSON.readTree(line);
      assertThat(outcomes.put(outcome.get("id").asText(), outcome)).as("two outcomes").isNull();
    }
    List<DemoClip> clips = DemoClip.bundled();
    assertThat(clips).hasSizeGreaterThanOrEqualTo(12);
    assertThat(outcomes).hasSameSizeAs(clips);
    for (DemoClip clip : clips) {
      JsonNode outcome = outcomes.get(clip.file());
      String got =
          outcome.get("type").asText().equals("labelled")
              ? outcome.get("labels").get(0).get("name").asText()
              : outcome.get("reason").asText();
      assertThat(got).as(clip.file()).isEqualTo(clip.expected());
    }
    assertThat(Files.readString(err)).as("the log").isEmpty();
  }

  @Test
  void shouldLabelWithTheModelThatItIsGiven() throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    Path model = LiveVersions.write(directory, "given", "7", Weights.of(List.of(1), new float[1]));

    int code = start(out, err, "demo", "--exit", "--json", "--model", model.toString());

    assertThat(code).as(Files.readString(err)).isZero();
    List<JsonNode> models = new ArrayList<>();
    for (String line : Files.readAllLines(out)) {
      JsonNode outcome = JSON.readTree(line);
      if (outcome.get("type").asText().equals("labelled")) {
        models.add(outcome.get("model"));
      }
    }
    assertThat(models)
        .hasSizeGreaterThanOrEqualTo(10)
        .allSatisfy(
            used -> {
              assertThat(used.get("name").asText()).isEqualTo("given");
              assertThat(used.get("version").asText()).isEqualTo("7");
              assertThat(used.get("digest").asText()).isEqualTo(Sha256.of(model));
            });
    assertThat(Files.readString(err)).as("the log").isEmpty();
  }

  @Test
  @Timeout(900)
  void shouldTakeUpAnotherVersionWhileItRuns() throws Exception {
    Path out = directory.resolve("out");
    Process demo =
        command("demo", "--root", directory.toString())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    try {
      await(() -> Files.readString(out).contains("Waiting for more"), demo, out);
      Matcher started =
          Pattern.compile("Kafka (\\S+), schema registry (\\S+), model")
              .matcher(Files.readString(out));
      assertThat(started.find()).isTrue();
      KafkaConnection kafka = connection(started.group(1), started.group(2));
      ModelLogConfig log = kafka.modelLog(ModelTopics.defaults());
      ModelManifest bundled = ModelArtifact.bundled().manifest();
      RolloutLog rollouts = new RolloutLog(log, "a test");
      assertThat(rollouts.read(bundled.name()).orElseThrow().active()).isEqualTo(bundled.version());

      LiveVersions.publishSuccessor(log, directory, bundled, "other");
      rollouts.change(bundled.name(), before -> before.activate("other"));
      await(() -> "other".equals(rollouts.read(bundled.name()).orElseThrow().settled()), demo, out);

      Path video = LiveVersions.video(directory.resolve("later.mp4"));
      try (KafkaConsumer<String, SpecificRecord> outcomes =
              kafka.outcomes(List.of(Topics.defaults().labeled()));
          KafkaProducer<String, VideoReference> producer = kafka.producer()) {
        VideoReference reference =
            VideoReference.newBuilder().setId("later").setUri(video.toUri().toString()).build();
        producer.send(new ProducerRecord<>(Topics.defaults().incoming(), "later", reference)).get();
        Map<String, VideoLabels> labels = new HashMap<>();
        await(
            () -> {
              outcomes
                  .poll(Duration.ofMillis(100))
                  .forEach(record -> labels.put(record.key(), (VideoLabels) record.value()));
              return labels.containsKey("later");
            },
            demo,
            out);
        assertThat(labels.get("later").getModel().getVersion()).isEqualTo("other");
        assertThat(labels.get("later").getRollout()).isEqualTo(2);
        assertThat(labels.get("static.mov").getModel().getVersion()).isEqualTo(bundled.version());
      }
    } finally {
      demo.destroyForcibly().waitFor();
    }
  }

  @Test
  void shouldFindFilesOfAnyNameInTheLocaleC() throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    Path video = LiveVersions.video(directory.resolve("gr\u00f6\u00dfe-\u8996.mp4"));
    ProcessBuilder builder = command("predict", "--json", video.toString());
    builder.environment().remove("LANG");
    builder.environment().put("LC_ALL", "C");

    assertThat(start(builder, out, err)).as(Files.readString(err)).isZero();

    JsonNode predicted = JSON.readTree(Files.readString(out));
    assertThat(predicted.get("file").asText()).isEqualTo(video.toString());
    assertThat(predicted.get("labels")).isNotEmpty();
  }

  private static KafkaConnection connection(String servers, String registry) throws Exception {
    Map<String, String> addresses =
        Map.of("kafka.bootstrap.servers", servers, "serde.schema.registry.url", registry);
    return new KafkaConnection(
        ConnectionSettings.read(SettingsSources.load(addresses, null, Map.of(), Map.of())));
  }

  private static void await(Callable<Boolean> condition, Process demo, Path out) throws Exception {
    Awaitility.await()
        .atMost(Duration.ofMinutes(4))
        .pollInterval(Duration.ofMillis(300))
        .until(
            () -> {
              assertThat(demo.isAlive()).as(Files.readString(out)).isTrue();
              return condition.call();
            });
  }

  private static ProcessBuilder command(String... arguments) {
    List<String> command = new ArrayList<>(List.of("../clipstream"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("CLIPSTREAM_JAVA_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
    return builder;
  }

  private static int start(Path out, Path err, String... arguments) throws Exception {
    return start(command(arguments), out, err);
  }

  private static int start(ProcessBuilder command, Path out, Path err) throws Exception {
    Process process = command.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      assertThat(process.waitFor(240, TimeUnit.SECONDS)).as("ended").isTrue();
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }
}
