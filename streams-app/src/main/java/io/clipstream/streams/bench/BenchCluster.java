package io.clipstream.streams.bench;

import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.schemas.serde.AvroSerde;
import io.clipstream.streams.app.LabelApp;
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
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A broker and a registry in this process, the application on them, a producer of references, and a
 * consumer that counts committed outcomes on a thread of its own.
 */
final class BenchCluster implements AutoCloseable {
  private static final int PARTITIONS = 4;
  private static final Topics TOPICS = Topics.defaults();

  private final EmbeddedKafka kafka;
  private final EmbeddedRegistry registry;
  private final Formats formats;
  private final KafkaProducer<byte[], byte[]> producer;
  private final LabelApp app;
  private final Thread reader;
  private final AtomicLong outcomes = new AtomicLong();
  private final AtomicLong rejected = new AtomicLong();
  private volatile Consumer<String> onOutcome = key -> {};
  private volatile boolean closed;

  /**
   * @param directory for the broker's data
   * @param threads stream threads
   * @param labeller closed with the cluster
   */
  BenchCluster(Path directory, int threads, int maxPending, VideoLabeller labeller)
      throws InterruptedException {
    kafka = new EmbeddedKafka(directory, 0);
    registry = new EmbeddedRegistry(0);
    kafka.createTopics(PARTITIONS, TOPICS.all().toArray(new String[0]));
    Map<String, String> serde = Map.of("schema.registry.url", registry.url());
    formats = Formats.create(AvroSerde.class.getName(), serde);
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    app =
        new LabelApp(
            new LabelApp.Settings(
                TOPICS,
                Map.of(
                    "application.id",
                    "bench",
                    "bootstrap.servers",
                    kafka.bootstrapServers(),
                    "num.stream.threads",
                    Integer.toString(threads)),
                AvroSerde.class.getName(),
                serde,
                PendingLimits.of(maxPending),
                Duration.ofSeconds(10),
                OutcomeTimestamp.NOW),
            labeller);
    app.start();
    if (!app.awaitRunning(Duration.ofSeconds(60))) {
      throw new IllegalStateException("the application did not start within 60 s");
    }
    reader = new Thread(this::read, "bench-outcomes");
    reader.setDaemon(true);
    reader.start();
  }

  /** Sends one reference, keyed by its id; returns at once. */
  void send(String id, String uri) {
    VideoReference reference = VideoReference.newBuilder().setId(id).setUri(uri).build();
    byte[] value = formats.references().serializer().serialize(TOPICS.incoming(), reference);
    Future<RecordMetadata> unused = // one that fails leaves an outcome missing
        producer.send(
            new ProducerRecord<>(TOPICS.incoming(), id.getBytes(StandardCharsets.UTF_8), value));
  }

  void flush() {
    producer.flush();
  }

  /** Called by the reader's thread with the key of each outcome. */
  void onOutcome(Consumer<String> listener) {
    onOutcome = listener;
  }

  /** Committed outcomes that were read. */
  long outcomes() {
    return outcomes.get();
  }

  /** Those of them that are rejections. */
  long rejected() {
    return rejected.get();
  }

  /** Most references that were ever in flight at once. */
  int mostPending() {
    return app.health().mostPending();
  }

  /**
   * Waits until that many outcomes were read.
   *
   * @throws IllegalStateException if the application ended before
   */
  void awaitOutcomes(long count) throws InterruptedException {
    synchronized (outcomes) {
      while (outcomes.get() < count) {
        if (app.exit().isDone()) {
          throw new IllegalStateException("the application ended: " + app.exit().join());
        }
        outcomes.wait(1000);
      }
    }
  }

  private void read() {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                kafka.bootstrapServers(),
                "isolation.level",
                "read_committed",
                "auto.offset.reset",
                "earliest"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (int i = 0; i < PARTITIONS; i++) {
        partitions.add(new TopicPartition(TOPICS.labeled(), i));
        partitions.add(new TopicPartition(TOPICS.rejected(), i));
      }
      consumer.assign(partitions);
      while (!closed) {
        count(consumer.poll(Duration.ofMillis(200)));
      }
    } catch (InterruptException end) {
      Thread.currentThread().interrupt();
    }
  }

  private void count(ConsumerRecords<byte[], byte[]> records) {
    for (ConsumerRecord<byte[], byte[]> record : records) {
      // What a real consumer does with it, too.
      if (record.topic().equals(TOPICS.labeled())) {
        var unused = formats.labels().deserializer().deserialize(record.topic(), record.value());
      } else {
        var unused = formats.rejected().deserializer().deserialize(record.topic(), record.value());
        rejected.incrementAndGet();
      }
      onOutcome.accept(new String(record.key(), StandardCharsets.UTF_8));
    }
    if (!records.isEmpty()) {
      synchronized (outcomes) {
        outcomes.addAndGet(records.count());
        outcomes.notifyAll();
      }
    }
  }

  @Override
  public void close() {
    producer.close(Duration.ofSeconds(5));
    app.close();
    closed = true;
    try {
      reader.join(10_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    formats.close();
    registry.close();
    kafka.close();
  }
}
