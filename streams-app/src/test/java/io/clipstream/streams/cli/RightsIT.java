package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.VideoEncoder;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.streams.app.Assembly;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.app.ShadowClient;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.console.ConsoleClients;
import io.clipstream.streams.console.SyntheticLabels;
import io.clipstream.streams.embedded.AccessRight;
import io.clipstream.streams.embedded.EmbeddedKafka;
import io.clipstream.streams.embedded.SecuredKafka;
import io.clipstream.streams.live.LiveGenerations;
import io.clipstream.streams.live.LiveModel;
import io.clipstream.streams.live.LiveVersions;
import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.live.rollout.Wanted;
import io.clipstream.streams.topology.PendingVideos;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * What works with the rights that {@code ops/README.md} lists for it, on a broker that refuses what
 * no rule allows; and what it says, in one line, of each right that is missing. The instance itself
 * is {@code SecuredIT}'s.
 */
@Timeout(900)
class RightsIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final String MODEL = "small";

  @TempDir private Path folder;
  private EmbeddedRegistry registry;
  private SecuredKafka kafka;
  private ModelLogConfig models;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** What a user does; the one line that it said where it failed, else an empty one. */
  @FunctionalInterface
  private interface Work {
    String of(String user) throws Exception;
  }

  @BeforeEach
  void start() throws Exception {
    registry = new EmbeddedRegistry(0);
    kafka = new SecuredKafka(folder.resolve("kafka"));
    models = connection(Map.of("kafka.bootstrap.servers", kafka.open())).modelLog(topics());
  }

  @AfterEach
  void stop() {
    kafka.close();
    registry.close();
  }

  @Test
  void shouldMakeTopics() throws Exception {
    tried(
        List.of("topics"),
        user -> said(user, "topics", "create", "--partitions", "1", "--set", "model.source=kafka"));
  }

  @Test
  void shouldSubmit() throws Exception {
    makeTopics();
    tried(List.of("producer"), user -> said(user, "submit", "https://media.example.com/a.mp4"));
  }

  @Test
  void shouldReadOutcomes() throws Exception {
    makeTopics();
    label("videos.labeled");
    label("videos.shadow");
    tried(
        List.of("reader"),
        user -> {
          String watched = said(user, "watch", "--from-beginning", "--count", "1");
          return watched.isEmpty()
              ? said(user, "diff", "videos.labeled", "videos.shadow")
              : watched;
        });
  }

  @Test
  void shouldCorrect() throws Exception {
    makeTopics();
    label("videos.labeled");
    tried(List.of("annotator"), user -> said(user, "correct", "seen", "goal kick"));
  }

  @Test
  void shouldPublish() throws Exception {
    makeTopics();
    LiveVersions.publish(models, model("1"));
    String again = model("1").toString();
    String next = model("2").toString();
    tried(
        List.of("publisher"),
        user -> {
          String published = said(user, "model", "publish", again);
          return published.isEmpty() ? said(user, "model", "publish", next) : published;
        });
  }

  @Test
  void shouldPublishWhereTopicsAreMissing() throws Exception {
    String file = model("1").toString();
    List<AccessRight> rights = new ArrayList<>(AccessRight.of("publisher"));
    allow("without", rights);
    rights.addAll(AccessRight.of("maker of model topics"));
    allow("all", rights);

    assertThat(said("without", "model", "publish", file)).contains("models.", "CREATE");
    assertThat(said("all", "model", "publish", file)).isEmpty();
  }

  @Test
  void shouldRollOut() throws Exception {
    makeTopics();
    LiveVersions.publish(models, folder, MODEL, "1");
    new RolloutLog(models, "a test").change("other", before -> Wanted.first("other", "1"));
    tried(List.of("rollout"), user -> said(user, "model", "activate", "small-1"));
  }

  @Test
  void shouldTrain() throws Exception {
    makeTopics();
    Path recipe =
        Files.writeString(
            folder.resolve("levels.properties"),
            TinyRecipe.KEYS
                + """
                  model.name=levels
                  model.version=1
                  train.head=by-name
                  train.epochs=2
                  train.initialisation=gabor
                  train.learning-rate=1e-2
                  """);
    allow("people", AccessRight.of("annotator"));
    for (int i = 0; i < 12; i++) {
      String label = i % 2 == 0 ? "dark" : "bright";
      Path video = video(i % 2 == 0 ? 40 : 180, i);
      assertThat(said("people", "correct", "v" + i, label, "--uri", video.toUri().toString()))
          .isEmpty();
    }
    String[] train = {
      "train", "-c", recipe.toString(), "--feedback", "--set", "fetch.file-roots=" + folder
    };

    tried(
        List.of("trainer"),
        user -> said(user, with(train, "-o", folder.resolve(user).toString(), "--dry-run")));

    List<AccessRight> rights = new ArrayList<>(AccessRight.of("trainer"));
    rights.addAll(AccessRight.of("publisher"));
    rights.addAll(AccessRight.of("rollout"));
    allow("publishes", rights);
    String run = folder.resolve("run").toString();
    assertThat(said("publishes", with(train, "-o", run, "--publish", "--activate", "--force")))
        .isEmpty();
    assertThat(new RolloutLog(models, "a test").read("levels").orElseThrow().active())
        .isEqualTo("1");
  }

  @Test
  void shouldTakeModelsFromKafka() throws Exception {
    makeTopics();
    RolloutLog rollouts = new RolloutLog(models, "a test");
    tried(
        List.of("models from Kafka"),
        user -> {
          LiveVersions.publish(models, folder, user, "1");
          rollouts.change(user, before -> Wanted.first(user, "1"));
          LiveGenerations generations = new LiveGenerations(user);
          Assembly assembly = new Assembly(settings(secured(user)));
          try (Warnings warnings = new Warnings("io.clipstream.streams.live");
              LiveModel live = assembly.live(user, generations, assembly.generations())) {
            live.start();
            await()
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(400)) // Each look takes a client.
                .until(
                    () ->
                        !warnings.heard.isEmpty()
                            || "1".equals(rollouts.read(user).orElseThrow().settled()));
            return warnings.heard.isEmpty() ? "" : warnings.heard.peek();
          }
        });
  }

  @Test
  void shouldWriteLabelsOfAShadow() throws Exception {
    makeTopics();
    tried(
        List.of("shadow"),
        user -> {
          try (Warnings warnings = new Warnings("io.clipstream.streams.app")) {
            ShadowClient.write(
                connection(secured(user)), SyntheticLabels.of("seen", MODEL, "corner"));
            return warnings.heard.isEmpty() ? "" : warnings.heard.peek();
          }
        });
  }

  @Test
  void shouldRepartition() throws Exception {
    makeTopics();
    String changelog = PendingVideos.changelog("clipstream");
    EmbeddedKafka.createTopics(kafka.open(), List.of(new NewTopic(changelog, 2, (short) 1)));
    tried(
        List.of("repartition"),
        user -> {
          pending(changelog);
          return said(user, "repartition");
        });
  }

  @Test
  void shouldShowAConsole() throws Exception {
    makeTopics();
    LiveVersions.publish(models, folder, MODEL, "1");
    label("videos.labeled");
    tried(
        List.of("console"),
        user -> ConsoleClients.read(connection(secured(user)), topics()).orElse(""));
  }

  @Test
  void shouldWriteFromAConsole() throws Exception {
    makeTopics();
    LiveVersions.publish(models, folder, MODEL, "1");
    List<AccessRight> reads = AccessRight.of("console");
    tried(
        List.of("console that writes"),
        user -> {
          kafka.allow(reads.stream().map(right -> right.to(user)).toList());
          return ConsoleClients.write(connection(secured(user)), topics(), MODEL).orElse("");
        });
  }

  /** With all rights but each one, which is said; and then with all of them. */
  private void tried(List<String> components, Work work) throws Exception {
    List<AccessRight> rights = new ArrayList<>();
    for (String component : components) {
      rights.addAll(AccessRight.of(component));
    }
    for (int i = 0; i < rights.size(); i++) {
      AccessRight missing = rights.get(i);
      String user = "without-" + i;
      allow(user, rights.stream().filter(right -> right != missing).toList());

      String line = work.of(user);

      assertThat(line)
          .as("without %s", missing)
          .contains(missing.name().equals("kafka-cluster") ? "CREATE" : missing.name())
          .containsPattern("ACL|authoriz")
          .doesNotContain("\n");
      if (line.startsWith("clipstream: ")) { // a command's
        assertThat(line).contains(missing.operation().name());
      }
    }
    allow("all", rights);
    assertThat(work.of("all")).as("with %s", rights).isEmpty();
  }

  private void allow(String user, List<AccessRight> rights) throws Exception {
    kafka.addUsers(List.of(user));
    List<AclBinding> rules = rights.stream().map(right -> right.to(user)).toList();
    kafka.allow(rules);
  }

  private void makeTopics() throws Exception {
    EmbeddedKafka.createTopics(
        kafka.open(),
        Stream.of(
                "videos.incoming",
                "videos.labeled",
                "videos.rejected",
                "videos.dead-letter",
                "videos.shadow",
                "videos.feedback")
            .map(name -> new NewTopic(name, 1, (short) 1))
            .toList());
    try (Admin admin = models.admin()) {
      new ModelTopicSetup(admin, topics()).create();
    }
  }

  private static ModelTopics topics() {
    return ModelTopics.defaults();
  }

  private Map<String, String> secured(String user) {
    Map<String, String> settings = new LinkedHashMap<>();
    kafka.client(user, user).forEach((key, value) -> settings.put("kafka." + key, value));
    return settings;
  }

  private AppSettings settings(Map<String, String> given) throws Exception {
    Map<String, String> all = new LinkedHashMap<>(given);
    all.put("serde.schema.registry.url", registry.url());
    all.put("model.source", "kafka");
    all.put("model.name", MODEL);
    all.put("model.devices", "cpu");
    all.put("model.cache", folder.resolve("models").toString());
    all.put("rollout.lease", "2s");
    all.put("rollout.soak", "100ms");
    all.put("pipeline.max-decoded", "64MiB");
    all.put("pipeline.work-directory", folder.resolve("work").toString());
    return AppSettings.read(SettingsSources.load(Map.of(), null, Map.of(), all));
  }

  private KafkaConnection connection(Map<String, String> given) throws Exception {
    return new KafkaConnection(settings(given).connection());
  }

  private Path model(String version) throws Exception {
    return LiveVersions.write(folder, MODEL, version, Weights.of(List.of(1), new float[1]));
  }

  private void label(String topic) throws Exception {
    VideoLabels labels = SyntheticLabels.of("seen", MODEL, "corner");
    try (KafkaProducer<byte[], VideoLabels> producer =
        connection(Map.of("kafka.bootstrap.servers", kafka.open())).labels("a-test")) {
      producer.initTransactions();
      producer.beginTransaction();
      producer
          .send(new ProducerRecord<>(topic, "seen".getBytes(StandardCharsets.UTF_8), labels))
          .get(60, TimeUnit.SECONDS);
      producer.commitTransaction();
    }
  }

  /** One reference that was taken and has no outcome, as an instance keeps it. */
  private void pending(String changelog) throws Exception {
    byte[] key = {'k'};
    ByteBuffer slot = ByteBuffer.allocate(3 * Long.BYTES + 3 * Integer.BYTES + 2 * key.length);
    slot.putLong(0).putLong(0).putLong(0); // Its turn, offset and time.
    slot.putInt(key.length).put(key).putInt(0).putInt(key.length).put(key); // No headers.
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.open()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer
          .send(new ProducerRecord<>(changelog, 0, new byte[Integer.BYTES], slot.array()))
          .get(60, TimeUnit.SECONDS);
    }
  }

  private Path video(int level, int number) throws Exception {
    Path file = folder.resolve("v" + number + ".avi");
    ByteBuffer picture = ByteBuffer.allocateDirect(64 * 36 * 3);
    try (VideoEncoder encoder =
        new VideoEncoder(file, VideoEncoder.Settings.of("mpeg4", 64, 36, 12))) {
      for (int frame = 0; frame < 12; frame++) {
        for (int i = 0; i < picture.capacity(); i++) {
          picture.put(i, (byte) (level + (i * 7 + number + frame) % 40));
        }
        encoder.add(picture);
      }
    }
    return file;
  }

  private static String[] with(String[] command, String... more) {
    return Stream.concat(Stream.of(command), Stream.of(more)).toArray(String[]::new);
  }

  /** Runs a command as a user. */
  private String said(String user, String... command) {
    List<String> arguments = new ArrayList<>(List.of(command));
    Map<String, String> settings = secured(user);
    settings.put("serde.schema.registry.url", registry.url());
    settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    int code =
        Clipstream.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments.toArray(String[]::new));
    return code == 0
        ? ""
        : Stream.concat(out.toString().lines(), err.toString().lines())
            .filter(line -> line.contains("clipstream: ") || line.contains("refused"))
            .findFirst()
            .orElse(out + "" + err);
  }

  /** What is warned of. */
  private static final class Warnings extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    final Queue<String> heard = new ConcurrentLinkedQueue<>();
    private final Logger logger;
    private final Level before;

    Warnings(String name) {
      logger = (Logger) LoggerFactory.getLogger(name);
      before = logger.getLevel();
      setContext(logger.getLoggerContext());
      start();
      logger.setLevel(Level.WARN);
      logger.addAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getFormattedMessage().matches(".*(ACL|authoriz).*")) {
        heard.add(event.getFormattedMessage());
      }
    }

    @Override
    public void close() {
      logger.detachAppender(this);
      logger.setLevel(before);
    }
  }
}
