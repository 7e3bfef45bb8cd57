package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.schemas.serde.AvroSerde;
import io.clipstream.streams.classify.Fixtures;
import io.clipstream.streams.embedded.EmbeddedKafka;
import io.clipstream.streams.outcome.Outcome;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code clipstream diff} on a real broker and a real registry. */
@Timeout(900)
class DiffIT {
  private static final Instant NOON = Instant.parse("2026-11-26T12:00:00Z");

  @TempDir private Path folder;
  private EmbeddedRegistry registry;
  private EmbeddedKafka kafka;
  private Serde<VideoLabels> serde;
  private KafkaProducer<String, VideoLabels> producer;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void start() {
    registry = new EmbeddedRegistry(0);
    kafka = new EmbeddedKafka(folder.resolve("kafka"), 0);
    kafka.createTopics(2, "old", "new");
    serde =
        AvroSerde.create(
            AvroSerde.class.getName(),
            VideoLabels.class,
            Map.of("schema.registry.url", registry.url()));
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new StringSerializer(),
            serde.serializer());
  }

  @AfterEach
  void stop() {
    producer.close();
    serde.close();
    kafka.close();
    registry.close();
  }

  @Test
  void shouldSayWhatChangedByClass() throws Exception {
    label("old", 0, "a", "cat", 0.5f);
    label("old", 0, "b", "cat", 0.5f);
    label("old", 0, "c", "cat", 0.5f);
    label("old", 0, "d", "dog", 0.5f);
    label("old", 0, "gone", "dog", 0.5f);
    label("new", 1, "a", "dog", 0.5f);
    label("new", 1, "a", "cat", 0.75f);
    label("new", 1, "b", "dog", 0.25f);
    label("new", 1, "c", "cow", 0.75f);
    label("new", 1, "d", "dog", 0.75f);

    assertThat(run("diff", "old", "new", "--json")).as(err.toString()).isZero();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      lines.add(new ObjectMapper().readTree(line));
    }
    JsonNode sum = lines.get(0);
    assertThat(sum.get("both").intValue()).isEqualTo(4);
    assertThat(sum.get("onlyBefore").intValue()).isEqualTo(1);
    assertThat(sum.get("onlyAfter").intValue()).isZero();
    assertThat(sum.get("changed").intValue()).isEqualTo(2);
    assertThat(sum.get("meanScoreChange").doubleValue()).isCloseTo(0.125, within(1e-6));
    assertThat(lines)
        .filteredOn(line -> line.get("type").textValue().equals("class"))
        .extracting(JsonNode::toString)
        .containsExactly(
            "{\"type\":\"class\",\"name\":\"cat\",\"videos\":3,\"changed\":2,\"to\":{\"cow\":1,"
                + "\"dog\":1}}",
            "{\"type\":\"class\",\"name\":\"dog\",\"videos\":1,\"changed\":0,\"to\":{}}");

    assertThat(run("diff", "old", "new")).isZero();
    assertThat(out.toString().lines())
        .containsExactly(
            "4 videos in both; 1 only in old, 0 only in new",
            "top-1 changed for 2 (50.0 %), its mean score by +0.1250",
            "  cat                      2 of 3 changed: 1 cow, 1 dog");
  }

  @Test
  void shouldCompareTwoRangesOfOneTopic() throws Exception {
    label("old", 0, "a", "cat", 0.5f);
    label("old", 1, "b", "cat", 0.5f);
    label("old", 60, "a", "dog", 0.5f);
    label("old", 61, "b", "dog", 0.5f);

    assertThat(run("diff", "old@..2026-11-26T12:01:00Z", "old@2026-11-26T12:01:00Z.."))
        .as(err.toString())
        .isZero();
    assertThat(out.toString()).contains("2 videos in both; ").contains("changed for 2 (100.0 %)");
    assertThat(run("diff", "old@0..1", "old@1..")).isZero();
    assertThat(out.toString()).contains("in both; ").contains("only in old@0..1");
  }

  @Test
  void shouldLeaveOutAndCountWhatIsNoLabels() throws Exception {
    label("old", 0, "a", "cat", 0.5f);
    label("new", 1, "a", "dog", 0.5f);
    foreign("new", "no Avro at all");
    foreign("new", null);

    assertThat(run("diff", "old", "new")).as(err.toString()).isZero();
    assertThat(out.toString().lines())
        .containsExactly(
            "1 video in both; 0 only in old, 0 only in new",
            "top-1 changed for 1 (100.0 %), its mean score by +0.0000",
            "  cat                      1 of 1 changed: 1 dog",
            "records that are no labels were left out: 0 of old, 2 of new");
    assertThat(run("diff", "new", "old", "--json")).isZero();
    JsonNode sum = new ObjectMapper().readTree(out.toString().lines().findFirst().orElseThrow());
    assertThat(sum.get("leftOutBefore").intValue()).isEqualTo(2);
    assertThat(sum.get("leftOutAfter").intValue()).isZero();
    kafka.createTopics(1, "other");
    foreign("other", "no Avro at all");
    assertThat(run("diff", "old", "other")).isEqualTo(1);
    assertThat(err.toString()).contains("topic other holds no labels, expected one that does");
  }

  private void foreign(String topic, String text) throws Exception {
    try (KafkaProducer<String, String> foreign =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      foreign.send(new ProducerRecord<>(topic, "a", text)).get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void shouldSayInOneLineWhatCannotBeCompared() throws Exception {
    label("old", 0, "a", "cat", 0.5f);
    label("old", 0, "b", "cat", 0.5f);

    assertThat(run("diff", "old", "nwe")).isEqualTo(1);
    assertThat(err.toString())
        .startsWith("clipstream: topic nwe does not exist at ")
        .contains("did you mean new?")
        .hasLineCount(1);
    assertThat(run("diff", "old@noon..", "new")).isEqualTo(1);
    assertThat(err.toString())
        .isEqualTo(
            "clipstream: range is 'old@noon..', expected TOPIC or TOPIC@FROM..TO with offsets, or"
                + " times such as 2026-11-26T10:00:00Z\n");
    assertThat(run("diff", "old", "new", "--max-videos", "1")).isEqualTo(1);
    assertThat(err.toString()).contains("one side has more than 1 video: ").hasLineCount(1);
  }

  /** Videos of one id go to one partition. */
  private void label(String topic, int second, String id, String name, float score)
      throws Exception {
    VideoLabels some = ((Outcome.Labelled) Fixtures.labelled(Fixtures.reference(id))).labels();
    VideoLabels labels =
        VideoLabels.newBuilder(some)
            .setLabels(List.of(Label.newBuilder().setId(0).setName(name).setScore(score).build()))
            .build();
    long time = NOON.plusSeconds(second).toEpochMilli();
    producer.send(new ProducerRecord<>(topic, null, time, id, labels)).get(60, TimeUnit.SECONDS);
  }

  private int run(String... command) {
    List<String> arguments = new ArrayList<>(List.of(command));
    arguments.add("--set");
    arguments.add("kafka.bootstrap.servers=" + kafka.bootstrapServers());
    arguments.add("--set");
    arguments.add("serde.schema.registry.url=" + registry.url());
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Clipstream.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments.toArray(String[]::new));
  }
}
