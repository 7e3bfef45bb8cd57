package io.clipstream.streams.app;

import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.serde.AvroSerde;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Clients of the brokers and the registry that the configuration names. */
final class KafkaConnection {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final AppConfig config;

  KafkaConnection(AppConfig config) {
    this.config = config;
  }

  /**
   * Makes sure that brokers answer and that the topics are there.
   *
   * @throws UserError naming the servers or the topic, and the nearest topic that exists
   */
  void check(Collection<String> topics) throws InterruptedException {
    Set<String> existing;
    try (Admin admin = Admin.create(clientProperties())) {
      existing = admin.listTopics().names().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new UserError(
          "no Kafka answers at "
              + servers()
              + ": start one with ./clipstream demo, or name yours with -c FILE or"
              + " --set kafka.bootstrap.servers=HOST:PORT",
          e);
    }
    for (String topic : topics) {
      if (!existing.contains(topic)) {
        throw new UserError(
            "topic " + topic + " does not exist at " + servers() + Nearest.hint(topic, existing));
      }
    }
  }

  String servers() {
    return config.text("kafka.bootstrap.servers");
  }

  KafkaProducer<String, VideoReference> producer() {
    Map<String, Object> properties = clientProperties();
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, (int) PATIENCE.toMillis());
    return new KafkaProducer<>(
        properties, new StringSerializer(), serde(VideoReference.class).serializer());
  }

  /**
   * A consumer of every committed outcome, {@code VideoLabels} and {@code RejectedVideo}, of these
   * topics; without a group.
   */
  KafkaConsumer<String, SpecificRecord> outcomes(Collection<String> topics) {
    Map<String, Object> properties = clientProperties();
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    Deserializer<VideoLabels> labels = serde(VideoLabels.class).deserializer();
    Deserializer<RejectedVideo> rejected = serde(RejectedVideo.class).deserializer();
    String rejectedTopic = config.text("topics.rejected");
    KafkaConsumer<String, SpecificRecord> consumer =
        new KafkaConsumer<>(
            properties,
            new StringDeserializer(),
            (topic, bytes) ->
                (topic.equals(rejectedTopic) ? rejected : labels).deserialize(topic, bytes));
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : topics) {
      for (PartitionInfo partition : consumer.partitionsFor(topic)) {
        partitions.add(new TopicPartition(topic, partition.partition()));
      }
    }
    consumer.assign(partitions);
    return consumer;
  }

  private <T extends SpecificRecord> Serde<T> serde(Class<T> type) {
    return AvroSerde.create(config.text("serde.class"), type, Assembly.serde(config));
  }

  /** Of Kafka's settings those that every client knows: Streams' own would only give warnings. */
  private Map<String, Object> clientProperties() {
    Map<String, Object> properties = new HashMap<>(config.below("kafka."));
    properties.keySet().retainAll(AdminClientConfig.configNames());
    return properties;
  }
}
