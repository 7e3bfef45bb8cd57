package io.clipstream.schemas.serde;

import java.util.Locale;
import org.apache.kafka.common.config.ConfigException;

/**
 * How a subject of the registry gets its name. Configured with {@code key.subject.name.strategy}
 * and {@code value.subject.name.strategy}: Confluent's class ({@code
 * io.confluent.kafka.serializers.subject.TopicNameStrategy}), its simple name, or that without
 * {@code Strategy}.
 */
public enum SubjectNameStrategy {
  /** {@code TOPIC-key} or {@code TOPIC-value}; the default. */
  TOPIC_NAME("TopicName"),
  /** The record's full name: one history of a record over every topic. */
  RECORD_NAME("RecordName"),
  /** {@code TOPIC-} and the record's full name: several records on one topic. */
  TOPIC_RECORD_NAME("TopicRecordName");

  private static final String PACKAGE = "io.confluent.kafka.serializers.subject.";
  private final String configName;

  SubjectNameStrategy(String configName) {
    this.configName = configName;
  }

  /** The subject for a record with the full name {@code recordName} on {@code topic}. */
  public String subject(String topic, boolean isKey, String recordName) {
    return switch (this) {
      case TOPIC_NAME -> topic + (isKey ? "-key" : "-value");
      case RECORD_NAME -> recordName;
      case TOPIC_RECORD_NAME -> topic + "-" + recordName;
    };
  }

  /**
   * Reads a configured value: a name or a class.
   *
   * @throws ConfigException for anything else
   */
  static SubjectNameStrategy parse(String key, Object value) {
    String name = value instanceof Class<?> type ? type.getName() : value.toString().trim();
    String simple = name.startsWith(PACKAGE) ? name.substring(PACKAGE.length()) : name;
    String bare =
        simple.toLowerCase(Locale.ROOT).endsWith("strategy")
            ? simple.substring(0, simple.length() - "strategy".length())
            : simple;
    for (SubjectNameStrategy strategy : values()) {
      if (bare.equalsIgnoreCase(strategy.configName)) {
        return strategy;
      }
    }
    throw new ConfigException(
        key, value, "expected TopicName, RecordName or TopicRecordName (or Confluent's class)");
  }
}
