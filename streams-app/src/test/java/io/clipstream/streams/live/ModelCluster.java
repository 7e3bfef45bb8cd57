package io.clipstream.streams.live;

import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.models.ModelDescription;
import io.clipstream.schemas.models.ModelLog;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelPublisher;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.schemas.models.PublishSettings;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.schemas.serde.AvroSerde;
import io.clipstream.streams.embedded.EmbeddedKafka;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A real broker and a real registry in this process, and what outsiders can do to a model log. */
final class ModelCluster implements AutoCloseable {
  static final Duration LIMIT = Duration.ofMinutes(5);
  static final int SMALL_CHUNK = 64 << 10;

  final ModelTopics topics = ModelTopics.defaults();
  final EmbeddedRegistry registry = new EmbeddedRegistry(0);
  EmbeddedKafka kafka;
  final Admin admin;
  private final Path directory;
  private final KafkaProducer<String, byte[]> outsider;

  ModelCluster(Path directory) {
    this.directory = directory;
    this.kafka = new EmbeddedKafka(directory, 0);
    this.admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
    this.outsider =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new StringSerializer(),
            new ByteArraySerializer());
  }

  void stopBroker() {
    kafka.close();
  }

  /** At the same address with the same data. */
  void startBroker() {
    kafka = new EmbeddedKafka(directory, kafka.port());
  }

  List<String> createTopics() throws InterruptedException {
    return new ModelTopicSetup(admin, topics).create();
  }

  ModelLogConfig config() {
    return config(topics, kafka.bootstrapServers(), registry.url());
  }

  static ModelLogConfig config(ModelTopics topics, String bootstrap, String registryUrl) {
    return new ModelLogConfig(
        topics,
        Map.of("bootstrap.servers", bootstrap),
        AvroSerde.class.getName(),
        Map.of("schema.registry.url", registryUrl));
  }

  ModelPublisher publisher() {
    return new ModelPublisher(config(), PublishSettings.defaults(), Optional.empty());
  }

  /** Many chunks of a small file. */
  ModelPublisher publisherOfSmallChunks() {
    return new ModelPublisher(
        config(), new PublishSettings(SMALL_CHUNK, 2 << 20), Optional.empty());
  }

  static ModelDescription model(String name, String version) {
    return new ModelDescription(
        name, version, "{\"name\":\"" + name + "\"}", Optional.of("a test"), Instant.now());
  }

  /** Random bytes; the same for the same seed. */
  static Path file(Path file, long bytes, long seed) throws IOException {
    Random random = new Random(seed);
    byte[] block = new byte[1 << 16];
    try (OutputStream out = Files.newOutputStream(file)) {
      for (long left = bytes; left > 0; left -= block.length) {
        random.nextBytes(block);
        out.write(block, 0, (int) Math.min(left, block.length));
      }
    }
    return file;
  }

  /** All that was committed; waits for open transactions. */
  Map<String, ModelRelease> releases() {
    return releases(log -> log.readToEnd(LIMIT));
  }

  /** What a reader sees that starts now and waits for nobody. */
  Map<String, ModelRelease> visibleReleases() {
    return releases(log -> log.readVisible(LIMIT));
  }

  private Map<String, ModelRelease> releases(Consumer<ModelLog> reading) {
    Map<String, ModelRelease> found = new HashMap<>();
    try (ModelLog log = new ModelLog(config())) {
      reading.accept(log);
      for (ModelRelease release : log.releases()) {
        found.put(release.getModel().getName() + "/" + release.getModel().getVersion(), release);
      }
    }
    return found;
  }

  ModelRelease release(String key) {
    return releases().get(key);
  }

  /** Writes as anybody with access to the topic may. */
  RecordMetadata produce(String topic, int partition, String key, byte[] value) throws Exception {
    return outsider
        .send(new ProducerRecord<>(topic, partition, key, value))
        .get(60, TimeUnit.SECONDS);
  }

  <T extends SpecificRecord> byte[] bytes(String topic, Class<T> type, T record) {
    try (Serde<T> serde = config().serde(type)) {
      return serde.serializer().serialize(topic, record);
    }
  }

  /** Every record of a topic, those that were never committed included. */
  List<ConsumerRecord<String, byte[]>> everything(String topic) {
    List<ConsumerRecord<String, byte[]>> found = new ArrayList<>();
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(topic, info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(at -> consumer.position(at) < ends.get(at))) {
        consumer.poll(Duration.ofMillis(100)).forEach(found::add);
      }
    }
    return found;
  }

  void set(ConfigResource.Type type, String name, Map<String, String> settings) throws Exception {
    List<AlterConfigOp> changes =
        settings.entrySet().stream()
            .map(
                setting ->
                    new AlterConfigOp(
                        new ConfigEntry(setting.getKey(), setting.getValue()),
                        AlterConfigOp.OpType.SET))
            .toList();
    admin
        .incrementalAlterConfigs(Map.of(new ConfigResource(type, name), changes))
        .all()
        .get(60, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    outsider.close(Duration.ZERO);
    admin.close(Duration.ZERO);
    kafka.close();
    registry.close();
  }
}
