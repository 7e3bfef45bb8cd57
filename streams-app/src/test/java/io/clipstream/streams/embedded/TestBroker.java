package io.clipstream.streams.embedded;

import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.clients.admin.NewTopic;
import org.testcontainers.kafka.KafkaContainer;

/**
 * A broker for a test, without topics: in this process or, with {@code -Pcontainers}, of the
 * official image.
 */
public final class TestBroker implements AutoCloseable {
  /** Whether tests must run on the official image. */
  public static final boolean IN_CONTAINERS = Boolean.getBoolean("clipstream.test.containers");

  public static final String IMAGE =
      System.getProperty("clipstream.kafka.image", "apache/kafka:4.3.1");

  private final String bootstrapServers;
  private final Runnable stop;

  private TestBroker(String bootstrapServers, Runnable stop) {
    this.bootstrapServers = bootstrapServers;
    this.stop = stop;
  }

  /**
   * Starts it, and returns once it serves.
   *
   * @param directory for its data, if it runs in this process
   */
  public static TestBroker start(Path directory) {
    if (!IN_CONTAINERS) {
      EmbeddedKafka kafka = new EmbeddedKafka(directory, 0);
      return new TestBroker(kafka.bootstrapServers(), kafka::close);
    }
    KafkaContainer kafka =
        new KafkaContainer(IMAGE)
            .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
            // As the embedded one: fifty partitions of internal topics take seconds to be made.
            .withEnv("KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS", "4")
            .withEnv("KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS", "4");
    kafka.start();
    return new TestBroker(kafka.getBootstrapServers(), kafka::stop);
  }

  public String bootstrapServers() {
    return bootstrapServers;
  }

  /** Creates what is missing of these topics. */
  public void createTopics(List<NewTopic> topics) {
    EmbeddedKafka.createTopics(bootstrapServers, topics);
  }

  @Override
  public void close() {
    stop.run();
  }
}
