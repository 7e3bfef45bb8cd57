package io.clipstream.streams.app;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/** Kafka Streams settings that clipstream starts from; a user's own win. */
public final class StreamsDefaults {
  private static final Map<String, String> DEFAULTS =
      Map.of(
          "processing.guarantee",
          "exactly_once_v2",
          // Outcomes are seen once they are committed: this bounds how late.
          "commit.interval.ms",
          "100",
          // Outcomes are forwarded between polls: a poll without records must not take long.
          "poll.ms",
          "10",
          // What still arrives after the intake is closed: see IntakeGate.
          "buffered.records.per.partition",
          "500",
          "main.consumer.max.poll.records",
          "500",
          // How soon the partitions of a killed instance go to the others.
          "main.consumer.session.timeout.ms",
          "15000",
          // There is no global store; unset, Streams warns of it at every start.
          "processing.exception.handler.global.enabled",
          "true",
          "log.summary.interval.ms",
          "-1");

  private StreamsDefaults() {}

  /**
   * @param kafka a user's settings, without prefix; {@code application.id} and {@code
   *     bootstrap.servers} at least
   * @throws IllegalArgumentException if a setting cannot work
   */
  public static Properties with(Map<String, ?> kafka) {
    Map<String, Object> all = new HashMap<>(DEFAULTS);
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
