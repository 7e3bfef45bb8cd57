package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.streams.embedded.TestBroker;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code clipstream topics create} on a real broker. */
@Timeout(900)
class TopicsCreateIT {
  @TempDir private Path folder;
  private TestBroker kafka;
  private Path settings;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void start() throws Exception {
    kafka = TestBroker.start(folder.resolve("kafka"));
    settings = folder.resolve("my.properties");
    Files.writeString(settings, "kafka.bootstrap.servers=" + kafka.bootstrapServers() + "\n");
  }

  @AfterEach
  void stop() {
    kafka.close();
  }

  @Test
  void shouldMakeWhatIsMissingOnce() throws Exception {
    assertThat(run("--dry-run", "--partitions", "3")).isZero();
    assertThat(out.toString().lines())
        .containsExactly(
            "videos.incoming     missing  3 partitions, 1 replica, delete",
            "videos.labeled      missing  3 partitions, 1 replica, delete",
            "videos.shadow       missing  3 partitions, 1 replica, delete",
            "videos.rejected     missing  3 partitions, 1 replica, delete",
            "videos.dead-letter  missing  3 partitions, 1 replica, delete",
            "videos.feedback     missing  3 partitions, 1 replica, delete",
            "models.artifacts    missing  8 partitions, 1 replica, compact",
            "models.releases     missing  1 partition, 1 replica, compact",
            "models.rollouts     missing  1 partition, 1 replica, compact",
            "models.status       missing  1 partition, 1 replica, compact");
    assertThat(topics()).isEmpty();

    assertThat(run("--partitions", "3")).isZero();
    assertThat(out.toString().lines()).hasSize(10).allMatch(line -> line.contains("  made     "));
    assertThat(topics()).hasSize(10);
    assertThat(setting("videos.incoming", "cleanup.policy")).isEqualTo("delete");
    assertThat(setting("videos.incoming", "message.timestamp.type")).isEqualTo("CreateTime");
    assertThat(setting("videos.labeled", "min.insync.replicas")).isEqualTo("1");
    assertThat(setting("models.artifacts", "segment.bytes")).isEqualTo("268435456");
    assertThat(setting("models.status", "cleanup.policy")).isEqualTo("compact");

    assertThat(run("--json")).isZero();
    List<JsonNode> again = objects();
    assertThat(again).extracting(each -> each.get("state").textValue()).containsOnly("exists");
    assertThat(again.get(0).get("topic").textValue()).isEqualTo("videos.incoming");
    assertThat(again.get(0).get("partitions").intValue()).isEqualTo(3);
    assertThat(again.get(0).get("faults")).isEmpty();
  }

  @Test
  void shouldSayHowTopicsDifferAndLeaveThem() throws Exception {
    kafka.createTopics(
        List.of(
            topic("videos.incoming", Map.of("cleanup.policy", "compact")),
            topic("videos.dead-letter", Map.of("max.message.bytes", "2000000")),
            topic("models.releases", Map.of("max.message.bytes", "1000"))));

    assertThat(run("--set", "kafka.producer.max.request.size=4194304")).isEqualTo(1);
    assertThat(out.toString().lines())
        .hasSize(10)
        .contains(
            "videos.incoming     differs  cleanup.policy=compact, expected delete",
            "videos.labeled      made     12 partitions, 1 replica, delete",
            "videos.dead-letter  differs  max.message.bytes=2000000, expected at least 4194304",
            "models.releases     differs  cleanup.policy=delete, expected compact;"
                + " max.message.bytes=1000, expected at least 65536");
    assertThat(setting("videos.incoming", "cleanup.policy")).isEqualTo("compact");

    assertThat(run("--replicas", "2", "--dry-run")).isEqualTo(1);
    assertThat(out.toString()).contains("videos.labeled      differs  1 of 2 replicas\n");
  }

  @Test
  void shouldMakeRoomForDeadLettersOfTheLargestRequest() throws Exception {
    assertThat(run("--set", "kafka.producer.max.request.size=4194304")).isZero();
    assertThat(setting("videos.dead-letter", "max.message.bytes")).isEqualTo("4194304");
    assertThat(setting("videos.labeled", "max.message.bytes")).isEqualTo("1048588");
  }

  @Test
  void shouldSayWhyTopicsWereNotMade() throws Exception {
    assertThat(run("--replicas", "3", "--json")).isEqualTo(1);
    assertThat(objects())
        .hasSize(10)
        .allSatisfy(
            each -> {
              assertThat(each.get("state").textValue()).isEqualTo("refused");
              assertThat(each.get("faults").get(0).textValue()).contains("replication factor");
            });
    assertThat(topics()).isEmpty();
  }

  @Test
  void shouldSayInOneLineThatNoKafkaAnswers() {
    kafka.close();
    assertThat(run()).isEqualTo(1);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).startsWith("clipstream: no Kafka answers at ").hasLineCount(1);
  }

  private static NewTopic topic(String name, Map<String, String> settings) {
    return new NewTopic(name, Optional.of(2), Optional.empty()).configs(settings);
  }

  private List<String> topics() throws Exception {
    try (Admin admin = admin()) {
      return List.copyOf(admin.listTopics().names().get(60, TimeUnit.SECONDS));
    }
  }

  private String setting(String topic, String key) throws Exception {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try (Admin admin = admin()) {
      Config config =
          admin.describeConfigs(List.of(resource)).all().get(60, TimeUnit.SECONDS).get(resource);
      return config.get(key).value();
    }
  }

  private Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
  }

  private List<JsonNode> objects() throws Exception {
    List<JsonNode> objects = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      objects.add(new ObjectMapper().readTree(line));
    }
    return objects;
  }

  private int run(String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("topics", "create", "-c", settings.toString()));
    arguments.addAll(List.of(more));
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Clipstream.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments.toArray(String[]::new));
  }
}
