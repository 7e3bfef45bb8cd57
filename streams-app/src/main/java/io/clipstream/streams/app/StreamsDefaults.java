package io.clipstream.streams.app;

import io.clipstream.streams.config.KafkaSettings;
import io.clipstream.streams.config.SettingsSources;
import java.util.Map;
import java.util.Properties;

/** Kafka Streams settings: those of {@code defaults.properties}, where a user's own win. */
public final class StreamsDefaults {
  private static final String MAX_REQUEST = "producer.max.request.size";

  private StreamsDefaults() {}

  /**
   * Kafka Streams' settings: the user's over the defaults.
   *
   * @param kafka a user's settings, without prefix; {@code application.id} and {@code
   *     bootstrap.servers} at least
   */
  public static Properties with(Map<String, ?> kafka) {
    Properties properties = new Properties();
    properties.putAll(SettingsSources.defaults().below("kafka."));
    properties.putAll(kafka);
    return properties;
  }

  /**
   * Largest request, and so largest record, of the producers, in bytes.
   *
   * @param kafka as {@link #with} returns it
   * @throws IllegalArgumentException if labels would not fit, or if it is beyond the buffer that
   *     Kafka's producers have by default
   */
  static int maxRequestBytes(Properties kafka) {
    Object value = kafka.get(MAX_REQUEST);
    try {
      int bytes = Integer.parseInt(value.toString().trim());
      if (KafkaSettings.REQUEST_BYTES.contain(bytes)) {
        return bytes;
      }
    } catch (NumberFormatException e) {
      // reported below, as a number out of bounds is
    }
    throw new IllegalArgumentException(
        "kafka."
            + MAX_REQUEST
            + " is '"
            + value
            + "', expected a number of bytes from "
            + KafkaSettings.REQUEST_BYTES);
  }
}
