package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.models.ModelLog;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.schemas.serde.AvroSerde;
import io.clipstream.streams.embedded.TestBroker;
import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.live.rollout.Answer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands on the models in Kafka, on a real broker and a real registry. */
@Timeout(900)
class ModelLogCommandsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Swin3dConfig NETWORK =
      new Swin3dConfig(
          8,
          List.of(2, 2),
          List.of(2, 4),
          List.of(4, 4, 4),
          List.of(2, 4, 4),
          2,
          0,
          0,
          0.1,
          true,
          2);

  @TempDir private Path folder;
  private EmbeddedRegistry registry;
  private TestBroker kafka;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void start() {
    registry = new EmbeddedRegistry(0);
    kafka = TestBroker.start(folder.resolve("kafka"));
  }

  @AfterEach
  void stop() {
    kafka.close();
    registry.close();
  }

  @Test
  void shouldTakeAModelThroughItsWholeLife() throws Exception {
    Path key = folder.resolve("sign.key");
    assertThat(execute("model", "keygen", key.toString(), "--json")).isZero();
    String keyId = JSON.readTree(out.toString()).get("id").textValue();
    String one = model("1", 1).toString();
    String two = model("2", 2).toString();

    JsonNode published = json("publish", one, "--key", key.toString()).get(0);
    assertThat(published.get("written").booleanValue()).isTrue();
    assertThat(published.get("signedBy").textValue()).isEqualTo(keyId);
    assertThat(err.toString()).contains("created topics models.artifacts, models.releases");
    assertThat(json("publish", one).get(0).get("written").booleanValue()).isFalse();
    String other = model("1", 3).toString();
    assertThat(fault("publish", other)).contains("small has a version 1 with another artifact");
    json("publish", two);
    assertThat(fault("publish", two, "--key", key.toString()))
        .isEqualTo(
            "small-2 is in Kafka already, not signed, expected by key "
                + keyId
                + ": delete it and publish it again");

    List<JsonNode> listed = json("list");
    assertThat(listed)
        .extracting(model -> model.get("version").textValue())
        .containsExactly("1", "2");
    assertThat(listed.get(0).get("bytes").longValue()).isEqualTo(Files.size(Path.of(two)));
    assertThat(listed.get(0).get("metrics").get("top1").doubleValue()).isEqualTo(0.5);
    assertThat(listed.get(0).get("wanted")).isEmpty();

    assertThat(fault("pin")).contains("no version of model small is active yet");
    assertThat(json("activate", "small-1").get(0).get("active").textValue()).isEqualTo("1");
    settle();
    assertThat(fault("rollback")).contains("model small has no version before 1");

    assertThat(fault("canary", "small-1", "--percent", "5")).contains("it needs no trial");
    JsonNode trial = json("canary", "small-2", "--percent", "12.5").get(0);
    assertThat(trial.get("canary").textValue()).isEqualTo("2");
    assertThat(trial.get("percent").doubleValue()).isEqualTo(12.5);
    assertThat(json("canary", "2", "--percent", "0").get(0).get("canary").isNull()).isTrue();
    assertThat(fault("promote")).contains("model small has no canary to promote");
    json("canary", "small/2", "--percent", "50");
    JsonNode promoted = json("promote", "small").get(0);
    assertThat(promoted.get("active").textValue()).isEqualTo("2");
    assertThat(promoted.get("canary").isNull()).isTrue();

    assertThat(json("pin").get(0).get("pinned").booleanValue()).isTrue();
    assertThat(fault("activate", "small-1")).contains("model small is pinned to version 2");
    String three = model("3", 3).toString();
    assertThat(fault("publish", three, "--activate")).contains("pinned to version 2");
    assertThat(json("list")).as("what cannot be activated is not published").hasSize(2);
    assertThat(json("unpin").get(0).get("pinned").booleanValue()).isFalse();

    assertThat(fault("shadow", "small-1")).contains("topic videos.shadow does not exist");
    kafka.createTopics(List.of(new NewTopic("videos.shadow", 1, (short) 1)));
    assertThat(json("shadow", "small-1").get(0).get("shadow").textValue()).isEqualTo("1");
    assertThat(json("shadow", "--off").get(0).get("shadow").isNull()).isTrue();
    JsonNode back = json("rollback", "--reason", "worse on rain").get(0);
    assertThat(back.get("active").textValue()).isEqualTo("1");
    assertThat(back.get("reason").textValue()).isEqualTo("worse on rain");
    assertThat(json("rollout", "--once").get(0)).isEqualTo(back);

    Path fetched = folder.resolve("fetched.pt");
    json("fetch", "small-2", "-o", fetched.toString());
    assertThat(fetched).hasSameBinaryContentAs(Path.of(two));

    assertThat(fault("delete", "small-1"))
        .isEqualTo(
            "small-1 is wanted (active, settled): activate another version first, or delete it with"
                + " --force");
    assertThat(json("delete", "small-2").get(0).get("version").textValue()).isEqualTo("2");
    json("delete", "small-1", "--force");
    assertThat(json("list")).isEmpty();
    List<JsonNode> again = json("publish", three, "--activate");
    assertThat(again)
        .extracting(line -> line.get("type").textValue())
        .containsExactly("published", "wanted");
    assertThat(again.get(1).get("active").textValue()).isEqualTo("3");
  }

  @Test
  void shouldSayInOneLineWhatTheUserGotWrong() throws Exception {
    String topicsMissing =
        "Kafka holds no models: there is no topic models.artifacts, models.releases,"
            + " models.rollouts, models.status, expected those that ./clipstream model publish"
            + " creates";
    assertThat(fault("list")).isEqualTo(topicsMissing);
    assertThat(fault("rollout")).isEqualTo(topicsMissing);

    Path one = model("1", 1);
    assertThat(fault("publish", one.toString(), "--sha256", "00000000"))
        .contains("small-1.pt: its SHA-256 is ");
    assertThat(fault("publish", one.toString(), "--uri", "ftp://host/small-1.pt"))
        .isEqualTo("the artifact's uri is ftp://host/small-1.pt, expected file: or https:");
    assertThat(fault("activate", "small-1"))
        .isEqualTo("no model is in Kafka yet: publish one with ./clipstream model publish FILE");
    json("publish", one.toString());

    assertThat(fault("activate", "smal-1"))
        .isEqualTo("no version smal-1 is in Kafka, did you mean small-1?");
    assertThat(fault("canary", "other-7", "--percent", "5"))
        .isEqualTo("no version other-7 is in Kafka, expected one of small-1");
    assertThat(fault("pin", "smal")).isEqualTo("no model smal is in Kafka, did you mean small?");
    assertThat(fault("fetch", "small-1", "-o", folder.resolve("none/x.pt").toString()))
        .isEqualTo("no folder " + folder.resolve("none") + ", expected one for the model");
    Path key = Files.writeString(folder.resolve("no.key"), "no key\n");
    assertThat(fault("publish", one.toString(), "--key", key.toString()))
        .contains("holds no PRIVATE KEY");
  }

  @Test
  void shouldFetchFromWhereTheReleaseSays() throws Exception {
    Path one = model("1", 1);
    json("publish", one.toString(), "--uri", one.toUri().toString());
    Path fetched = folder.resolve("fetched.pt");

    json("fetch", "small-1", "-o", fetched.toString());
    assertThat(fetched).hasSameBinaryContentAs(one);

    Files.writeString(one, "altered");
    assertThat(fault("fetch", "small-1", "-o", fetched.toString())).contains("its SHA-256 is ");
    assertThat(folder.resolve("fetched.pt.part")).doesNotExist();
  }

  @Test
  void shouldActivateFirstWhereNoVersionServesYet() throws Exception {
    String one = model("1", 1).toString();
    List<JsonNode> first = json("publish", one, "--activate-first");
    assertThat(first).hasSize(2);
    assertThat(first.get(1).get("active").textValue()).isEqualTo("1");

    assertThat(json("publish", model("2", 2).toString(), "--activate-first")).hasSize(1);
    json("activate", "small-2");
    assertThat(json("publish", one, "--activate-first")).hasSize(1);
    assertThat(json("rollout", "--once").get(0).get("active").textValue()).isEqualTo("2");
  }

  @Test
  void shouldFollowARolloutAndKeepWhatInstancesRun() throws Exception {
    json("publish", model("1", 1).toString(), "--activate");
    json("publish", model("2", 2).toString());
    try (Instance a = new Instance("a");
        Instance b = new Instance("b")) {
      a.says(ModelState.SERVING, "1", null, 0);
      b.says(ModelState.DOWNLOADING, "1", "2", 40);

      assertThat(json("list").get(0).get("instances"))
          .extracting(JsonNode::textValue)
          .containsExactly("a", "b");
      json("activate", "small-2");
      assertThat(fault("delete", "small-1"))
          .isEqualTo(
              "small-1 serves on a, b: activate another version first, or delete it with --force");
      assertThat(run("rollout", "--once")).isZero();
      assertThat(out.toString().lines())
          .containsExactly(
              "small: version 2 active (rollout 2, under way)",
              "  a  serves 1",
              "  b  serves 1  DOWNLOADING 2 [========            ] 40 %");

      StringWriter followed = new StringWriter();
      Thread following =
          new Thread(() -> commandLine(followed, err).execute(arguments("rollout")), "following");
      following.start();
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> followed.toString().contains("DOWNLOADING 2\n"));
      b.says(ModelState.DOWNLOADING, "1", "2", 60);
      b.says(ModelState.FAILED, "1", "2", 0);
      await().atMost(Duration.ofMinutes(2)).until(() -> followed.toString().contains("FAILED 2"));
      a.leaves();
      await().atMost(Duration.ofMinutes(2)).until(() -> followed.toString().contains("gone"));
      following.interrupt();
      following.join(TimeUnit.SECONDS.toMillis(60));

      assertThat(followed.toString().lines())
          .containsExactly(
              "small: version 2 active (rollout 2, under way)",
              "  a  serves 1",
              "  b  serves 1  DOWNLOADING 2",
              "  b  serves 1  FAILED 2  why it failed",
              "  a/small  gone");
    }
  }

  @Test
  void shouldSeeAReleaseThatWasCommittedBehindAnOpenTransaction() throws Exception {
    json("publish", model("1", 1).toString());
    try (KafkaProducer<String, ModelRelease> dead = transactional("dead", Duration.ofSeconds(10));
        KafkaProducer<String, ModelRelease> other =
            transactional("other", Duration.ofSeconds(60))) {
      dead.beginTransaction();
      dead.send(release("9")).get(60, TimeUnit.SECONDS);
      other.beginTransaction();
      other.send(release("2"));
      other.commitTransaction();

      // The broker ends what the dead one left open, after its time-out.
      assertThat(json("activate", "small-2").get(0).get("active").textValue()).isEqualTo("2");
    }
    assertThat(json("list"))
        .extracting(model -> model.get("version").textValue())
        .containsExactly("1", "2");
  }

  /** Another version of the model that is there. */
  private ProducerRecord<String, ModelRelease> release(String version) {
    try (ModelLog models = new ModelLog(log())) {
      models.readToEnd(Duration.ofSeconds(60));
      ModelRelease first = models.find("small", "1").orElseThrow();
      String digest = first.getModel().getDigest();
      return new ProducerRecord<>(
          ModelTopics.defaults().releases(),
          0,
          "small/" + version,
          ModelRelease.newBuilder(first)
              .setModel(new ModelIdentity("small", version, digest))
              .build());
    }
  }

  private KafkaProducer<String, ModelRelease> transactional(String id, Duration timeout) {
    Map<String, Object> properties = new HashMap<>(log().clients());
    properties.put("transactional.id", id);
    properties.put("transaction.timeout.ms", (int) timeout.toMillis());
    KafkaProducer<String, ModelRelease> producer =
        new KafkaProducer<>(
            properties, new StringSerializer(), log().serde(ModelRelease.class).serializer());
    producer.initTransactions();
    return producer;
  }

  private void settle() {
    new RolloutLog(log(), "a test")
        .change(
            "small",
            wanted ->
                wanted
                    .answered(
                        new Answer(Answer.Kind.SETTLE, wanted.rollout(), wanted.active(), null))
                    .orElseThrow());
  }

  private ModelLogConfig log() {
    return new ModelLogConfig(
        ModelTopics.defaults(),
        Map.of("bootstrap.servers", kafka.bootstrapServers()),
        AvroSerde.class.getName(),
        Map.of("schema.registry.url", registry.url()));
  }

  /** What a running instance writes. */
  private final class Instance implements AutoCloseable {
    private final String id;
    private final Serde<ModelStatus> serde = log().serde(ModelStatus.class);
    private final KafkaProducer<String, ModelStatus> producer =
        new KafkaProducer<>(log().clients(), new StringSerializer(), serde.serializer());
    private long beat;

    Instance(String id) {
      this.id = id;
    }

    void says(ModelState state, String serving, String candidate, int progress) throws Exception {
      beat++;
      send(
          ModelStatus.newBuilder()
              .setInstance(id)
              .setName("small")
              .setBeat(beat)
              .setServing(identity(serving))
              .setState(state)
              .setCandidateVersion(candidate)
              .setProgress(progress)
              .setDetail(state == ModelState.FAILED ? "why it failed" : null)
              .setChangedAt(Instant.now())
              .build());
    }

    void leaves() throws Exception {
      send(null);
    }

    private void send(ModelStatus status) throws Exception {
      String topic = ModelTopics.defaults().status();
      producer.send(new ProducerRecord<>(topic, id + "/small", status)).get(60, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
      producer.close();
      serde.close();
    }
  }

  private ModelIdentity identity(String version) throws IOException {
    for (JsonNode release : json("list")) {
      if (release.get("version").textValue().equals(version)) {
        return new ModelIdentity("small", version, release.get("digest").textValue());
      }
    }
    throw new AssertionError("no version " + version);
  }

  /** A real model; another one for another seed. */
  private Path model(String version, int seed) throws IOException {
    Path file = Files.createTempDirectory(folder, "model").resolve("small-" + version + ".pt");
    ModelManifest manifest =
        new ModelManifest(
            "small",
            version,
            List.of("left", "right"),
            new ClipSpec(
                8,
                8,
                32,
                32,
                false,
                List.of(0.485f, 0.456f, 0.406f),
                List.of(0.229f, 0.224f, 0.225f)),
            "1",
            Map.of(),
            "training",
            "fp32",
            Map.of("top1", 0.5),
            Map.of(),
            "");
    Swin3d.write(file, NETWORK, Swin3d.init(NETWORK, seed), manifest);
    return file;
  }

  /** Runs a command that succeeds; the objects that it prints. */
  private List<JsonNode> json(String... command) throws IOException {
    List<String> all = new ArrayList<>(List.of(command));
    all.add("--json");
    assertThat(run(all.toArray(String[]::new))).as(err.toString()).isZero();
    List<JsonNode> objects = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      objects.add(JSON.readTree(line));
    }
    return objects;
  }

  /** Runs a command that fails; the one line that it says. */
  private String fault(String... command) {
    assertThat(run(command)).isEqualTo(1);
    assertThat(out.toString()).isEmpty();
    List<String> lines =
        err.toString().lines().filter(line -> !line.startsWith("created topics ")).toList();
    assertThat(lines).hasSize(1);
    assertThat(lines.get(0)).startsWith("clipstream: ");
    return lines.get(0).substring("clipstream: ".length());
  }

  private int run(String... command) {
    return execute(arguments(command));
  }

  private String[] arguments(String... command) {
    List<String> arguments = new ArrayList<>(List.of("model"));
    arguments.addAll(List.of(command));
    arguments.add("--set");
    arguments.add("kafka.bootstrap.servers=" + kafka.bootstrapServers());
    arguments.add("--set");
    arguments.add("serde.schema.registry.url=" + registry.url());
    return arguments.toArray(String[]::new);
  }

  private int execute(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return commandLine(out, err).execute(arguments);
  }

  private static picocli.CommandLine commandLine(StringWriter out, StringWriter err) {
    return Clipstream.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true));
  }
}
