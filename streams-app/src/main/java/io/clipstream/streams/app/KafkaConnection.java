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
import org.apache.avro.specific.SpecificRecord;
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

  /** See {@link TopicCheck}. */
  void require(Collection<String> topics) throws InterruptedException {
    TopicCheck.require(clientProperties(), topics);
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
