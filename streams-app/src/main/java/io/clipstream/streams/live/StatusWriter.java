package io.clipstream.streams.live;

import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.models.ModelLogConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes to {@code models.status}, in order and without waiting. A record that does not arrive in
 * time is given up: the next heartbeat says it all again. One thread.
 */
final class StatusWriter implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StatusWriter.class);
  private static final Duration BETWEEN_WARNINGS = Duration.ofSeconds(30);
  private static final Duration CLOSING = Duration.ofSeconds(3);
  private static final Duration BLOCKING = Duration.ofMillis(500);

  private final String topic;
  private final Serde<ModelStatus> serde;
  private final Producer<String, ModelStatus> producer;
  private volatile long nextWarning = System.nanoTime();

  /**
   * @param limit after which a record is given up
   */
  StatusWriter(ModelLogConfig config, Duration limit) {
    this.topic = config.topics().status();
    this.serde = config.serde(ModelStatus.class);
    Map<String, Object> properties = new HashMap<>(config.clients());
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    properties.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, (int) BLOCKING.toMillis());
    properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) limit.toMillis());
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) limit.toMillis());
    this.producer = new KafkaProducer<>(properties, new StringSerializer(), serde.serializer());
  }

  /** Completes when the brokers have the record, or with why they have not. */
  CompletableFuture<Void> send(ModelStatus status) {
    return send(StatusRecords.key(status.getInstance(), status.getName()), status);
  }

  /** Deletes the record of an instance that is gone. */
  void forget(String instance, String model) {
    var unused = send(StatusRecords.key(instance, model), null);
  }

  @SuppressWarnings("FutureReturnValueIgnored") // The callback tells.
  private CompletableFuture<Void> send(String recordKey, ModelStatus status) {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    try {
      producer.send(
          new ProducerRecord<>(topic, recordKey, status),
          (metadata, error) -> {
            if (error == null) {
              sent.complete(null);
            } else {
              failed(error, sent);
            }
          });
    } catch (RuntimeException e) { // of Kafka or the registry
      failed(e, sent);
    }
    return sent;
  }

  private void failed(Exception error, CompletableFuture<Void> sent) {
    sent.completeExceptionally(error);
    long now = System.nanoTime();
    if (now - nextWarning >= 0) {
      nextWarning = now + BETWEEN_WARNINGS.toNanos();
      log.warn(
          "The status of this instance does not reach {}; serving goes on: {}",
          topic,
          error.getMessage());
    }
  }

  /** What was sent last may still arrive. */
  @Override
  public void close() {
    producer.close(CLOSING);
    serde.close();
  }
}
