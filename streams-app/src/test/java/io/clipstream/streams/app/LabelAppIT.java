package io.clipstream.streams.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.topology.HeldLabeller;
import io.clipstream.streams.topology.InstantLabeller;
import io.clipstream.streams.topology.OutcomeTimestamp;
import io.clipstream.streams.topology.PendingLimits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.TopicConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The application on a real broker and registry, with a labeller that costs nothing. */
@Timeout(900)
class LabelAppIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  @TempDir Path directory;
  private Cluster cluster;

  @BeforeEach
  void start() {
    cluster = new Cluster(directory);
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void shouldGiveEveryReferenceOneOutcomeInOrder() throws Exception {
    cluster.produce(500);
    try (LabelApp app = cluster.start("app", new InstantLabeller(20))) {
      cluster.produce(3000);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(app.health().pending()).isZero();
    }
  }

  @Test
  void shouldGiveReferencesFromTheFutureTheirOutcome() throws Exception {
    cluster.setTopic(
        Cluster.TOPICS.incoming(),
        TopicConfig.MESSAGE_TIMESTAMP_AFTER_MAX_MS_CONFIG,
        Long.toString(Long.MAX_VALUE));
    cluster.timestamp = System.currentTimeMillis() * 1000; // a producer that counts microseconds
    cluster.produce(20);
    cluster.timestamp = Long.MAX_VALUE;
    cluster.produce(20);
    try (LabelApp app = new LabelApp(withTimesOfReferences(), new InstantLabeller(20))) {
      app.start();
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(app.exit()).isNotDone();
    }
  }

  private LabelApp.Settings withTimesOfReferences() {
    LabelApp.Settings usual = cluster.settings("app");
    return new LabelApp.Settings(
        usual.topics(),
        usual.kafka(),
        usual.serdeClass(),
        usual.serde(),
        usual.pending(),
        usual.drainLimit(),
        OutcomeTimestamp.REFERENCE);
  }

  @Test
  void shouldGiveReferencesTheirOutcomeThatAreOlderThanBrokersTakeRecords() throws Exception {
    takeNoRecordsOlderThanAnHour();
    cluster.timestamp = 1_000_000_000_000L;
    cluster.produce(50);
    try (LabelApp app = cluster.start("app", new InstantLabeller(20))) {
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(app.exit()).isNotDone();
    }
  }

  private void takeNoRecordsOlderThanAnHour() throws Exception {
    cluster.setTopic(
        Cluster.TOPICS.incoming(),
        TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_CONFIG,
        Long.toString(Long.MAX_VALUE));
    cluster.setBrokers("log.message.timestamp.before.max.ms", "3600000");
  }

  @Test
  void shouldGiveOutcomesTheTimeOfTheirReferenceWhereTheirTopicTakesIt() throws Exception {
    takeNoRecordsOlderThanAnHour();
    long start = System.currentTimeMillis();
    cluster.timestamp = 1_000_000_000_000L;
    cluster.produce(20);
    long recent = start - 600_000;
    cluster.timestamp = recent;
    cluster.produce(20);
    try (LabelApp app = new LabelApp(withTimesOfReferences(), new InstantLabeller(20))) {
      app.start();
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      for (int i = 0; i < 20; i++) {
        assertThat(cluster.times.get("video-" + i)).isGreaterThanOrEqualTo(start);
        assertThat(cluster.times.get("video-" + (20 + i))).isEqualTo(recent);
      }
      assertThat(app.exit()).isNotDone();
    }
  }

  @Test
  void shouldGiveOutcomesTheTimeOfNowOnceTheirTopicRefusesAnother() throws Exception {
    try (LabelApp app = new LabelApp(withTimesOfReferences(), new InstantLabeller(20))) {
      app.start();
      cluster.timestamp = 1_000_000_000_000L;
      cluster.produce(20);
      cluster.readUntil(LIMIT, () -> cluster.seen() == 20);
      takeNoRecordsOlderThanAnHour();
      long start = System.currentTimeMillis();
      cluster.produce(50);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(cluster.times.get("video-0")).isEqualTo(cluster.timestamp);
      assertThat(cluster.times.get("video-20")).isGreaterThanOrEqualTo(start);
      assertThat(app.exit()).isNotDone();
    }
  }

  @Test
  void shouldHandPartitionsOverUnderLoad() throws Exception {
    cluster.produce(1000);
    LabelApp first = cluster.start("app", new InstantLabeller(20));
    cluster.produce(2000);
    try (LabelApp second = cluster.start("app", new InstantLabeller(20))) {
      cluster.produce(2000);
      cluster.readUntil(LIMIT, () -> cluster.seen() >= 2000);
      first.close();
      cluster.produce(2000);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(second.exit()).isNotDone();
    }
    assertThat(first.exit().get()).isEmpty();
  }

  @Test
  void shouldBoundWhatIsInFlightAndStayInTheGroupWhileNothingFinishes() throws Exception {
    HeldLabeller held = new HeldLabeller();
    Map<String, Object> kafka = new HashMap<>(cluster.settings("app").kafka());
    kafka.put("main.consumer.max.poll.interval.ms", "8000");
    kafka.put("main.consumer.max.poll.records", "50");
    kafka.put("buffered.records.per.partition", "50");
    LabelApp.Settings settings = cluster.settings("app");
    try (LabelApp app =
        new LabelApp(
            new LabelApp.Settings(
                settings.topics(),
                kafka,
                settings.serdeClass(),
                settings.serde(),
                PendingLimits.of(200),
                settings.drainLimit(),
                settings.timestamps()),
            held)) {
      app.start();
      cluster.awaitShared("app");
      cluster.produce(5000);
      cluster.readUntil(LIMIT, () -> !app.health().open());
      // Longer than every limit that the group sets: polls, sessions, transactions.
      long end = System.nanoTime() + Duration.ofSeconds(12).toNanos();
      cluster.readUntil(LIMIT, () -> System.nanoTime() > end);
      assertThat(app.health().pending()).isBetween(200, 200 + Cluster.PARTITIONS * (50 + 50));
      assertThat(held.works()).noneMatch(HeldLabeller.Work::isCancelled);

      int finished = 0;
      while (cluster.seen() < 5000) {
        List<HeldLabeller.Work> works = held.works();
        for (; finished < works.size(); finished++) {
          works.get(finished).label();
        }
        int seen = cluster.seen();
        int labelled = finished; // Where all of them were seen, only new ones bring more outcomes.
        cluster.readUntil(LIMIT, () -> cluster.seen() > seen || held.works().size() > labelled);
      }
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(held.works()).hasSize(5000);
    }
  }

  @Test
  void shouldGoOnAfterTheBrokerRestarted() throws Exception {
    try (LabelApp app = cluster.start("app", new InstantLabeller(20))) {
      cluster.produce(2000);
      cluster.readUntil(LIMIT, () -> cluster.seen() >= 200);
      cluster.stopBroker();
      long startAt = System.nanoTime() + Duration.ofSeconds(5).toNanos();
      cluster.readUntil(LIMIT, () -> System.nanoTime() > startAt);
      cluster.startBroker();
      cluster.produce(1000);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(app.exit()).isNotDone();
    }
  }

  /** Kubernetes and Compose grant 30 s. */
  @Test
  void shouldEndInTimeWhileThereIsNoBroker() throws Exception {
    LabelApp app = cluster.start("app", new InstantLabeller(20));
    cluster.produce(2000);
    cluster.readUntil(LIMIT, () -> cluster.seen() >= 200);
    cluster.stopBroker();

    long begun = System.nanoTime();
    app.close();
    Duration took = Duration.ofNanos(System.nanoTime() - begun);

    cluster.startBroker(); // for the threads that are left
    assertThat(took).isLessThan(Duration.ofSeconds(28));
  }

  @Test
  void shouldWaitForTheRegistry() throws Exception {
    cluster.produce(100);
    cluster.registry.suspend();
    try (LabelApp app = cluster.start("app", new InstantLabeller(20))) {
      // Nothing can be read before the registry says how; what was sent stays.
      cluster.readUntil(LIMIT, () -> app.health().unread() > 0);
      long resumeAt = System.nanoTime() + Duration.ofSeconds(10).toNanos();
      cluster.readUntil(LIMIT, () -> System.nanoTime() > resumeAt);
      assertThat(cluster.seen()).isZero();
      assertThat(app.exit()).isNotDone();

      cluster.registry.resume();
      cluster.produce(500);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(cluster.deadLetters).isEmpty();

      // Schemas are known now: the registry may be away.
      cluster.registry.suspend();
      cluster.produce(500);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      cluster.registry.resume();
    }
  }

  @Test
  void shouldSendUnreadableBytesToTheDeadLetters() throws Exception {
    byte[] key = {0, -1, 2};
    byte[] value = {0, 0, 0, 99, 99, 1, 2, 3};
    ProducerRecord<byte[], byte[]> bad =
        new ProducerRecord<>(Cluster.TOPICS.incoming(), null, 1_700_000_000_000L, key, value);
    bad.headers().add("mine", new byte[] {7});
    try (LabelApp app = cluster.start("app", new InstantLabeller(0))) {
      cluster.produce(10);
      cluster.produceRaw(bad);
      cluster.produceRaw(
          new ProducerRecord<>(Cluster.TOPICS.incoming(), key, "no avro".getBytes(UTF_8)));
      cluster.produce(10);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      cluster.readUntil(LIMIT, () -> cluster.deadLetters.size() == 2);

      ConsumerRecord<byte[], byte[]> letter = cluster.deadLetters.get(0);
      assertThat(letter.key()).isEqualTo(key);
      assertThat(letter.value()).isEqualTo(value);
      // Not that of the reference, by which retention would delete it at once.
      assertThat(letter.timestamp()).isGreaterThan(1_750_000_000_000L);
      assertThat(letter.headers().lastHeader("mine").value()).containsExactly(7);
      assertThat(letter.headers().lastHeader("__streams.errors.message").value()).isNotEmpty();
      assertThat(app.exit()).isNotDone();
    }
  }

  @Test
  void shouldGoOnAfterRecordsThatAreTooLargeForTheDeadLetters() throws Exception {
    byte[] key = {1, 2, 3};
    byte[] large = new byte[1_048_400]; // Kafka's limit of 1 MiB, without room for more headers.
    new Random(1).nextBytes(large);
    try (LabelApp app = cluster.start("app", new InstantLabeller(0))) {
      cluster.produceRaw(new ProducerRecord<>(Cluster.TOPICS.incoming(), 1, key, large));
      cluster.produceCompressed(
          new ProducerRecord<>(Cluster.TOPICS.incoming(), 1, key, new byte[3_000_000]));
      cluster.produce(50);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      cluster.readUntil(LIMIT, () -> cluster.deadLetters.size() >= 2);

      assertThat(cluster.deadLetters).hasSize(2);
      for (int i = 0; i < 2; i++) {
        ConsumerRecord<byte[], byte[]> letter = cluster.deadLetters.get(i);
        assertThat(letter.key()).isEqualTo(key);
        assertThat(letter.value()).isNull();
        assertThat(header(letter, "__streams.errors.message")).contains("expected at most");
        assertThat(header(letter, "__streams.errors.topic")).isEqualTo(Cluster.TOPICS.incoming());
        assertThat(header(letter, "__streams.errors.partition")).isEqualTo("1");
        assertThat(header(letter, "__streams.errors.offset")).isEqualTo(Integer.toString(i));
        assertThat(header(letter, "clipstream.omitted.bytes"))
            .isEqualTo(i == 0 ? "1048403" : "3000003");
      }
      assertThat(app.exit()).isNotDone();
    }
  }

  /** Else the first larger reference would end one instance after the other. */
  @Test
  void shouldNotStartOnAChangelogThatTakesLessThanReferencesMayHave() throws Exception {
    cluster.start("app", new InstantLabeller(5)).close();
    cluster.setMaxMessageBytes("app-pending-videos-changelog", 1000);

    LabelApp refused = new LabelApp(cluster.settings("app"), new InstantLabeller(5));

    assertThatThrownBy(refused::start)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("app-pending-videos-changelog has max.message.bytes=1000");
    refused.close();
  }

  @Test
  void shouldKeepLargeDeadLettersWholeOnATopicThatTakesThem() throws Exception {
    byte[] value = new byte[3_000_000];
    new Random(2).nextBytes(value);
    int limit = 4 << 20;
    Map<String, Object> kafka = new HashMap<>(cluster.settings("app").kafka());
    kafka.put("producer.max.request.size", Integer.toString(limit));
    LabelApp.Settings usual = cluster.settings("app");
    LabelApp.Settings settings =
        new LabelApp.Settings(
            usual.topics(),
            kafka,
            usual.serdeClass(),
            usual.serde(),
            usual.pending(),
            usual.drainLimit(),
            usual.timestamps());
    try (LabelApp app = new LabelApp(settings, new InstantLabeller(0))) {
      assertThatThrownBy(app::start)
          .isInstanceOf(UserError.class)
          .hasMessageContaining(Cluster.TOPICS.deadLetter() + " has max.message.bytes=1048588")
          .hasMessageContaining("expected at least " + limit);
    }

    cluster.setMaxMessageBytes(Cluster.TOPICS.incoming(), limit);
    cluster.setMaxMessageBytes(Cluster.TOPICS.deadLetter(), limit);
    try (LabelApp app = new LabelApp(settings, new InstantLabeller(0))) {
      app.start();
      cluster.produceCompressed(new ProducerRecord<>(Cluster.TOPICS.incoming(), null, value));
      cluster.produce(10);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      cluster.readUntil(LIMIT, () -> !cluster.deadLetters.isEmpty());

      assertThat(cluster.deadLetters).hasSize(1);
      assertThat(cluster.deadLetters.get(0).value()).isEqualTo(value);
      assertThat(app.exit()).isNotDone();
    }
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }

  @Test
  void shouldFinishWhatIsInFlightBeforeItCloses() throws Exception {
    HeldLabeller held = new HeldLabeller();
    LabelApp app = cluster.start("app", held);
    cluster.produce(20);
    cluster.readUntil(LIMIT, () -> held.ids().size() == 20);

    Thread closing = new Thread(app::close);
    closing.start();
    cluster.readUntil(LIMIT, () -> !app.health().open());
    held.works().forEach(HeldLabeller.Work::label);
    closing.join();

    assertThat(app.exit().get()).isEmpty();
    cluster.assertOneOutcomeEachInOrder(Duration.ofSeconds(5));
  }

  @Test
  void shouldLeaveToTheNextInstanceWhatDoesNotFinish() throws Exception {
    HeldLabeller held = new HeldLabeller();
    LabelApp.Settings settings = cluster.settings("app");
    LabelApp app =
        new LabelApp(
            new LabelApp.Settings(
                settings.topics(),
                settings.kafka(),
                settings.serdeClass(),
                settings.serde(),
                settings.pending(),
                Duration.ofMillis(100),
                settings.timestamps()),
            held);
    app.start();
    cluster.produce(20);
    cluster.readUntil(LIMIT, () -> held.ids().size() == 20);
    app.close();
    assertThat(held.works()).allMatch(HeldLabeller.Work::isCancelled);

    try (LabelApp next = cluster.start("app", new InstantLabeller(5))) {
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(next.exit()).isNotDone();
    }
  }

  @Test
  void shouldLeaveToTheNextInstanceWhatNobodyBegan() throws Exception {
    HeldLabeller held = new HeldLabeller();
    // Of one key with video-0, which nobody began and which keeps it back.
    Set<String> begun = Set.of("video-1", "video-2", "video-50");
    held.begun = begun::contains;
    LabelApp.Settings usual = cluster.settings("app");
    LabelApp app =
        new LabelApp(
            new LabelApp.Settings(
                usual.topics(),
                usual.kafka(),
                usual.serdeClass(),
                usual.serde(),
                usual.pending(),
                Duration.ofHours(1), // Far beyond the time limit of this test.
                usual.timestamps()),
            held);
    app.start();
    cluster.produce(100);
    cluster.readUntil(LIMIT, () -> held.ids().size() == 100);

    Thread closing = new Thread(app::close);
    closing.start();
    cluster.readUntil(LIMIT, () -> !app.health().open());
    held.works().stream()
        .filter(work -> begun.contains(work.id()))
        .forEach(HeldLabeller.Work::label);
    closing.join();

    assertThat(app.exit().get()).isEmpty();
    cluster.readUntil(LIMIT, () -> cluster.seen() == 2);
    try (LabelApp next = cluster.start("app", new InstantLabeller(5))) {
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(next.exit()).isNotDone();
    }
  }

  @Test
  void shouldReplaceAStreamThreadThatFailed() throws Exception {
    AtomicInteger failures = new AtomicInteger(3);
    InstantLabeller instant = new InstantLabeller(5);
    VideoLabeller failing =
        new VideoLabeller() {
          @Override
          public Submission submit(
              VideoRequest request, Consumer<Outcome> done, Consumer<Throwable> broken) {
            if (failures.getAndDecrement() > 0) {
              throw new IllegalArgumentException("a passing fault");
            }
            return instant.submit(request, done, broken);
          }

          @Override
          public boolean drain(Duration limit) throws InterruptedException {
            return instant.drain(limit);
          }

          @Override
          public void close() {
            instant.close();
          }
        };
    try (LabelApp app = cluster.start("app", failing)) {
      cluster.produce(500);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(failures).hasNegativeValue();
      assertThat(app.exit()).isNotDone();
    }
  }

  @Test
  void shouldStopWhenThePipelineIsBrokenAndLoseNothing() throws Exception {
    HeldLabeller held = new HeldLabeller();
    try (LabelApp app = cluster.start("app", held)) {
      cluster.produce(20);
      cluster.readUntil(LIMIT, () -> held.ids().size() == 20);
      held.works().get(3).fail(new IllegalStateException("device lost"));
      cluster.readUntil(LIMIT, () -> app.exit().isDone());
      assertThat(app.exit().get())
          .hasValueSatisfying(error -> assertThat(error).hasRootCauseMessage("device lost"));
    }
    try (LabelApp next = cluster.start("app", new InstantLabeller(5))) {
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(next.exit()).isNotDone();
    }
  }
}
