package io.clipstream.streams.config;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.streams.StreamsConfig;

/** Every key that Kafka Streams reads or hands on to its clients, with and without prefixes. */
final class KafkaKeys {
  private static final ConfigDef CONSUMER = ConsumerConfig.configDef();
  private static final ConfigDef PRODUCER = ProducerConfig.configDef();
  private static final ConfigDef ADMIN = AdminClientConfig.configDef();
  private static final Map<String, List<ConfigDef>> BY_PREFIX =
      Map.of(
          "",
          List.of(StreamsConfig.configDef(), CONSUMER, PRODUCER, ADMIN),
          StreamsConfig.CONSUMER_PREFIX,
          List.of(CONSUMER),
          StreamsConfig.MAIN_CONSUMER_PREFIX,
          List.of(CONSUMER),
          StreamsConfig.RESTORE_CONSUMER_PREFIX,
          List.of(CONSUMER),
          StreamsConfig.GLOBAL_CONSUMER_PREFIX,
          List.of(CONSUMER),
          StreamsConfig.PRODUCER_PREFIX,
          List.of(PRODUCER),
          StreamsConfig.ADMIN_CLIENT_PREFIX,
          List.of(ADMIN));

  private KafkaKeys() {}

  /** What the clients that read a key take; empty for a key that none of them knows. */
  static List<ConfigDef.ConfigKey> definitions(String name) {
    List<ConfigDef.ConfigKey> found = new ArrayList<>();
    BY_PREFIX.forEach(
        (prefix, definitions) -> {
          if (name.startsWith(prefix)) {
            for (ConfigDef definition : definitions) {
              ConfigDef.ConfigKey key =
                  definition.configKeys().get(name.substring(prefix.length()));
              if (key != null) {
                found.add(key);
              }
            }
          }
        });
    return found;
  }

  static Set<String> names() {
    Set<String> names = new TreeSet<>();
    BY_PREFIX.forEach(
        (prefix, definitions) ->
            definitions.forEach(
                definition -> definition.names().forEach(name -> names.add(prefix + name))));
    topicNames().forEach(name -> names.add(StreamsConfig.TOPIC_PREFIX + name));
    return names;
  }

  /** {@link TopicConfig} has constants alone. */
  private static List<String> topicNames() {
    List<String> names = new ArrayList<>();
    try {
      for (Field field : TopicConfig.class.getFields()) {
        if (field.getName().endsWith("_CONFIG")) {
          names.add((String) field.get(null));
        }
      }
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("TopicConfig cannot be read", e);
    }
    return names;
  }
}
