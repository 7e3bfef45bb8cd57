package io.clipstream.streams.config;

import io.clipstream.model.Nearest;
import io.clipstream.model.Settings;
import io.clipstream.schemas.serde.AvroSerde;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds {@code kafka.*} and {@code serde.*} settings that may be mistyped. They are passed on all
 * the same: a user's own interceptor or serde may read them.
 */
public final class UnknownSettings {
  private UnknownSettings() {}

  /**
   * One line for each setting that neither Kafka's clients nor the serde read, with the nearest
   * that they do. What {@code serde.*} means to a serde other than {@link AvroSerde} is not judged.
   */
  public static List<String> warnings(Settings settings) {
    List<String> warnings = new ArrayList<>();
    check(settings, "kafka.", KafkaKeys.names(), "Kafka's clients", warnings);
    if (settings.text("serde.class").equals(AvroSerde.class.getName())) {
      Set<String> names = new TreeSet<>(AvroSerde.configNames());
      names.add("class");
      settings.below("serde.").keySet().stream().filter(AvroSerde::isHeader).forEach(names::add);
      check(settings, "serde.", names, "the serde", warnings);
    }
    return warnings;
  }

  private static void check(
      Settings settings, String prefix, Set<String> known, String owner, List<String> warnings) {
    for (String name : settings.below(prefix).keySet()) {
      if (!known.contains(name)) {
        String nearest =
            Nearest.to(name, known)
                .map(found -> ", did you mean " + prefix + found + "?")
                .orElse("");
        warnings.add(prefix + name + " is no setting of " + owner + nearest);
      }
    }
  }
}
