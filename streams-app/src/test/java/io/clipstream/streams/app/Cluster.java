package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.streams.classify.Fixtures;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.embedded.EmbeddedKafka;
import io.clipstream.streams.topology.Formats;
import io.clipstream.streams.topology.OutcomeTimestamp;
import io.clipstream.streams.topology.PendingLimits;
import io.clipstream.streams.topology.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A real broker and a real registry in this process, with what an outside producer and an outside
 * consumer of committed records see.
 */
public final class Cluster implements AutoCloseable {
  static final int PARTITIONS = 4;
  static final Topics TOPICS = Topics.defaults();

  /** Until an application runs: for a machine that is busy otherwise. */
  private static final Duration LIMIT = Duration.ofMinutes(5);

  final EmbeddedRegistry registry = new EmbeddedRegistry(0);
  private final Path directory;
  private final String bootstrapServers;
  private EmbeddedKafka kafka;
  private final Formats formats;
  private final KafkaProducer<byte[], byte[]> producer;
  private final KafkaConsumer<byte[], byte[]> consumer;

  /** Outcomes as they were committed, {@code "key id"}, by topic and partition. */
  private final Map<TopicPartition, List<String>> outcomes = new HashMap<>();

  final List<ConsumerRecord<byte[], byte[]>> deadLetters = new ArrayList<>();

  /** Labels by the video's id. */
  final Map<String, VideoLabels> labelled = new HashMap<>();

  /** Time stamps of outcomes by the video's id, in milliseconds since 1970. */
  final Map<String, Long> times = new HashMap<>();

  /** Rejections by the video's id. */
  final Map<String, RejectedVideo> rejected = new HashMap<>();

  /** What is produced for an id. */
  Function<String, VideoReference> references = Fixtures::reference;

  /** What was produced, {@code "key id"}, by key in order. */
  private final Map<String, List<String>> produced = new HashMap<>();

  /** Of the references that are sent; null: now. */
  Long timestamp;

  private int count;

  /** With a broker in this process. */
  Cluster(Path directory) {
    this(directory, new EmbeddedKafka(directory, 0));
  }

  private Cluster(Path directory, EmbeddedKafka kafka) {
    this(directory, kafka, kafka.bootstrapServers());
  }

  /** With a broker that the caller has, which starts as it comes: without topics. */
  Cluster(String bootstrapServers) {
    this(null, null, bootstrapServers);
  }

