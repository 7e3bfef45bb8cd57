package io.clipstream.streams.config;

import io.clipstream.model.Bounds;
import io.clipstream.model.Settings;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;

/**
 * Reads {@code kafka.*}: values that Kafka's clients would refuse are refused here, under their own
 * key, before a client is made. What they do not know is passed on, see {@link UnknownSettings}.
 */
public final class KafkaSettings {
  /** Of {@code producer.max.request.size}: labels fit, and the producers' buffer takes it. */
  public static final Bounds<Integer> REQUEST_BYTES = Bounds.of(1 << 20, 32 << 20);

  private static final Bounds<Integer> STREAM_THREADS = Bounds.of(1, 1024);
  private static final String PREFIX = "kafka.";
  private static final Pattern SERVER =
      Pattern.compile("([A-Za-z0-9_+]+://)?([^\\s:/\\[\\]]+|\\[[0-9A-Fa-f:.%]+]):(\\d{1,5})");

  private KafkaSettings() {}

  /** Kafka's settings without their prefix. */
  static Map<String, String> read(Settings settings) {
    Map<String, String> kafka = settings.below(PREFIX);
    kafka.keySet().forEach(name -> check(settings, name));
    settings.value(
        PREFIX + "bootstrap.servers",
        "HOST:PORT, several separated by commas",
        text -> Stream.of(text.split(",", -1)).allMatch(KafkaSettings::isServer) ? text : null);
    int request = settings.integer(PREFIX + "producer.max.request.size", REQUEST_BYTES);
    Bounds<Long> buffer = Bounds.of((long) request, Long.MAX_VALUE);
    for (String name : List.of("buffer.memory", "producer.buffer.memory")) {
      if (kafka.containsKey(name)) { // A larger record would wait for room that never comes.
        settings.wholeNumber(PREFIX + name, buffer);
      }
    }
    if (kafka.containsKey("num.stream.threads")) { // Kafka takes 0 and runs none.
      settings.integer(PREFIX + "num.stream.threads", STREAM_THREADS);
    }
    if (!kafka.getOrDefault("group.protocol", "classic").equalsIgnoreCase("classic")) {
      throw settings.wrong(
          PREFIX + "group.protocol",
          "classic: with the others Kafka Streams takes no consumer that bounds what is in flight");
    }
    return kafka;
  }

  private static void check(Settings settings, String name) {
    for (ConfigDef.ConfigKey key : KafkaKeys.definitions(name)) {
      String text = settings.text(PREFIX + name);
      try {
        Object value = ConfigDef.parseType(key.name, text, key.type);
        if (key.validator != null) {
          key.validator.ensureValid(key.name, value);
        }
      } catch (ConfigException e) {
        String reason =
            e.getMessage().replaceFirst("^Invalid value .* for configuration \\S+: ", "");
        throw settings.wrong(PREFIX + name, "what Kafka takes: " + reason);
      }
    }
  }

  private static boolean isServer(String text) {
    var matcher = SERVER.matcher(text.strip());
    return matcher.matches() && Bounds.of(1, 65_535).contain(Integer.valueOf(matcher.group(3)));
  }
}
