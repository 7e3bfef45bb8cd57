package io.clipstream.streams.app;

import io.clipstream.model.Nearest;
import io.clipstream.schemas.serde.AvroSerde;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Finds {@code kafka.*} and {@code serde.*} settings that may be mistyped. They are passed on all
 * the same: a user's own interceptor or serde may read them.
 */
final class UnknownSettings {
  private UnknownSettings() {}

  /**
   * One line for each setting that neither Kafka's clients nor the serde read, with the nearest
   * that they do. What {@code serde.*} means to a serde other than {@link AvroSerde} is not judged.
   */
  static List<String> warnings(AppConfig config) {
    List<String> warnings = new ArrayList<>();
    check(config, "kafka.", kafkaNames(), "Kafka's clients", warnings);
    if (config.text("serde.class").equals(AvroSerde.class.getName())) {
      Set<String> names = new TreeSet<>(AvroSerde.configNames());
      names.add("class");
      config.below("serde.").keySet().stream().filter(AvroSerde::isHeader).forEach(names::add);
      check(config, "serde.", names, "the serde", warnings);
    }
    return warnings;
  }

  private static void check(
      AppConfig config, String prefix, Set<String> known, String owner, List<String> warnings) {
    for (String name : config.below(prefix).keySet()) {
      if (!known.contains(name)) {
        String nearest =
            Nearest.to(name, known)
                .map(found -> ", did you mean " + prefix + found + "?")
                .orElse("");
        warnings.add(prefix + name + " is no setting of " + owner + nearest);
      }
    }
  }

  /** Every name that Kafka Streams reads or hands on, with and without its prefixes. */
  private static Set<String> kafkaNames() {
    Set<String> names = new TreeSet<>(StreamsConfig.configDef().names());
    for (String prefix :
        List.of(
            "",
            StreamsConfig.CONSUMER_PREFIX,
            StreamsConfig.MAIN_CONSUMER_PREFIX,
            StreamsConfig.RESTORE_CONSUMER_PREFIX,
            StreamsConfig.GLOBAL_CONSUMER_PREFIX)) {
      add(names, prefix, ConsumerConfig.configNames());
    }
    for (String prefix : List.of("", StreamsConfig.PRODUCER_PREFIX)) {
      add(names, prefix, ProducerConfig.configNames());
    }
    for (String prefix : List.of("", StreamsConfig.ADMIN_CLIENT_PREFIX)) {
      add(names, prefix, AdminClientConfig.configNames());
    }
    add(names, StreamsConfig.TOPIC_PREFIX, topicNames());
    return names;
  }

  private static void add(Set<String> names, String prefix, Collection<String> added) {
    added.forEach(name -> names.add(prefix + name));
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
