package io.clipstream.streams.config;

import io.clipstream.model.Settings;
import io.clipstream.streams.topology.Topics;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * How the brokers and the registry are reached, and under which names: what every command needs
 * that talks to Kafka.
 *
 * @param kafka Kafka Streams' settings, {@code application.id} among them
 * @param serde of the records' values
 */
public record ConnectionSettings(Map<String, String> kafka, SerdeSettings serde, Topics topics) {
  /** What Kafka takes as the name of a topic; Streams makes topics' names of its application id. */
  private static final Pattern NAME = Pattern.compile("(?!\\.{1,2}$)[A-Za-z0-9._-]{1,200}");

  private static final String NAME_EXPECTED =
      "a name of 1 to 200 letters, digits, dots, hyphens and underscores";

  public ConnectionSettings {
    kafka = Map.copyOf(kafka);
  }

  public static ConnectionSettings read(Settings settings) {
    Map<String, String> kafka = new HashMap<>(KafkaSettings.read(settings));
    kafka.put("application.id", name(settings, "application.id"));
    return new ConnectionSettings(kafka, SerdeSettings.read(settings), topics(settings));
  }

  private static Topics topics(Settings settings) {
    return topics(settings, new HashMap<>());
  }

  /**
   * @param keys as {@link #topic} takes them
   */
  static Topics topics(Settings settings, Map<String, String> keys) {
    return new Topics(
        topic(settings, "topics.incoming", keys),
        topic(settings, "topics.labeled", keys),
        topic(settings, "topics.rejected", keys),
        topic(settings, "topics.dead-letter", keys),
        topic(settings, "topics.shadow", keys),
        topic(settings, "topics.feedback", keys));
  }

  /**
   * Reads the name of a topic.
   *
   * @param keys by the topics that were read, none of which it may be; the new one is added
   */
  static String topic(Settings settings, String key, Map<String, String> keys) {
    String topic = name(settings, key);
    String other = keys.putIfAbsent(topic, key);
    if (other != null) {
      throw settings.wrong(key, "another topic than that of " + other);
    }
    return topic;
  }

  private static String name(Settings settings, String key) {
    return settings.value(key, NAME_EXPECTED, s -> NAME.matcher(s).matches() ? s : null);
  }
}