  private Cluster(Path directory, EmbeddedKafka kafka, String bootstrapServers) {
    this.directory = directory;
    this.kafka = kafka;
    this.bootstrapServers = bootstrapServers;
    EmbeddedKafka.createTopics(
        bootstrapServers,
        TOPICS.all().stream()
            .map(name -> new NewTopic(name, Optional.of(PARTITIONS), Optional.empty()))
            .toList());
    // Its own setting gives it a client, and so a cache, apart from the application's.
    this.formats =
        Formats.create(
            serdeClass(),
            Map.of("schema.registry.url", registry.url(), "max.schemas.per.subject", "900"));
    this.producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                bootstrapServers(),
                "enable.idempotence",
                "true",
                // On a topic without a leader yet, a second batch may overtake the first for good.
                "max.in.flight.requests.per.connection",
                "1"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    this.consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                bootstrapServers(),
                "isolation.level",
                "read_committed",
                "auto.offset.reset",
                "earliest",
                "enable.auto.commit",
                "false"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : List.of(TOPICS.labeled(), TOPICS.rejected(), TOPICS.deadLetter())) {
      for (int i = 0; i < PARTITIONS; i++) {
        partitions.add(new TopicPartition(topic, i));
      }
    }
    consumer.assign(partitions);
  }

  String bootstrapServers() {
    return bootstrapServers;
  }

  public static String serdeClass() {
    return "io.clipstream.schemas.serde.AvroSerde";
  }

  LabelApp.Settings settings(String applicationId) {
    return settings(applicationId, bootstrapServers(), registry.url());
  }

  /** Time limits as short as the broker allows, so that tests need not wait for long. */
  static LabelApp.Settings settings(String applicationId, String bootstrap, String registryUrl) {
    return new LabelApp.Settings(
        TOPICS,
        Map.of(
            "application.id",
            applicationId,
            "bootstrap.servers",
            bootstrap,
            "num.stream.threads",
            "2",
            "main.consumer.session.timeout.ms",
            "6000",
            "main.consumer.heartbeat.interval.ms",
            "1000",
            "producer.transaction.timeout.ms",
            "5000"),
        serdeClass(),
        Map.of("schema.registry.url", registryUrl),
        PendingLimits.of(500),
        Duration.ofSeconds(20),
        OutcomeTimestamp.NOW);
  }

  LabelApp start(String applicationId, VideoLabeller labeller) throws InterruptedException {
    LabelApp app = new LabelApp(settings(applicationId), labeller);
    app.start();
    assertThat(app.awaitRunning(LIMIT)).isTrue();
    return app;
  }

  /**
   * Waits until both threads of an application have partitions: the first to join has all of them
   * for a moment, and hands some on.
   */
  void awaitShared(String applicationId) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers()))) {
      readUntil(
          LIMIT,
          () -> {
            List<Integer> shares = shares(admin, applicationId);
            return shares.size() == 2
                && !shares.contains(0)
                && shares.get(0) + shares.get(1) == PARTITIONS;
          });
    }
  }

  /** Partitions of each member of the group, once it is stable. */
  private static List<Integer> shares(Admin admin, String group) {
    try {
      ConsumerGroupDescription description =
          admin.describeConsumerGroups(List.of(group)).all().get(30, TimeUnit.SECONDS).get(group);
      return description.groupState() == GroupState.STABLE
          ? description.members().stream()
              .map(member -> member.assignment().topicPartitions().size())
              .toList()
          : List.of();
    } catch (ExecutionException notYet) {
      return List.of();
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  void stopBroker() {
    kafka.close();
  }

  void startBroker() {
    kafka = new EmbeddedKafka(directory, kafka.port());
  }

  /** Sends references with ids that count up, over 50 keys. */
  void produce(int references) {
    for (int i = 0; i < references; i++, count++) {
      String id = "video-" + count;
      String key = "key-" + count % 50;
      VideoReference reference = this.references.apply(id);
      byte[] value = formats.references().serializer().serialize(TOPICS.incoming(), reference);
      produced.computeIfAbsent(key, unused -> new ArrayList<>()).add(id);
      producer.send(
          new ProducerRecord<>(
              TOPICS.incoming(), null, timestamp, key.getBytes(StandardCharsets.UTF_8), value));
    }
    producer.flush();
  }

  /** Sends a reference to a partition, with its id, which ends in a number, as its key. */
  void produce(String id, int partition, String uri) {
    VideoReference reference = VideoReference.newBuilder().setId(id).setUri(uri).build();
    byte[] value = formats.references().serializer().serialize(TOPICS.incoming(), reference);
    produced.computeIfAbsent(id, unused -> new ArrayList<>()).add(id);
    count++;
    producer.send(
        new ProducerRecord<>(
            TOPICS.incoming(), partition, id.getBytes(StandardCharsets.UTF_8), value));
  }

  void produceRaw(ProducerRecord<byte[], byte[]> record) {
    producer.send(record);
    producer.flush();
  }

  void setMaxMessageBytes(String topic, int bytes) throws Exception {
    setTopic(topic, TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(bytes));
  }

  void setTopic(String topic, String key, String value) throws Exception {
    set(new ConfigResource(ConfigResource.Type.TOPIC, topic), key, value);
  }

  /** Of all topics that do not have their own. */
  void setBrokers(String key, String value) throws Exception {
    set(new ConfigResource(ConfigResource.Type.BROKER, ""), key, value);
  }

  private void set(ConfigResource resource, String key, String value) throws Exception {
    ConfigEntry entry = new ConfigEntry(key, value);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers()))) {
      admin
          .incrementalAlterConfigs(
              Map.of(resource, List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET))))
          .all()
          .get(30, TimeUnit.SECONDS);
      // The controller has it now; the broker answers with what was before for a moment longer.
      await()
          .atMost(LIMIT)
          .until(
              () ->
                  admin
                      .describeConfigs(List.of(resource))
                      .all()
                      .get(30, TimeUnit.SECONDS)
                      .get(resource)
                      .get(key)
                      .value()
                      .equals(value));
    }
  }

  /** Sends a record that is larger than the usual limit but, compressed, within the topic's. */
  void produceCompressed(ProducerRecord<byte[], byte[]> record) {
    try (KafkaProducer<byte[], byte[]> compressing =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                bootstrapServers(),
                "compression.type",
                "gzip",
                "max.request.size",
                16 << 20),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      compressing.send(record);
    }
  }

  int produced() {
    return count;
  }

  /** Outcomes seen up to now, doubled ones included. */
  int seen() {
    return outcomes.values().stream().mapToInt(List::size).sum();
  }

  /** Reads outcomes until the condition holds. */
  void readUntil(Duration limit, BooleanSupplier condition) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime())
          .as("%d of %d outcomes within %s", seen(), produced(), limit)
          .isLessThan(end);
      read(Duration.ofMillis(100));
    }
  }

  /** Waits a while for outcomes. */
  void read(Duration timeout) {
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
      if (record.topic().equals(TOPICS.deadLetter())) {
        deadLetters.add(record);
      } else {
        String id = id(record);
        times.put(id, record.timestamp());
        outcomes
            .computeIfAbsent(
                new TopicPartition(record.topic(), record.partition()), unused -> new ArrayList<>())
            .add(new String(record.key(), StandardCharsets.UTF_8) + " " + id);
      }
    }
  }

  private String id(ConsumerRecord<byte[], byte[]> record) {
    if (record.topic().equals(TOPICS.labeled())) {
      VideoLabels labels =
          formats.labels().deserializer().deserialize(record.topic(), record.value());
      labelled.put(labels.getId(), labels);
      return labels.getId();
    }
    RejectedVideo video =
        formats.rejected().deserializer().deserialize(record.topic(), record.value());
    String id = video.getReference().getId();
    rejected.put(id, video);
    return id;
  }

  /**
   * Waits for all outcomes, then for a while longer that none comes twice, and checks that each
   * input has one, and that those of a key are in the order of its inputs.
   */
  void assertOneOutcomeEachInOrder(Duration limit) {
    readUntil(limit, () -> seen() >= count);
    assertOneOutcomeEach();
    outcomes.forEach(
        (partition, lines) -> {
          Map<String, Integer> last = new HashMap<>();
          for (String line : lines) {
            String key = line.substring(0, line.indexOf(' '));
            int number = Integer.parseInt(line.substring(line.lastIndexOf('-') + 1));
            Integer before = last.put(key, number);
            assertThat(before == null || before < number)
                .as("%s after %s on %s", line, before, partition)
                .isTrue();
          }
        });
  }

  /** As all outcomes are there: waits for a while longer that none comes twice. */
  void assertOneOutcomeEach() {
    read(Duration.ofSeconds(1));
    read(Duration.ofSeconds(1));

    Set<String> expected = new HashSet<>();
    produced.forEach((key, ids) -> ids.forEach(id -> expected.add(key + " " + id)));
    List<String> actual = outcomes.values().stream().flatMap(List::stream).toList();
    assertThat(actual).doesNotHaveDuplicates().hasSameSizeAs(expected);
    assertThat(new HashSet<>(actual)).isEqualTo(expected);
  }

  @Override
  public void close() {
    producer.close(Duration.ofSeconds(5));
    consumer.close();
    formats.close();
    if (kafka != null) {
      kafka.close();
    }
    registry.close();
  }
}
