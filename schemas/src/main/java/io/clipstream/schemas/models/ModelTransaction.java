package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelArtifactChunk;
import io.clipstream.schemas.ModelRelease;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnTimeoutException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to change one model in the log. Whoever opens it takes it from the one who had it: what
 * that one had not committed is aborted, and it can write nothing more. So what the log says of the
 * model after opening stays true until this one writes. One thread.
 */
final class ModelTransaction implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ModelTransaction.class);
  private static final int COMMIT_ATTEMPTS = 3;
  private static final Duration CLOSING = Duration.ofSeconds(5);

  private final String model;
  private final String id;
  private final Duration timeout;
  private final Serde<ModelRelease> releases;
  private final Serde<ModelArtifactChunk> chunks;
  private final Producer<String, SpecificRecord> producer;

  /** What is written within the transaction. */
  @FunctionalInterface
  interface Body<T> {
    T write(Producer<String, SpecificRecord> producer) throws IOException;
  }

  /** Returns once no other can change the model. */
  ModelTransaction(ModelLogConfig config, String model, int requestBytes, Duration timeout) {
    this.model = model;
    // Its topics have the same models, and others' may have models of the same name.
    this.id = config.topics().releases() + "-" + model;
    this.timeout = timeout;
    this.releases = config.serde(ModelRelease.class);
    this.chunks = config.serde(ModelArtifactChunk.class);
    Map<String, Object> properties = new HashMap<>(config.clients());
    properties.putIfAbsent(ProducerConfig.COMPRESSION_TYPE_CONFIG, "none"); // Weights stay large.
    properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, requestBytes);
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    properties.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, (int) timeout.toMillis());
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id);
    String artifacts = config.topics().artifacts();
    this.producer =
        new KafkaProducer<>(
            properties,
            new StringSerializer(),
            (topic, value) ->
                topic.equals(artifacts)
                    ? chunks.serializer().serialize(topic, (ModelArtifactChunk) value)
                    : releases.serializer().serialize(topic, (ModelRelease) value));
    try {
      producer.initTransactions();
    } catch (RuntimeException e) {
      close();
      throw explained(e);
    }
  }

  /**
   * Writes all of it or nothing.
   *
   * @throws ModelLogException if another one took the model over meanwhile, or the time-out passed:
   *     nothing was written; or if no broker says whether the end arrived: who opens the model next
   *     ends what is open then
   * @throws OpenEndException if a broker's answer to the end leaves open what became of it
   */
  <T> T commit(Body<T> body) throws IOException {
    T result;
    try {
      producer.beginTransaction();
      result = body.write(producer);
    } catch (RuntimeException | IOException e) {
      abort(e);
      if (e instanceof IOException io) {
        throw io;
      }
      RuntimeException known = explained((RuntimeException) e);
      throw known == e ? Refusals.explained(known, "WRITE") : known;
    }
    commit();
    return result;
  }

  /** A commit may be asked for again, also after an interrupt; the interrupt is kept for later. */
  private void commit() {
    boolean interrupted = false;
    try {
      for (int attempt = 1; ; attempt++) {
        try {
          producer.commitTransaction();
          return;
        } catch (TimeoutException | InterruptException e) {
          interrupted |= Thread.interrupted();
          if (attempt == COMMIT_ATTEMPTS) {
            throw new ModelLogException(
                "it is not known whether the change of model "
                    + model
                    + " was committed, as no"
                    + " broker answers: try it again, which changes nothing if it was",
                e);
          }
        }
      }
    } catch (KafkaException e) {
      throw ended(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** What can still be aborted was not committed, as when a record did not arrive. */
  private RuntimeException ended(KafkaException error) {
    RuntimeException known = explained(error);
    if (known != error) {
      return known;
    }
    if (abort(error)) {
      return Refusals.explained(error, "WRITE");
    }
    return new OpenEndException(error);
  }

  /**
   * Readers do not wait for the time-out then. Without success it comes to the same in the end.
   *
   * @return whether it is certain that nothing was written
   */
  private boolean abort(Exception reason) {
    boolean interrupted = Thread.interrupted(); // Else Kafka's calls would give up at once.
    try {
      producer.abortTransaction();
      return true;
    } catch (RuntimeException e) {
      log.debug("The transaction is left to its time-out", e);
      reason.addSuppressed(e);
      return false;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private RuntimeException explained(RuntimeException error) {
    for (Throwable at = error; at != null; at = at.getCause()) {
      if (at instanceof ModelLogException known) {
        return known;
      }
      if (at instanceof ProducerFencedException || at instanceof InvalidProducerEpochException) {
        return new ModelLogException(
            "model "
                + model
                + " was taken over by another publisher, or publishing took longer"
                + " than its transaction may, "
                + timeout.toSeconds()
                + " s: nothing of it was published",
            error);
      }
      if (at instanceof InvalidTxnTimeoutException) {
        return new ModelLogException(
            "a transaction of "
                + timeout.toMillis()
                + " ms is needed, but the brokers allow less:"
                + " raise transaction.max.timeout.ms there",
            error);
      }
      if (at instanceof TransactionalIdAuthorizationException) {
        return new ModelLogException(
            "the access rules (ACLs) do not allow WRITE on the transactional id " + id, error);
      }
    }
    return error;
  }

  @Override
  public void close() {
    producer.close(CLOSING);
    releases.close();
    chunks.close();
  }
}
