package io.clipstream.streams.app;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.SettingsSources;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Makes the clients that Kafka Streams is going to make, and closes them again: only so it shows
 * which settings do not go together, which names do not resolve and which files cannot be read. No
 * broker needs to answer.
 */
public final class ClientCheck {
  private static final String PREFIX = "kafka.";
  private static final String BOOTSTRAP = "bootstrap.servers";
  private static final String CLIENT = "clipstream-check";

  private ClientCheck() {}

  /**
   * Makes sure that Kafka's clients can be made.
   *
   * @param settings that the connection was read from
   * @throws UserError naming the cause and, if one of the user's settings alone is at fault, its
   *     key and where it was set
   */
  public static void require(Settings settings, ConnectionSettings connection) {
    Optional<Throwable> fault = fault(connection.kafka());
    if (fault.isPresent()) {
      throw KafkaProblem.isUnresolved(fault.get())
          ? unresolved(settings, connection.kafka(), fault.get())
          : blame(settings, connection.kafka(), KafkaProblem.reason(fault.get()));
    }
  }

  private static UserError unresolved(
      Settings settings, Map<String, String> kafka, Throwable fault) {
    String reason = BrokerReach.of(kafka.get(BOOTSTRAP));
    return new UserError(settings.refused(PREFIX + BOOTSTRAP, reason).getMessage(), fault);
  }

  /** The key without which the fault is gone is the one at fault. */
  private static UserError blame(Settings settings, Map<String, String> kafka, String fault) {
    if (fault.contains(BOOTSTRAP)) { // Without it the clients would look for brokers elsewhere.
      return settings.refused(PREFIX + BOOTSTRAP, fault);
    }
    Map<String, String> defaults = SettingsSources.defaults().below(PREFIX);
    for (String name : settings.below(PREFIX).keySet()) {
      if (!kafka.get(name).equals(defaults.get(name))) {
        Map<String, String> without = new HashMap<>(kafka);
        without.remove(name);
        if (!fault(without).map(KafkaProblem::reason).equals(Optional.of(fault))) {
          return settings.refused(PREFIX + name, fault);
        }
      }
    }
    return new UserError("Kafka's clients cannot be made of kafka.*: " + fault);
  }

  private static Optional<Throwable> fault(Map<String, String> kafka) {
    try {
      make(new StreamsConfig(StreamsDefaults.with(kafka)));
      return Optional.empty();
    } catch (RuntimeException | LinkageError e) { // KafkaException and IllegalArgumentException
      return Optional.of(e);
    }
  }

  private static void make(StreamsConfig streams) {
    // Each makes the handler, which Streams does only when a task begins.
    Objects.requireNonNull(streams.deserializationExceptionHandler());
    Objects.requireNonNull(streams.productionExceptionHandler());
    Objects.requireNonNull(streams.processingExceptionHandler());
    Admin.create(streams.getAdminConfigs(CLIENT)).close(Duration.ZERO);
    Map<String, Object> main = streams.getMainConsumerConfigs(CLIENT, CLIENT, 0);
    // The one of Streams works within Streams alone.
    main.remove(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG);
    consumer(main);
    consumer(streams.getRestoreConsumerConfigs(CLIENT));
    Map<String, Object> producer = streams.getProducerConfigs(CLIENT);
    if (streams
        .getString(StreamsConfig.PROCESSING_GUARANTEE_CONFIG)
        .equals(StreamsConfig.EXACTLY_ONCE_V2)) {
      producer.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, CLIENT);
    }
    new KafkaProducer<>(producer, new ByteArraySerializer(), new ByteArraySerializer())
        .close(Duration.ZERO);
  }

  private static void consumer(Map<String, Object> config) {
    new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()).close();
  }
}
