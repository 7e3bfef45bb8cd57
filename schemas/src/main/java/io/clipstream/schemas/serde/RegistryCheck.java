package io.clipstream.schemas.serde;

import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;

/** Whether a registry takes the schema of a topic's values, found out without registering it. */
public final class RegistryCheck {
  private RegistryCheck() {}

  /**
   * Asks once.
   *
   * @param settings of {@link AvroSerde}
   * @return one line: how the subject takes the schema
   * @throws RegistryRefusedException if it does not
   * @throws RegistryUnavailableException if no registry answers
   */
  public static String check(Map<String, ?> settings, String topic, Schema schema) {
    Map<String, Object> once = new HashMap<>(settings);
    once.putIfAbsent("max.retries", "0");
    once.put("missing.id.patience.sec", "0"); // Nobody asks again.
    RegistryConfig.Keys keys = new RegistryConfig.Keys(once);
    Object strategy = keys.get("value.subject.name.strategy");
    String subject =
        (strategy == null
                ? SubjectNameStrategy.TOPIC_NAME
                : SubjectNameStrategy.parse("value.subject.name.strategy", strategy))
            .subject(topic, false, schema.getFullName());
    try (RegistryClient client = RegistryClient.shared(RegistryConfig.from(once))) {
      if (keys.flag("use.latest.version", false)) {
        return subject + " has version " + client.latest(subject).version();
      }
      if (!keys.flag("auto.register.schemas", true)) {
        client.lookup(subject, schema, keys.flag("normalize.schemas", false));
        return subject + " has the schema";
      }
      if (!client.isCompatible(subject, schema)) {
        throw new RegistryRefusedException(
            subject + " has versions that " + schema.getFullName() + " is not compatible with",
            null);
      }
      return subject + " has the schema, or can take it";
    }
  }
}
