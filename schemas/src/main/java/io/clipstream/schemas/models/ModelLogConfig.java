package io.clipstream.schemas.models;

import io.clipstream.schemas.serde.AvroSerde;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteBufferDeserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Where the model log is and how its records are written.
 *
 * @param topics names of its topics
 * @param clients Kafka's settings that admin, consumer and producer know alike: servers, security
 * @param serdeClass as {@link AvroSerde#create} takes it
 * @param serde the serde's own settings
 */
public record ModelLogConfig(
    ModelTopics topics, Map<String, Object> clients, String serdeClass, Map<String, ?> serde) {
  public ModelLogConfig {
    clients = Map.copyOf(clients);
    serde = Map.copyOf(serde);
  }

  /** A configured serde for the values of a topic of the log. The caller closes it. */
  public <T extends SpecificRecord> Serde<T> serde(Class<T> type) {
    return AvroSerde.create(serdeClass, type, serde);
  }

  /** An admin client. The caller closes it. */
  public Admin admin() {
    return Admin.create(clients);
  }

  /**
   * A consumer without a group and without topics, whose values are views of what was fetched.
   *
   * @param isolation {@code read_committed} or {@code read_uncommitted}
   */
  KafkaConsumer<String, ByteBuffer> consumer(String isolation, Map<String, ?> more) {
    Map<String, Object> properties = new HashMap<>(clients);
    properties.putAll(more);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    return new KafkaConsumer<>(properties, new StringDeserializer(), new ByteBufferDeserializer());
  }

  String servers() {
    return String.valueOf(clients.get(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG));
  }

  /** Without the settings, which hold passwords. */
  @Override
  public String toString() {
    return "model log " + topics.all() + " at " + servers();
  }
}
