package io.clipstream.streams.app;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/** Kafka Streams settings: those of {@code defaults.properties}, where a user's own win. */
public final class StreamsDefaults {
  private StreamsDefaults() {}

  /**
   * Kafka Streams' settings: the user's over the defaults.
   *
   * @param kafka a user's settings, without prefix; {@code application.id} and {@code
   *     bootstrap.servers} at least
   * @throws IllegalArgumentException if a setting cannot work
   */
  public static Properties with(Map<String, ?> kafka) {
    Map<String, Object> all = new HashMap<>(AppConfig.defaults().below("kafka."));
    all.putAll(kafka);
    Object protocol = all.getOrDefault("group.protocol", "classic");
    if (!"classic".equalsIgnoreCase(protocol.toString())) {
      throw new IllegalArgumentException(
          "kafka.group.protocol is '"
              + protocol
              + "', expected classic: with the others Kafka Streams takes no consumer that bounds"
              + " what is in flight");
    }
    Properties properties = new Properties();
    properties.putAll(all);
    return properties;
  }
}
