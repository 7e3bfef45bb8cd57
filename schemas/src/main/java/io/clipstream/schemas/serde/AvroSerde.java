package io.clipstream.schemas.serde;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * {@link AvroSerializer} and {@link AvroDeserializer} of generated records, as Confluent's {@code
 * SpecificAvroSerde}: made by class name, then configured with the same keys; either may stand
 * where the other does. All threads.
 *
 * @param <T> the records
 */
public final class AvroSerde<T extends SpecificRecord> implements Serde<T> {
  private static final Set<String> NAMES =
      Set.of(
          "auto.register.schemas",
          "avro.remove.java.properties",
          "basic.auth.credentials.source",
          "basic.auth.user.info",
          "bearer.auth.credentials.source",
          "bearer.auth.token",
          "http.connect.timeout.ms",
          "http.read.timeout.ms",
          "key.subject.name.strategy",
          "latest.compatibility.strict",
          "max.retries",
          "max.schemas.per.subject",
          "missing.id.cache.ttl.sec",
          "missing.id.patience.sec",
          "normalize.schemas",
          "proxy.host",
          "proxy.port",
          "retries.max.wait.ms",
          "retries.wait.ms",
          "specific.avro.key.type",
          "specific.avro.reader",
          "specific.avro.value.type",
          "use.latest.version",
          "value.subject.name.strategy");

  private final AvroSerializer<T> serializer = new AvroSerializer<>();
  private final AvroDeserializer<T> deserializer;

  /** For use by class name: gives the class named as the writer's record. */
  public AvroSerde() {
    this.deserializer = new AvroDeserializer<>();
  }

  /** A serde of one class: another record on its topic is a bad record. */
  public AvroSerde(Class<T> type) {
    this.deserializer = AvroDeserializer.of(type);
  }

  /**
   * A configured serde for the values of a topic, of whichever class the user chose.
   *
   * @param serdeClass name of a {@link Serde} with a public constructor without arguments: this
   *     class, or Confluent's {@code io.confluent.kafka.streams.serdes.avro.SpecificAvroSerde}
   * @param type the records; {@code specific.avro.value.type} tells the serde
   * @param configs Confluent's keys
   * @throws ConfigException when there is no such class, or the configuration is wrong
   */
  public static <T extends SpecificRecord> Serde<T> create(
      String serdeClass, Class<T> type, Map<String, ?> configs) {
    Map<String, Object> typed = new HashMap<>(configs);
    typed.put("specific.avro.reader", true);
    typed.put("specific.avro.value.type", type);
    Serde<T> serde = newInstance(serdeClass);
    serde.configure(typed, false);
    return serde instanceof AvroSerde
        ? serde
        : new OtherSerde<>(
            serde, RegistryConfig.missingIdPatience(new RegistryConfig.Keys(configs)));
  }

  /**
   * The keys that the serde reads, with and without the prefix {@code schema.registry.}; besides
   * them it reads headers, see {@link #isHeader}.
   */
  public static Set<String> configNames() {
    Set<String> names = new TreeSet<>(NAMES);
    NAMES.forEach(name -> names.add(RegistryConfig.PREFIX + name));
    names.add(RegistryConfig.URL);
    new ConfigDef()
        .withClientSslSupport()
        .names()
        .forEach(name -> names.add(RegistryConfig.PREFIX + name));
    return names;
  }

  /** Whether the key is {@code request.header.NAME}, a header of each request to the registry. */
  public static boolean isHeader(String key) {
    return RegistryConfig.headerName(key).isPresent();
  }

  @SuppressWarnings("unchecked") // the type of a serde made by name is the caller's word
  private static <T> Serde<T> newInstance(String serdeClass) {
    try {
      ClassLoader context = Thread.currentThread().getContextClassLoader();
      return (Serde<T>)
          Class.forName(
                  serdeClass, true, context != null ? context : AvroSerde.class.getClassLoader())
              .asSubclass(Serde.class)
              .getConstructor()
              .newInstance();
    } catch (ClassNotFoundException e) {
      throw new ConfigException(
          "no serde class " + serdeClass + " on the class path (extra jars go to lib/)");
    } catch (ReflectiveOperationException | ClassCastException e) {
      throw new ConfigException(
          serdeClass + " is not a Kafka serde with a public constructor without arguments: " + e);
    }
  }

  @Override
  public void configure(Map<String, ?> configs, boolean isKey) {
    serializer.configure(configs, isKey);
    Map<String, Object> specific = new HashMap<>(configs);
    specific.put("specific.avro.reader", true);
    deserializer.configure(specific, isKey);
  }

  @Override
  public Serializer<T> serializer() {
    return serializer;
  }

  @Override
  public Deserializer<T> deserializer() {
    return deserializer;
  }

  @Override
  public void close() {
    serializer.close();
    deserializer.close();
  }
}
