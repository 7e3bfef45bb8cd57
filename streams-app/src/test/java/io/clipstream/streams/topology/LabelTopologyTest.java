package io.clipstream.streams.topology;

import static io.clipstream.streams.classify.Fixtures.reference;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.schemas.Label;
import io.clipstream.schemas.LabelledSegment;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.streams.classify.BrokenPipelineException;
import io.clipstream.streams.classify.Fixtures;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.DeadLetters;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.outcome.Rejections;
import java.net.ConnectException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class LabelTopologyTest {
  private static final Topics TOPICS = Topics.defaults();
  private static final Instant TIME = Instant.ofEpochMilli(1_700_000_000_000L);

  private final EmbeddedRegistry registry = new EmbeddedRegistry(0);
  private final HeldLabeller labeller = new HeldLabeller();
  private IntakeGate gate = new IntakeGate(PendingLimits.of(3), labeller::waiting);
  private final Attempts attempts = new Attempts(3);

  /** What the topology's serializer of labels throws, or null. */
  private RuntimeException writeFailure;

  private Formats formats;
  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> raw;
  private TestInputTopic<String, VideoReference> incoming;
  private TestOutputTopic<String, VideoLabels> labeled;
  private TestOutputTopic<String, RejectedVideo> rejected;
  private TestOutputTopic<byte[], byte[]> deadLetters;

  @BeforeEach
  void start() {
    start(OutcomeTimestamp.REFERENCE);
  }

  private void start(OutcomeTimestamp timestamps) {
    OutcomeTimes times = new OutcomeTimes(timestamps);
    // Another setting gives it another client, with another cache, than the topology's.
    formats = formats(Map.of("max.retries", "1"));
    Properties config = new Properties();
    config.put("application.id", "test");
    config.put("bootstrap.servers", "127.0.0.1:9");
    config.put("processing.exception.handler.global.enabled", "true");
    driver =
        new TopologyTestDriver(
            LabelTopology.build(
                TOPICS, this::failingFormats, labeller, gate, attempts, times, 1 << 20),
            config,
            TIME);
    raw =
        driver.createInputTopic(
            TOPICS.incoming(), new ByteArraySerializer(), new ByteArraySerializer());
    incoming =
        driver.createInputTopic(
            TOPICS.incoming(), new StringSerializer(), formats.references().serializer());
    labeled =
        driver.createOutputTopic(
            TOPICS.labeled(), new StringDeserializer(), formats.labels().deserializer());
    rejected =
        driver.createOutputTopic(
            TOPICS.rejected(), new StringDeserializer(), formats.rejected().deserializer());
    deadLetters =
        driver.createOutputTopic(
            TOPICS.deadLetter(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private Formats formats(Map<String, String> more) {
    Map<String, String> config = new HashMap<>(more);
    config.put("schema.registry.url", registry.url());
    return Formats.create("io.clipstream.schemas.serde.AvroSerde", config);
  }

  private Formats failingFormats() {
    Formats real = formats(Map.of());
    Serializer<VideoLabels> failing =
        new Serializer<>() {
          @Override
          public byte[] serialize(String topic, VideoLabels labels) {
            if (writeFailure != null) {
              throw writeFailure;
            }
            return real.labels().serializer().serialize(topic, labels);
          }

          /** A client that stays open is used again by a registry that gets the same port. */
          @Override
          public void close() {
            real.labels().serializer().close();
          }
        };
    return new Formats(
        real.references(),
        Serdes.serdeFrom(failing, real.labels().deserializer()),
        real.rejected());
  }

  @AfterEach
  void stop() {
    driver.close();
    formats.close();
    registry.close();
  }

  @Test
  void shouldForwardLabelsWithKeyTimeAndHeadersOfTheReference() {
    Headers headers = new RecordHeaders().add("trace", "7".getBytes(UTF_8));
    incoming.pipeInput(new TestRecord<>("a", reference("a"), headers, TIME.plusMillis(5)));
    drain();
    assertThat(labeled.isEmpty()).isTrue();
    assertThat(pendingInStore()).isEqualTo(1);
    VideoRequest request = labeller.work("a").request;
    assertThat(request.key()).isEqualTo("a".getBytes(UTF_8));
    assertThat(request.headers().lastHeader("trace").value()).isEqualTo("7".getBytes(UTF_8));

    labeller.work("a").label();
    drain();

    TestRecord<String, VideoLabels> record = labeled.readRecord();
    assertThat(record.key()).isEqualTo("a");
    assertThat(record.value().getLabels().get(0).getName()).isEqualTo("yes");
    assertThat(record.value().getMetadata()).containsEntry("for", "a");
    assertThat(record.getRecordTime()).isEqualTo(TIME.plusMillis(5));
    assertThat(record.headers().lastHeader("trace").value()).isEqualTo("7".getBytes(UTF_8));
    assertThat(pendingInStore()).isZero();
    assertThat(gate.pending()).isZero();
  }

  @Test
  void shouldForwardRejections() {
    incoming.pipeInput("a", reference("a"));
    labeller.work("a").reject();
    drain();

    assertThat(rejected.readKeyValuesToList())
        .singleElement()
        .satisfies(
            video -> {
              assertThat(video.key).isEqualTo("a");
              assertThat(video.value.getReason()).isEqualTo(RejectionReason.CORRUPT);
              assertThat(video.value.getReference()).isEqualTo(reference("a"));
            });
  }

  @Test
  void shouldKeepTheOrderOfAKeyAndLetOtherKeysPass() {
    incoming.pipeInput("k", reference("first"));
    incoming.pipeInput("k", reference("second"));
    incoming.pipeInput("other", reference("third"));
    labeller.work("second").label();
    labeller.work("third").label();
    drain();
    assertThat(labeled.readValuesToList()).extracting(VideoLabels::getId).containsExactly("third");

    labeller.work("first").label();
    drain();

    assertThat(labeled.readValuesToList())
        .extracting(VideoLabels::getId)
        .containsExactly("first", "second");
  }

  @Test
  void shouldSendBytesThatAreNoReferenceToTheDeadLettersUnchanged() {
    byte[] key = {0, -1, 2};
    byte[] value = {9, 8, 7, -128};
    Headers headers = new RecordHeaders().add("mine", new byte[] {1});
    raw.pipeInput(new TestRecord<>(key, value, headers, TIME.plusMillis(9)));
    drain();

    TestRecord<byte[], byte[]> letter = deadLetters.readRecord();
    assertThat(letter.key()).isEqualTo(key);
    assertThat(letter.value()).isEqualTo(value);
    assertThat(letter.getRecordTime()).isEqualTo(TIME.plusMillis(9));
    assertThat(letter.headers().lastHeader("mine").value()).containsExactly(1);
    assertThat(header(letter, DeadLetters.TOPIC)).isEqualTo(TOPICS.incoming());
    assertThat(header(letter, DeadLetters.PARTITION)).isEqualTo("0");
    assertThat(header(letter, DeadLetters.OFFSET)).isEqualTo("0");
    assertThat(header(letter, DeadLetters.EXCEPTION)).endsWith("SerializationException");
    assertThat(header(letter, DeadLetters.MESSAGE)).isNotBlank();
    assertThat(labeller.submitted).isEmpty();
    assertThat(gate.pending()).isZero();
    assertThat(pendingInStore()).isZero();
  }

  @Test
  void shouldSendRecordsWithoutValueAndHugeOnesToTheDeadLetters() {
    byte[] huge = new byte[ClassifyProcessor.MAX_REFERENCE_BYTES];
    raw.pipeInput(new TestRecord<>("k".getBytes(UTF_8), null));
    raw.pipeInput("k".getBytes(UTF_8), huge);

    List<TestRecord<byte[], byte[]>> letters = deadLetters.readRecordsToList();
    assertThat(letters).hasSize(2);
    assertThat(header(letters.get(0), DeadLetters.MESSAGE)).contains("no value");
    assertThat(header(letters.get(1), DeadLetters.MESSAGE)).contains("expected at most");
    assertThat(letters.get(1).value()).isEqualTo(huge);
    assertThat(pendingInStore()).isZero();
  }

  @Test
  void shouldLeaveOutOfTheDeadLettersWhatKafkaWouldRefuse() {
    byte[] key = {1, 2};
    byte[] huge = new byte[1 << 20];
    Headers many = new RecordHeaders();
    for (int i = 0; i < 100_000; i++) {
      many.add("h", new byte[0]); // Few bytes each, if their lengths did not count.
    }
    raw.pipeInput(new TestRecord<>(key, huge, many, TIME));
    raw.pipeInput(new TestRecord<>(huge, key, new RecordHeaders(), TIME));
    raw.pipeInput(new TestRecord<>(key, new byte[1], many, TIME));

    List<TestRecord<byte[], byte[]>> letters = deadLetters.readRecordsToList();
    assertThat(letters).hasSize(3);
    assertThat(letters.get(0).key()).isEqualTo(key);
    assertThat(letters.get(1).key()).isNull();
    assertThat(letters.get(2).key()).isEqualTo(key);
    for (int i = 0; i < 3; i++) {
      TestRecord<byte[], byte[]> letter = letters.get(i);
      assertThat(letter.value()).isNull();
      assertThat(letter.headers().lastHeader("h")).isNull();
      assertThat(letter.getRecordTime()).isEqualTo(TIME);
      assertThat(header(letter, DeadLetters.OFFSET)).isEqualTo(Integer.toString(i));
      assertThat(Integer.parseInt(header(letter, DeadLetters.OMITTED_BYTES)))
          .isGreaterThan(1 << 20);
    }
    assertThat(pendingInStore()).isZero();
  }

  /** Labels of a video with so many segments of ten labels each. */
  private static VideoLabels labels(String id, int segments) {
    VideoLabels labels = ((Outcome.Labelled) Fixtures.labelled(reference(id))).labels();
    LabelledSegment segment =
        LabelledSegment.newBuilder()
            .setStartMillis(1)
            .setEndMillis(2)
            .setLabels(Collections.nCopies(10, labels.getLabels().get(0)))
            .build();
    return VideoLabels.newBuilder(labels)
        .setSegments(Collections.nCopies(segments, segment))
        .build();
  }

  @Test
  void shouldLeaveSegmentsOutOfLabelsThatKafkaWouldRefuse() {
    incoming.pipeInput("a", reference("a"));
    VideoLabels labels = labels("a", 20_000);
    labeller.work("a").finish(new Outcome.Labelled(labels));
    drain();

    VideoLabels small = labeled.readValue();
    assertThat(small.getSegments()).isEmpty();
    assertThat(small.getLabels()).isEqualTo(labels.getLabels());
    assertThat(small.getVideo().getNote()).contains("20000 segments are left out");
  }

  @Test
  void shouldCountKeyAndHeadersOfLabelsThatKafkaWouldRefuse() {
    Headers headers = new RecordHeaders().add("large", new byte[200_000]);
    incoming.pipeInput(new TestRecord<>("a", reference("a"), headers, TIME));
    labeller.work("a").finish(new Outcome.Labelled(labels("a", 10_000))); // 940,000 bytes
    drain();

    TestRecord<String, VideoLabels> small = labeled.readRecord();
    assertThat(small.value().getSegments()).isEmpty();
    assertThat(small.headers().lastHeader("large").value()).hasSize(200_000);
  }

  @Test
  void shouldLetABadRecordNotHoldItsKey() {
    incoming.pipeInput("k", reference("first"));
    raw.pipeInput("k".getBytes(UTF_8), new byte[] {1});
    incoming.pipeInput("k", reference("second"));
    labeller.work("second").label();
    labeller.work("first").label();
    drain();

    assertThat(labeled.readValuesToList())
        .extracting(VideoLabels::getId)
        .containsExactly("first", "second");
    assertThat(deadLetters.getQueueSize()).isEqualTo(1);
  }

  @Test
  void shouldKeyOutcomesOfRecordsWithoutKeyByTheVideo() {
    incoming.pipeInput(null, reference("first"));
    incoming.pipeInput(null, reference("second"));
    assertThat(labeller.work("second").request.key()).isNull();
    labeller.work("second").label();
    drain();

    assertThat(labeled.readKeyValue().key).isEqualTo("second");
  }

  @Test
  void shouldCloseTheGateWhileTooManyArePending() {
    incoming.pipeInput("a", reference("a"));
    incoming.pipeInput("b", reference("b"));
    assertThat(gate.open()).isTrue();
    incoming.pipeInput("c", reference("c"));
    assertThat(gate.open()).isFalse();

    labeller.work("b").label();
    drain();

    assertThat(gate.open()).isTrue();
    assertThat(gate.pending()).isEqualTo(2);
  }

  @Test
  void shouldCloseTheGateWhileThePendingRecordsAreTooLarge() {
    driver.close();
    gate = new IntakeGate(new PendingLimits(1000, 10_000, 3));
    start();
    VideoReference large =
        VideoReference.newBuilder(reference("a"))
            .setMetadata(Map.of("padding", "x".repeat(6_000)))
            .build();
    incoming.pipeInput("a", large);
    assertThat(gate.open()).isTrue();
    incoming.pipeInput("b", VideoReference.newBuilder(large).setId("b").build());
    assertThat(gate.open()).isFalse();
    assertThat(gate.pendingBytes()).isBetween(12_000L, 14_000L);

    labeller.work("b").label();
    drain();

    assertThat(gate.open()).isTrue();
    labeller.work("a").label();
    drain();
    assertThat(gate.pendingBytes()).isZero();
  }

  @Test
  void shouldCountWhatManyShortNamesTakeInMemory() {
    gate = new IntakeGate(new PendingLimits(100, 5 << 20, 3));
    driver.close();
    start();
    Map<String, String> metadata = new HashMap<>();
    for (int i = 0; i < 40_000; i++) {
      metadata.put(Integer.toString(i, 36), "");
    }
    VideoReference reference =
        VideoReference.newBuilder(reference("many")).setMetadata(metadata).build();
    byte[] value = formats.references().serializer().serialize(TOPICS.incoming(), reference);
    assertThat(value).hasSizeLessThan(ClassifyProcessor.MAX_REFERENCE_BYTES);

    incoming.pipeInput("a", reference);

    assertThat(gate.open()).isFalse();
    assertThat(gate.pendingBytes()).isGreaterThan(6_000_000);
    labeller.work("many").label();
    drain();
    assertThat(gate.pendingBytes()).isZero();
  }

  @Test
  void shouldReadOnWhileVideosWaitAndBeginNothingBehindThem() {
    incoming.pipeInput("a", reference("first"));
    labeller.work("first").heldUp = true;
    incoming.pipeInput("a", reference("behind"));
    incoming.pipeInput("b", reference("other"));
    driver.advanceWallClockTime(Duration.ofSeconds(1));

    assertThat(labeller.ids()).containsExactly("first", "other");
    assertThat(gate.pending()).isEqualTo(3);
    assertThat(gate.open()).isTrue();
    labeller.work("first").heldUp = false;
    labeller.work("first").label();
    drain();
    assertThat(labeller.ids()).containsExactly("first", "other", "behind");
    labeller.work("behind").label();
    labeller.work("other").label();
    drain();

    assertThat(labeled.readValuesToList())
        .extracting("id")
        .containsExactly("first", "behind", "other");
    assertThat(gate.pending()).isZero();
  }

  @Test
  void shouldNotCountWhatIsDoneBehindAVideoThatWaits() {
    incoming.pipeInput("a", reference("first"));
    incoming.pipeInput("a", reference("second"));
    incoming.pipeInput("a", reference("third"));
    labeller.work("second").label();
    labeller.work("third").label();
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    assertThat(gate.open()).as("it may come any moment").isFalse();

    labeller.work("first").heldUp = true;
    driver.advanceWallClockTime(Duration.ofSeconds(1));

    assertThat(gate.open()).isTrue();
    labeller.work("first").heldUp = false;
    labeller.work("first").label();
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    assertThat(gate.pending()).isZero();
    assertThat(labeled.readValuesToList())
        .extracting("id")
        .containsExactly("first", "second", "third");
  }

  @Test
  void shouldCloseTheGateWhileTooManyWait() {
    for (int i = 0; i < 5; i++) {
      assertThat(gate.open()).isTrue();
      incoming.pipeInput("key-" + i, reference("waits-" + i));
      labeller.work("waits-" + i).heldUp = true;
    }

    assertThat(gate.open()).isFalse();
  }

  @Test
  void shouldWaitForARegistryThatIsDownAndLoseNothing() {
    byte[] reference =
        formats.references().serializer().serialize(TOPICS.incoming(), reference("a"));
    registry.suspend();
    raw.pipeInput("a".getBytes(UTF_8), reference);
    assertThat(labeller.submitted).isEmpty();
    assertThat(gate.open()).isFalse();
    assertThat(pendingInStore()).isEqualTo(1);

    registry.resume();
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    assertThat(labeller.ids()).containsExactly("a");
    assertThat(gate.open()).isTrue();

    registry.suspend(); // The schema of the labels was never asked for.
    labeller.work("a").label();
    drain();
    assertThat(pendingInStore()).isEqualTo(1);

    registry.resume();
    driver.advanceWallClockTime(Duration.ofSeconds(1));
    assertThat(labeled.readValuesToList()).extracting(VideoLabels::getId).containsExactly("a");
    assertThat(deadLetters.isEmpty()).isTrue();
    assertThat(pendingInStore()).isZero();
  }

  @Test
  void shouldWaitWhenConfluentsSerializerCannotReachTheRegistry() {
    incoming.pipeInput("a", reference("a"));
    labeller.work("a").label();
    for (RuntimeException failure :
        List.of(
            new SerializationException(
                "Error serializing Avro message", new ConnectException("Connection refused")),
            new TimeoutException("Error serializing Avro message"))) {
      writeFailure = failure;
      driver.advanceWallClockTime(Duration.ofSeconds(1));
      assertThat(pendingInStore()).isEqualTo(1);
    }

    writeFailure = null;
    driver.advanceWallClockTime(Duration.ofSeconds(1));

    assertThat(labeled.readValuesToList()).extracting(VideoLabels::getId).containsExactly("a");
    assertThat(pendingInStore()).isZero();
  }

  @Test
  void shouldSendReferencesWhoseLabelsCannotBeWrittenToTheDeadLetters() {
    incoming.pipeInput("a", reference("a"));
    labeller.work("a").label();
    writeFailure = new SerializationException("a string is null");
    drain();

    assertThat(header(deadLetters.readRecord(), DeadLetters.MESSAGE)).isEqualTo("a string is null");
    assertThat(pendingInStore()).isZero();
    assertThat(gate.pending()).isZero();
  }

  @Test
  void shouldGiveOutcomesTheTimeAtWhichTheyAreWritten() {
    driver.close();
    start(OutcomeTimestamp.NOW);
    Instant longAgo = TIME.minus(Duration.ofDays(60));
    for (String id : List.of("a", "b")) {
      incoming.pipeInput(new TestRecord<>(id, reference(id), longAgo));
    }
    raw.pipeInput(new TestRecord<>(new byte[1], new byte[1], longAgo));
    labeller.work("a").label();
    labeller.work("b").reject();
    drain();

    assertThat(labeled.readRecord().getRecordTime()).isAfterOrEqualTo(TIME);
    assertThat(rejected.readRecord().getRecordTime()).isAfterOrEqualTo(TIME);
    assertThat(deadLetters.readRecord().getRecordTime()).isAfterOrEqualTo(TIME);
  }

  @Test
  void shouldLeaveLabelsOutThatKafkaWouldRefuseWithoutSegments() {
    incoming.pipeInput("a", reference("a"));
    VideoLabels labels = labels("a", 1);
    Label long1 = Label.newBuilder(labels.getLabels().get(0)).setName("x".repeat(1000)).build();
    labeller
        .work("a")
        .finish(
            new Outcome.Labelled(
                VideoLabels.newBuilder(labels)
                    .setLabels(Collections.nCopies(2000, long1))
                    .build()));
    drain();

    VideoLabels small = labeled.readValue();
    assertThat(small.getLabels()).hasSize(10);
    assertThat(small.getLabels().get(0).getName()).isEqualTo("x".repeat(200) + "…");
    assertThat(small.getVideo().getNote())
        .contains("1 segments are left out", "1990 labels are left out");
  }

  @Test
  void shouldSendReferencesWhoseOutcomeIsTooLargeToTheDeadLetters() {
    incoming.pipeInput("a", reference("a"));
    VideoReference large =
        VideoReference.newBuilder(reference("a"))
            .setMetadata(Map.of("grown", "x".repeat(1 << 20)))
            .build();
    labeller.work("a").finish(Rejections.reject(large, RejectionReason.CORRUPT, "odd", 1));
    drain();

    assertThat(header(deadLetters.readRecord(), DeadLetters.MESSAGE)).contains("its outcome has");
    assertThat(pendingInStore()).isZero();
  }

  @Test
  void shouldKeepForTheNextOwnerWhatArrivesAfterTheGateWasShut() {
    incoming.pipeInput("a", reference("a"));
    gate.shut();
    incoming.pipeInput("b", reference("b"));
    labeller.work("a").label();
    drain();

    assertThat(labeled.readValuesToList()).extracting(VideoLabels::getId).containsExactly("a");
    assertThat(labeller.ids()).containsExactly("a");
    assertThat(pendingInStore()).isEqualTo(1);
    assertThat(gate.pending()).isZero();
  }

  @Test
  void shouldFailWhenThePipelineIsBrokenAndKeepWhatIsPending() {
    incoming.pipeInput("a", reference("a"));
    labeller.work("a").fail(new IllegalStateException("device lost"));

    assertThatThrownBy(this::drain)
        .hasRootCauseMessage("device lost")
        .hasStackTraceContaining(BrokenPipelineException.class.getName());
    assertThat(pendingInStore()).isEqualTo(1);
  }

  private void drain() {
    driver.advanceWallClockTime(Duration.ofMillis(10));
  }

  private long pendingInStore() {
    long entries = 0;
    try (var all = driver.<Integer, byte[]>getKeyValueStore(PendingVideos.STORE).all()) {
      while (all.hasNext()) {
        all.next();
        entries++;
      }
    }
    return entries;
  }

  private static String header(TestRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }
}
