package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.streams.embedded.TestBroker;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code clipstream check} and {@code repartition} on a real broker and registry. */
@Timeout(900)
class CheckIT {
  private static final List<String> TOPICS =
      List.of("videos.incoming", "videos.labeled", "videos.rejected", "videos.dead-letter");

  @TempDir private Path folder;
  private final EmbeddedRegistry registry = new EmbeddedRegistry(0);
  private TestBroker kafka;
  private Path settings;
  private Path videos;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void start() throws Exception {
    kafka = TestBroker.start(folder.resolve("kafka"));
    settings = folder.resolve("my.properties");
    videos = Files.createDirectory(folder.resolve("videos"));
    Files.createFile(videos.resolve("a.mp4"));
    Files.writeString(
        settings,
        String.join(
            "\n",
            "kafka.bootstrap.servers=" + kafka.bootstrapServers(),
            "serde.schema.registry.url=" + registry.url(),
            "model.devices=cpu",
            "fetch.max-bytes=1MiB",
            "fetch.max-disk=1MiB",
            "fetch.file-roots=" + videos,
            "pipeline.work-directory=" + folder.resolve("work")));
  }

  @AfterEach
  void stop() {
    kafka.close();
    registry.close();
  }

  @Test
  void shouldFindNothingWrongAndChangeNothing() throws Exception {
    kafka.createTopics(TOPICS.stream().map(name -> topic(name, Map.of())).toList());

    assertThat(run("check")).as(out + "" + err).isZero();
    assertThat(out.toString().lines())
        .hasSize(15)
        .allMatch(line -> line.startsWith("ok "))
        .anyMatch(line -> line.matches("ok +broker +1 broker of .*"))
        .anyMatch(line -> line.matches("ok +authentication +PLAINTEXT is let in"))
        .anyMatch(line -> line.matches("ok +topic videos.incoming +2 partitions, delete, READ .*"))
        .anyMatch(line -> line.matches("ok +pending references +clipstream has never run here"))
        .anyMatch(line -> line.matches("ok +transactions +none hangs"))
        .anyMatch(line -> line.matches("ok +registry for videos.labeled +videos.labeled-value .*"))
        .anyMatch(line -> line.matches("ok +model +camera-motion-4 with 11 labels"))
        .anyMatch(line -> line.matches("ok +devices +cpu"))
        .anyMatch(line -> line.matches("ok +disk +.* GiB are free at .*"));
    assertThat(folder.resolve("work")).doesNotExist();

    assertThat(run("repartition", "--json")).isZero();
    assertThat(objects().get(0).get("pending").intValue()).isZero();
  }

  @Test
  void shouldTellEachPartThatIsWrong() throws Exception {
    kafka.createTopics(
        List.of(
            topic("videos.incoming", Map.of("cleanup.policy", "compact")),
            topic("videos.labeled", Map.of("max.message.bytes", "1000")),
            topic("videos.rejected", Map.of())));
    registry.suspend();

    assertThat(run("check", "--json", "--set", "fetch.max-disk=1000TiB")).isEqualTo(1);
    List<JsonNode> lines = objects();
    assertThat(line(lines, "broker").get("state").textValue()).isEqualTo("ok");
    assertFailed(lines, "topic videos.incoming", "cleanup.policy=compact, expected delete");
    assertFailed(lines, "topic videos.labeled", "max.message.bytes=1000, expected at least");
    assertThat(line(lines, "topic videos.rejected").get("state").textValue()).isEqualTo("ok");
    assertFailed(lines, "topic videos.dead-letter", "it does not exist");
    assertFailed(
        lines,
        "registry for videos.incoming",
        "schema registry does not answer at [" + registry.url());
    assertThat(line(lines, "disk").get("state").textValue()).isEqualTo("warning");
  }

  @Test
  void shouldNameTheRootsWhoseVideosWouldWait() throws Exception {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Path missing = folder.resolve("vidoes");
    String roots = "fetch.file-roots=%s,%s,%s".formatted(videos, empty, missing);

    assertThat(run("check", "--json", "--set", roots)).isEqualTo(1);
    List<JsonNode> lines = objects();
    assertThat(line(lines, "file root " + videos).get("state").textValue()).isEqualTo("ok");
    assertThat(line(lines, "file root " + empty).get("state").textValue()).isEqualTo("warning");
    assertFailed(
        lines,
        "file root " + missing,
        "it cannot be reached: no such file or folder, did you mean " + videos + "?");

    assertThat(run("check", "--json", "--set", "fetch.root-marker=a.mp4", "--set", roots))
        .isEqualTo(1);
    lines = objects();
    assertThat(line(lines, "file root " + videos).get("detail").textValue())
        .isEqualTo("readable, holds a.mp4");
    assertFailed(lines, "file root " + empty, "it lacks its marker a.mp4; run starts");
  }

  @Test
  void shouldGoOnWithTheRestWhenNoBrokerAnswers() throws Exception {
    kafka.close();

    Path noModel = Files.writeString(folder.resolve("no.pt"), "text");
    assertThat(run("check", "--json", "--set", "model.path=" + noModel)).isEqualTo(1);
    List<JsonNode> lines = objects();
    assertFailed(lines, "broker", "nothing listens at " + kafka.bootstrapServers());
    assertThat(lines).noneMatch(line -> line.get("part").textValue().startsWith("topic"));
    assertFailed(lines, "model", "model.path names " + noModel + ": not a zip file");
  }

  @Test
  void shouldNameTheHostOfBrokersThatCannotBeLookedUp() throws Exception {
    String servers = "kafka.bootstrap.servers=no.such.host.invalid:9092";

    assertThat(run("check", "--json", "--set", servers)).isEqualTo(1);
    assertFailed(objects(), "broker", "there is no host no.such.host.invalid");
  }

  private static void assertFailed(List<JsonNode> lines, String part, String detail) {
    assertThat(line(lines, part).get("state").textValue()).isEqualTo("failed");
    assertThat(line(lines, part).get("detail").textValue()).isNotBlank().contains(detail);
  }

  private static JsonNode line(List<JsonNode> lines, String part) {
    return lines.stream()
        .filter(line -> line.get("part").textValue().equals(part))
        .findFirst()
        .orElseThrow();
  }

  private static NewTopic topic(String name, Map<String, String> settings) {
    return new NewTopic(name, Optional.of(2), Optional.empty()).configs(settings);
  }

  private List<JsonNode> objects() throws Exception {
    List<JsonNode> objects = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      objects.add(new ObjectMapper().readTree(line));
    }
    return objects;
  }

  private int run(String... command) {
    List<String> arguments = new ArrayList<>(List.of(command));
    arguments.addAll(1, List.of("-c", settings.toString()));
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Clipstream.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments.toArray(String[]::new));
  }
}
