package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.VideoEncoder;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.schemas.serde.RegistryClient;
import io.clipstream.schemas.serde.RegistryConfig;
import io.clipstream.streams.app.Assembly;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.app.LabelApp;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.embedded.EmbeddedKafka;
import io.clipstream.streams.live.LiveGenerations;
import io.clipstream.streams.live.LiveModel;
import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.live.rollout.Wanted;
import io.clipstream.trainer.data.ClipList;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The closed loop: an instance labels with a model that knows too little, people correct it, a
 * model is trained on what they said, passes the gate, is published, and the instance takes it up.
 */
@Timeout(900)
class RetrainIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  /** Of 14 six are held out: if the live model has none right, that is not by chance. */
  private static final int STRIPED = 14;

  private static final int PLAIN = 5;

  @TempDir private Path folder;
  private EmbeddedRegistry registry;
  private EmbeddedKafka kafka;
  private Path recipe;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Map<String, String> settings = new LinkedHashMap<>();

  @BeforeEach
  void start() throws Exception {
    registry = new EmbeddedRegistry(0);
    kafka = new EmbeddedKafka(folder.resolve("kafka"), 0);
    kafka.createTopics(
        2,
        "videos.incoming",
        "videos.labeled",
        "videos.rejected",
        "videos.dead-letter",
        "videos.feedback");
    settings.put("kafka.bootstrap.servers", kafka.bootstrapServers());
    settings.put("serde.schema.registry.url", registry.url());
    settings.put("fetch.file-roots", folder.toString());
    recipe = recipe();
  }

  @AfterEach
  void stop() {
    kafka.close();
    registry.close();
  }

  @Test
  void shouldLearnFromCorrectionsAndServeWhatItLearnt() throws Exception {
    for (int i = 0; i < 8; i++) {
      video("base/dark/" + i + ".avi", 60, 60, i);
      video("base/bright/" + i + ".avi", 160, 160, 100 + i);
    }
    // The first model knows dark and bright alone; there is none that it could be held against.
    run(0, "train", "--data", path("base"), "-o", path("one"), "--publish", "--activate");
    assertThat(err.toString()).contains("gate: levels-1 passed").contains("published and active");

    LiveGenerations generations = new LiveGenerations("levels");
    AppSettings app = appSettings();
    Assembly assembly = new Assembly(app);
    try (LiveModel live = assembly.live("levels", generations, assembly.generations())) {
      live.start();
      generations.serving().join();
      try (LabelApp labelApp = assembly.labelApp(assembly.pipeline(generations))) {
        labelApp.start();
        List<String> ids = submitVideos(app);
        Map<String, VideoLabels> before = labels(app, ids, "1");
        assertThat(before.values())
            .extracting(RetrainIT::top)
            .doesNotContain("striped")
            .contains("dark");

        correct(ids);
        retrain();
        await().atMost(LIMIT).until(() -> generations.roles().active().version().equals("2"));

        Instant again = Instant.now();
        submitVideos(app);
        Map<String, VideoLabels> after = labels(app, ids, "2");
        after.forEach((id, label) -> assertThat(top(label)).as(id).isEqualTo(truth(id)));
        showTheDifference(again);
        refuseWhatIsNoBetter();
        compareOnTheSameVideos();
      }
    }
  }

  /** As with a list of files: a video that does not decode is not what a label is judged by. */
  @Test
  void shouldHoldOutVideosThatDecode() throws Exception {
    for (int i = 0; i < 4; i++) {
      for (String label : List.of("dark", "bright")) {
        Path file = folder.resolve("new/" + label + "-" + i + ".avi");
        int level = label.equals("dark") ? 60 : 160;
        video("new/" + label + "-" + i + ".avi", level, level, i);
        run(0, "correct", label + "-" + i, label, "--uri", file.toUri().toString());
      }
    }
    List<String> train =
        List.of(
            "train",
            "--feedback",
            "-o",
            path("one"),
            "--dry-run",
            "--set",
            "data.validation-share=0.25");
    run(0, train.toArray(String[]::new));
    ClipList.Entry held = heldOut("dark");
    byte[] bytes = Files.readAllBytes(Path.of(URI.create(held.source())));
    Files.write(Path.of(URI.create(held.source())), Arrays.copyOf(bytes, 100));

    List<String> fresh = new ArrayList<>(train);
    fresh.add("--fresh");
    run(0, fresh.toArray(String[]::new));

    assertThat(heldOut("dark").source()).isNotEqualTo(held.source());
    assertThat(err.toString()).contains("left out ").contains(": CORRUPT: its avi header");
    assertThat(Files.readString(folder.resolve("one/data.json"))).contains("CORRUPT");
    // And when the run goes on with what it has.
    run(0, train.toArray(String[]::new));
  }

  /** The run goes on with the feedback that it has, but not with another list beside it. */
  @Test
  void shouldNotTakeAnotherListForTheOneThatItWasBegunWith() throws Exception {
    StringBuilder list = new StringBuilder("path,label\n");
    for (int i = 0; i < 4; i++) {
      for (String label : List.of("dark", "bright")) {
        int level = label.equals("dark") ? 60 : 160;
        video("new/" + label + "-" + i + ".avi", level, level, i);
        list.append("new/%s-%d.avi,%s%n".formatted(label, i, label));
      }
    }
    Path base = Files.writeString(folder.resolve("base.csv"), list);
    video("more.avi", 60, 60, 9);
    run(0, "correct", "more", "dark", "--uri", folder.resolve("more.avi").toUri().toString());
    List<String> brief = List.of("--set", "train.epochs=1", "--set", "train.warmup-epochs=0");
    List<String> train = new ArrayList<>(List.of("train", "--feedback", "-o", path("one")));
    train.addAll(List.of("--data", base.toString()));
    train.addAll(brief);
    run(0, train.toArray(String[]::new));

    Files.writeString(
        base, list.toString().replace("new/dark-0.avi,dark", "new/dark-0.avi,bright"));
    run(1, train.toArray(String[]::new));

    assertThat(err.toString()).contains("going on with the snapshot").contains("--fresh");
    Files.writeString(base, list);
    run(0, train.toArray(String[]::new));
    assertThat(err.toString()).contains("nothing left to train");
    // Another snapshot than that of the folder is not passed over in silence.
    Path other = folder.resolve("other.json");
    Files.writeString(
        other,
        Files.readString(folder.resolve("one/feedback/snapshot.json"))
            .replace("[ 0, 1 ]", "[ 0, 9 ]"));
    train.set(1, "--feedback=" + other);
    run(1, train.toArray(String[]::new));
    assertThat(err.toString()).contains("has the snapshot of other feedback than " + other);
  }

  private ClipList.Entry heldOut(String label) throws Exception {
    List<ClipList.Entry> held =
        ClipList.read(folder.resolve("one/feedback/videos.csv")).split("validation").stream()
            .filter(entry -> entry.label().equals(label))
            .toList();
    assertThat(held).hasSize(1);
    return held.get(0);
  }

  /** As if the publication had begun later, when this was wanted. */
  private static String since(String notEnded, Wanted wanted) {
    String text = notEnded.replaceFirst("(\"revision\" *: *)0", "$1" + wanted.revision());
    assertThat(text).isNotEqualTo(notEnded);
    return text;
  }

  /** As a scheduler does with a command that failed, or was killed. */
  @Test
  void shouldGoOnWithAPublicationThatWasNotActivatedAndActivateNothingTwice() throws Exception {
    for (int i = 0; i < 8; i++) {
      video("base/dark/" + i + ".avi", 60, 60, i);
      video("base/bright/" + i + ".avi", 160, 160, 100 + i);
    }
    String[] train = {
      "train", "--data", path("base"), "-o", path("one"), "--publish", "--activate"
    };
    ModelLogConfig log =
        new KafkaConnection(appSettings().connection()).modelLog(appSettings().live().topics());
    takeNoRollouts();
    run(1, train); // It is published, and the activation fails.
    assertThat(err.toString()).contains("incompatible with an earlier version");
    assertThat(run(0, "model", "list", "--json")).contains("\"version\":\"1\"");
    takeRollouts();
    byte[] model = Files.readAllBytes(folder.resolve("one/levels-1.pt"));
    Path begun = folder.resolve("one/publishing.json");
    String notEnded = Files.readString(begun);

    assertThat(run(0, train)).isEqualTo(path("one/levels-1.pt") + "\n");

    RolloutLog rollouts = new RolloutLog(log, "a test");
    assertThat(err.toString()).contains("levels-1 is published and active").doesNotContain("epoch");
    assertThat(rollouts.read("levels").orElseThrow().active()).isEqualTo("1");
    assertThat(folder.resolve("one/levels-1.pt")).hasBinaryContent(model);
    assertThat(begun).doesNotExist();
    run(1, train);
    assertThat(err.toString()).contains("levels-1 is in Kafka already: set model.version to");

    Files.writeString(begun, notEnded); // Killed just after it was activated.
    Wanted other = rollouts.change("levels", before -> before.activate("0"));
    run(0, train);
    assertThat(err.toString())
        .contains(
            "levels-1 is published, and not activated again: it was active or on trial since, and"
                + " now 0 is active (model activate levels-1 makes it serve)");
    assertThat(rollouts.read("levels")).hasValue(other);
    assertThat(begun).doesNotExist();

    // A record less than there were changes, as once the topic was cleaned up.
    Wanted gap = rollouts.change("levels", before -> before.pin(true).pin(false));
    Files.writeString(begun, since(notEnded, other));
    run(1, train);
    assertThat(err.toString()).contains("since is not all in Kafka any more");
    assertThat(rollouts.read("levels")).hasValue(gap);

    // Others' changes that have nothing to do with it.
    rollouts.change("levels", before -> before.pin(true));
    rollouts.change("levels", before -> before.pin(false));
    Files.writeString(begun, since(notEnded, gap));
    run(0, train);
    assertThat(err.toString()).contains("levels-1 is published and active");
    assertThat(rollouts.read("levels").orElseThrow().active()).isEqualTo("1");
  }

  /** That its subject has another schema refuses what is wanted of models, after all else. */
  private void takeNoRollouts() {
    try (RegistryClient client =
        RegistryClient.shared(RegistryConfig.from(Map.of("schema.registry.url", registry.url())))) {
      client.register("models.rollouts-value", VideoReference.getClassSchema(), false);
    }
  }

  private void takeRollouts() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(registry.url() + "/config/models.rollouts-value"))
            .header("Content-Type", "application/vnd.schemaregistry.v1+json")
            .PUT(BodyPublishers.ofString("{\"compatibility\":\"NONE\"}"))
            .build();
    assertThat(HttpClient.newHttpClient().send(request, BodyHandlers.discarding()).statusCode())
        .isEqualTo(200);
  }

  /** Striped ones, which the first model cannot know, and more of those that it can. */
  private List<String> submitVideos(AppSettings app) throws Exception {
    Map<String, int[]> levels = new LinkedHashMap<>();
    for (int i = 0; i < STRIPED; i++) {
      levels.put("striped-" + i, new int[] {60, 180});
    }
    for (int i = 0; i < PLAIN; i++) {
      levels.put("dark-" + i, new int[] {60, 60});
      levels.put("bright-" + i, new int[] {160, 160});
    }
    try (KafkaProducer<String, VideoReference> producer =
        new KafkaConnection(app.connection()).producer()) {
      for (Map.Entry<String, int[]> video : levels.entrySet()) {
        String id = video.getKey();
        Path file = folder.resolve("new/" + id + ".avi");
        if (!Files.exists(file)) {
          video("new/" + id + ".avi", video.getValue()[0], video.getValue()[1], id.hashCode());
        }
        VideoReference reference =
            VideoReference.newBuilder().setId(id).setUri(file.toUri().toString()).build();
        producer
            .send(new ProducerRecord<>("videos.incoming", id, reference))
            .get(60, TimeUnit.SECONDS);
      }
    }
    return List.copyOf(levels.keySet());
  }

  private void correct(List<String> ids) throws Exception {
    for (String id : ids) {
      JsonNode said = json(run(0, "correct", id, truth(id), "--json"));
      assertThat(said.get("label").textValue()).isEqualTo(truth(id));
      assertThat(said.get("was").textValue()).isIn("dark", "bright");
    }
    assertThat(run(1, "correct", "nobody", "dark")).isEmpty();
    assertThat(err.toString())
        .isEqualTo(
            "clipstream: no labels of video nobody are on videos.labeled; say where it is with"
                + " --uri\n");
    assertThat(run(1, "correct", "dark-0", "dark", "--start", "2s", "--end", "1s")).isEmpty();
    assertThat(err.toString()).contains("--end is 1s, expected later than --start, 2s");
    assertThat(run(1, "correct", "dark-0", "dark", "--start", "100s")).isEmpty();
    assertThat(err.toString())
        .contains("the label begins at 100000 ms, expected it before the video's end at 2000 ms");
    assertThat(run(1, "correct", "dark-0", "dark\u001b[2J")).isEmpty();
    assertThat(err.toString()).contains("expected text without control characters");
    assertThat(run(1, "correct", "dark-0", "dark", "--uri", "dark.avi")).isEmpty();
    assertThat(err.toString()).contains("--uri cannot be used: ");
  }

  private void retrain() throws Exception {
    String[] command = {
      "train",
      "--set",
      "model.version=2",
      "--set",
      "train.start=live",
      "--feedback",
      "-o",
      path("two"),
      "--metrics",
      path("training.prom"),
      "--publish",
      "--activate"
    };
    run(0, command);

    assertThat(Files.readAllLines(folder.resolve("training.prom")))
        .contains(
            "clipstream_training_outcome{model=\"levels\",outcome=\"published\",version=\"2\"} 1.0",
            "clipstream_training_gate_passed{check=\"all\",model=\"levels\",version=\"2\"} 1.0")
        .anyMatch(line -> line.matches("clipstream_training_clips_total\\{.*} [1-9].*"))
        .anyMatch(line -> line.matches("clipstream_training_validation_loss\\{.*} [0-9].*"));

    assertThat(err.toString())
        .contains("training begins with levels-1 and its head for 2 of 3 labels")
        .contains("gate: levels-2 against levels-1 passed")
        .contains("all 2 of the live model, and 1 more");
    Map<String, String> told =
        ModelArtifact.open(folder.resolve("two/levels-2.pt")).manifest().recipe();
    assertThat(told)
        .containsEntry("gate.result", "passed")
        .containsEntry("feedback.people", String.valueOf(STRIPED + 2 * PLAIN));
    assertThat(told.get("feedback.offsets")).contains("videos.feedback-0@0..");
    // The snapshot gives the same data again, though more was said since.
    run(0, "correct", "dark-0", "bright");
    run(
        0,
        "train",
        "--set",
        "model.version=2",
        "--feedback=" + path("two/feedback/snapshot.json"),
        "-o",
        path("again"),
        "--dry-run");
    run(0, "correct", "dark-0", "dark");
    assertThat(Files.readString(folder.resolve("again/feedback/videos.csv")))
        .isEqualTo(Files.readString(folder.resolve("two/feedback/videos.csv")));
  }

  private void showTheDifference(Instant again) throws Exception {
    String lines =
        run(0, "diff", "videos.labeled@.." + again, "videos.labeled@" + again + "..", "--json");
    JsonNode sum = json(lines.lines().findFirst().orElseThrow());
    assertThat(sum.get("both").intValue()).isEqualTo(STRIPED + 2 * PLAIN);
    assertThat(sum.get("changed").intValue()).isEqualTo(STRIPED);
    assertThat(lines).contains("\"to\":{\"striped\":");
  }

  /** The same data once more makes no better model. */
  private void refuseWhatIsNoBetter() throws Exception {
    List<String> command =
        List.of(
            "train",
            "--set",
            "model.version=3",
            "--set",
            "train.start=live",
            "--feedback",
            "-o",
            path("three"),
            "--publish");
    run(TrainCommand.REFUSED, command.toArray(String[]::new));
    assertThat(err.toString())
        .contains("gate: levels-3 against levels-2 refused")
        .contains("NO   better: ");
    assertThat(run(0, "model", "list", "--json")).doesNotContain("\"version\":\"3\"");

    List<String> wrong = new ArrayList<>(command);
    wrong.addAll(List.of("--set", "gate.split=nosuch", "--fresh"));
    run(1, wrong.toArray(String[]::new));
    assertThat(err.toString())
        .contains("has no videos in split nosuch; it has train, validation")
        .doesNotContain("epoch 1/");

    List<String> forced = new ArrayList<>(command);
    forced.add("--force");
    run(0, forced.toArray(String[]::new));
    assertThat(run(0, "model", "list", "--json")).contains("\"version\":\"3\"");
    assertThat(ModelArtifact.open(folder.resolve("three/levels-3.pt")).manifest().recipe())
        .containsEntry("gate.result", "forced");

    run(1, command.toArray(String[]::new));
    assertThat(err.toString())
        .contains("levels-3 is in Kafka already: set model.version to another one");
  }

  private void compareOnTheSameVideos() throws Exception {
    Path page = folder.resolve("page.html");
    List<String> lines =
        evaluate("one/levels-1.pt", "two/levels-2.pt", "--json", "--html", page.toString())
            .lines()
            .toList();

    assertThat(lines).hasSize(3);
    JsonNode first = json(lines.get(0));
    assertThat(first.get("type").textValue()).isEqualTo("evaluation");
    assertThat(first.get("views").textValue()).isEqualTo("4x3");
    assertThat(first.get("videos").intValue()).isEqualTo(16);
    assertThat(first.get("reliability")).isNotEmpty();
    JsonNode comparison = json(lines.get(2));
    assertThat(comparison.get("second").textValue()).isEqualTo("levels-2");
    assertThat(comparison.get("chance").doubleValue()).isBetween(0.0, 1.0);
    assertThat(page).content().contains("levels-2 on ").doesNotContain("http");
    assertThat(evaluate("one/levels-1.pt")).contains("top-1 ").contains("calibration error ");
  }

  private String evaluate(String... arguments) {
    List<String> command = new ArrayList<>(List.of("eval", "--data", path("base")));
    command.addAll(List.of("--views", "4x3"));
    for (String argument : arguments) {
      command.add(argument.endsWith(".pt") ? path(argument) : argument);
    }
    return run(0, command.toArray(String[]::new));
  }

  private static String truth(String id) {
    return id.substring(0, id.indexOf('-'));
  }

  private static String top(VideoLabels labels) {
    return labels.getLabels().get(0).getName();
  }

  /** The labels of these videos by a version, once all are there. */
  private static Map<String, VideoLabels> labels(
      AppSettings app, List<String> ids, String version) {
    Map<String, VideoLabels> labels = new HashMap<>();
    Set<String> missing = new HashSet<>(ids);
    long end = System.nanoTime() + LIMIT.toNanos();
    try (KafkaConsumer<String, SpecificRecord> consumer =
        new KafkaConnection(app.connection()).outcomes(List.of("videos.labeled"))) {
      while (!missing.isEmpty()) {
        assertThat(System.nanoTime()).as("no labels of %s by %s", missing, version).isLessThan(end);
        for (ConsumerRecord<String, SpecificRecord> record :
            consumer.poll(Duration.ofMillis(200))) {
          VideoLabels video = (VideoLabels) record.value();
          if (video.getModel().getVersion().equals(version) && missing.remove(video.getId())) {
            labels.put(video.getId(), video);
          }
        }
      }
    }
    return labels;
  }

  private AppSettings appSettings() throws Exception {
    Map<String, String> own = new LinkedHashMap<>(settings);
    own.put("kafka.state.dir", path("state"));
    own.put("model.source", "kafka");
    own.put("model.name", "levels");
    own.put("model.devices", "cpu");
    own.put("model.cache", path("models"));
    own.put("rollout.soak", "500ms");
    own.put("rollout.labels", "any"); // the second version knows one more
    own.put("pipeline.work-directory", path("work"));
    return AppSettings.read(SettingsSources.load(own, null, Map.of(), Map.of()));
  }

  private Path recipe() throws Exception {
    return Files.writeString(
        folder.resolve("levels.properties"),
        TinyRecipe.KEYS
            + """
              model.name=levels
              model.version=1
              train.head=by-name
              train.epochs=30
              train.learning-rate=1e-2
              train.class-weights=balanced
              gate.max-latency=100
              """);
  }

  /** Columns of 8 pixels of two levels, with noise; 12 frames a second for 2 s. */
  private void video(String name, int low, int high, int seed) throws Exception {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Random random = new Random(seed);
    ByteBuffer picture = ByteBuffer.allocateDirect(64 * 36 * 3);
    try (VideoEncoder encoder =
        new VideoEncoder(file, VideoEncoder.Settings.of("mpeg4", 64, 36, 12))) {
      for (int frame = 0; frame < 24; frame++) {
        for (int i = 0; i < picture.capacity(); i++) {
          int level = i / 3 % 64 / 8 % 2 == 0 ? low : high;
          picture.put(i, (byte) (level + random.nextInt(40)));
        }
        encoder.add(picture);
      }
    }
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private static JsonNode json(String line) throws Exception {
    return new ObjectMapper().readTree(line);
  }

  /** Runs a command that must end with this code; gives what it printed. */
  private String run(int code, String... command) {
    List<String> arguments = new ArrayList<>(List.of(command));
    if (command[0].equals("train")) {
      arguments.addAll(List.of("-c", recipe.toString(), "--threads", "2"));
    }
    if (!command[0].equals("eval")) {
      settings.forEach(
          (key, value) -> {
            arguments.add("--set");
            arguments.add(key + "=" + value);
          });
    }
    if (command[0].equals("train") && !arguments.contains("train.start=live")) {
      arguments.addAll(List.of("--set", "train.initialisation=gabor"));
    }
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    int found =
        Clipstream.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments.toArray(String[]::new));
    assertThat(found).as("%s%n%s", arguments, err).isEqualTo(code);
    return out.toString();
  }
}
