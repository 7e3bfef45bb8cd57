package io.clipstream.streams.live;

import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.models.LogEvent;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelLogException;
import io.clipstream.schemas.models.Refusals;
import io.clipstream.schemas.models.TopicFollower;
import io.clipstream.streams.live.rollout.Wanted;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads and changes what is wanted of models. Changes are compare-and-set: a writer first takes the
 * model's transactional id, which ends what the writer before had open and fences it, then reads
 * the topic to its end and writes what it makes of the last record. So each record follows from the
 * one before it. The id is another one than publishing has: an instance that answers does not abort
 * a publication.
 *
 * <p>All threads; each call opens clients of its own and is one thread's. One that is interrupted
 * gets {@link InterruptException}.
 */
public final class RolloutLog {
  private static final Logger log = LoggerFactory.getLogger(RolloutLog.class);
  private static final Duration READING = Duration.ofSeconds(60);
  private static final Duration TRANSACTION = Duration.ofSeconds(30);
  private static final Duration CLOSING = Duration.ofSeconds(5);
  private static final Duration CONTENDING = Duration.ofSeconds(120);
  private static final int COMMIT_ATTEMPTS = 3;
  private static final int OPEN_ATTEMPTS = 3;
  private static final long PAUSE_MILLIS = 100;
  private static final int PAUSE_DOUBLINGS = 6;

  private final ModelLogConfig config;
  private final String writer;
  private final BiFunction<
          Map<String, Object>, Serializer<ModelRollout>, Producer<String, ModelRollout>>
      producers;

  /**
   * @param writer who or what changes things, for people: written into each record
   */
  public RolloutLog(ModelLogConfig config, String writer) {
    this(
        config,
        writer,
        (properties, values) -> new KafkaProducer<>(properties, new StringSerializer(), values));
  }

  /** With producers of the caller's kind. */
  RolloutLog(
      ModelLogConfig config,
      String writer,
      BiFunction<Map<String, Object>, Serializer<ModelRollout>, Producer<String, ModelRollout>>
          producers) {
    this.config = config;
    this.writer = writer;
    this.producers = producers;
  }

  /**
   * What is wanted now; empty before the first version.
   *
   * @throws TimeoutException if Kafka does not answer
   * @throws ModelLogException if the topic does not exist
   * @throws io.clipstream.schemas.serde.RegistryException if the registry fails
   */
  public Optional<Wanted> read(String model) {
    Seen seen = new Seen();
    try (TopicFollower<ModelRollout> follower = follower(seen)) {
      follower.readToEnd(READING);
    }
    return Optional.ofNullable(seen.newest.get(model));
  }

  /**
   * What was wanted of a model, the earliest first, as far as the topic still has it: what was
   * followed by others is cleaned up some time.
   *
   * @throws TimeoutException if Kafka does not answer
   * @throws ModelLogException if the topic does not exist
   * @throws io.clipstream.schemas.serde.RegistryException if the registry fails
   */
  public List<Wanted> history(String model) {
    Seen seen = new Seen();
    List<Wanted> history = new ArrayList<>();
    try (TopicFollower<ModelRollout> follower =
        new TopicFollower<>(
            config,
            config.topics().rollouts(),
            ModelRollout.class,
            RolloutRecords::fault,
            event -> {
              seen.accept(event);
              Wanted newest = seen.newest.get(model);
              if (newest == null) {
                history.clear();
              } else if (history.isEmpty() || !history.get(history.size() - 1).equals(newest)) {
                history.add(newest);
              }
            })) {
      follower.readToEnd(READING);
    }
    return history;
  }

  private TopicFollower<ModelRollout> follower(Seen seen) {
    return new TopicFollower<>(
        config,
        config.topics().rollouts(),
        ModelRollout.class,
        RolloutRecords::fault,
        seen::accept);
  }

  /** What was read, and whether a change is there of which no broker said so. */
  private static final class Seen {
    final Map<String, Wanted> newest = new HashMap<>();

    /** Null: none is looked for. */
    OpenChange open;

    boolean found;

    void accept(LogEvent<ModelRollout> event) {
      if (event instanceof LogEvent.Put<ModelRollout> put) {
        newest.put(put.key(), RolloutRecords.wanted(put.value()));
        found |= open != null && open.isAt(put.partition(), put.offset());
      } else if (event instanceof LogEvent.Deleted<ModelRollout> deleted) {
        newest.remove(deleted.key());
      } else if (event instanceof LogEvent.Restarted<ModelRollout>) {
        newest.clear();
      }
    }
  }

  /**
   * A change that was sent and may be committed: its writer was overtaken, perhaps after a broker
   * had taken the end and could not say so, or the end was answered with an error.
   */
  private static final class OpenChange extends KafkaException {
    private static final long serialVersionUID = 1;

    final transient Wanted wanted;
    private final transient RecordMetadata place;

    /**
     * @param place null if it is not known either: then it did not arrive
     */
    OpenChange(Wanted wanted, RecordMetadata place, KafkaException cause) {
      super(cause);
      this.wanted = wanted;
      this.place = place;
    }

    /** Offsets are taken once, so that it cannot be another's that looks the same. */
    boolean isAt(int partition, long offset) {
      return place != null && place.partition() == partition && place.offset() == offset;
    }
  }

  /**
   * Changes what is wanted. Of a writer that was overtaken the change is made once more, from the
   * state that it finds then. Where a broker answers the end of a change with an error that leaves
   * open what became of it, the id is taken once more, which ends it, and the topic read: then it
   * is there, or is made once more.
   *
   * @param change makes the next state from the last, which is null before the first version;
   *     nothing is written where it gives null or an equal one. What it throws comes out of here,
   *     and nothing is written
   * @return what is wanted afterwards; null where nothing ever was
   * @throws TimeoutException if Kafka does not answer
   * @throws ModelLogException if the topic does not exist, others are always faster, or no broker
   *     says whether the change arrived, or each time in a way that leaves it open: the next change
   *     ends what is open then
   * @throws io.clipstream.schemas.serde.RegistryException if the registry fails
   */
  public Wanted change(String model, UnaryOperator<Wanted> change) {
    long deadline = System.nanoTime() + CONTENDING.toNanos();
    Seen seen = new Seen();
    int open = 0;
    try (TopicFollower<ModelRollout> follower = follower(seen)) {
      // The topic's history is read before the id is taken, so that from then to the commit there
      // is little time in which another writer can overtake this one.
      follower.readVisible(READING);
      for (int attempt = 0; ; attempt++) {
        try {
          return changeOnce(model, change, follower, seen);
        } catch (KafkaException e) {
          if (e instanceof OpenChange sent) {
            seen.open = sent;
          } else if (seen.open == null && !isOvertaken(e)) {
            throw e;
          }
          if (!isOvertaken(e)) {
            log.info("What became of a change of model {} is looked for: {}", model, e.toString());
            open++;
          }
          if (open == OPEN_ATTEMPTS) {
            throw unknown(model, e);
          }
          if (System.nanoTime() > deadline) {
            throw contended(model, e);
          }
        }
        pause(attempt);
      }
    }
  }

  private static ModelLogException contended(String model, KafkaException cause) {
    return new ModelLogException(
        "what is wanted of model "
            + model
            + " was changed by others all the time, for "
            + CONTENDING.toSeconds()
            + " s: try it again",
        cause);
  }

  private static ModelLogException unknown(String model, KafkaException cause) {
    Throwable error = cause instanceof OpenChange ? cause.getCause() : cause;
    return new ModelLogException(
        "it is not known whether the change of model "
            + model
            + " was committed: a broker answered its end with an error ("
            + error.getMessage()
            + "): look at it and try it again, which ends what is open",
        cause);
  }

  private Wanted changeOnce(
      String model, UnaryOperator<Wanted> change, TopicFollower<ModelRollout> follower, Seen seen) {
    try (Serde<ModelRollout> serde = config.serde(ModelRollout.class)) {
      Producer<String, ModelRollout> producer =
          producers.apply(properties(model), serde.serializer());
      try {
        begin(producer, model); // What is open is committed or aborted then.
        follower.readToEnd(READING);
        if (seen.found) {
          return seen.open.wanted;
        }
        seen.open = null;
        Wanted before = seen.newest.get(model);
        Wanted after = change.apply(before);
        if (after == null || after.equals(before)) {
          return before;
        }
        write(producer, after);
        return after;
      } finally {
        producer.close(CLOSING);
      }
    }
  }

  private void begin(Producer<?, ?> producer, String model) {
    try {
      producer.initTransactions();
    } catch (TransactionalIdAuthorizationException e) { // It does not say on which.
      throw new ModelLogException(
          "the access rules (ACLs) do not allow WRITE on the transactional id " + id(model), e);
    }
  }

  private String id(String model) {
    return config.topics().rollouts() + "-" + model;
  }

  /** What does not arrive makes the commit fail. */
  private void write(Producer<String, ModelRollout> producer, Wanted wanted) {
    producer.beginTransaction();
    Future<RecordMetadata> sent =
        producer.send(
            new ProducerRecord<>(
                config.topics().rollouts(),
                wanted.model(),
                RolloutRecords.of(wanted, writer, Instant.now())));
    for (int attempt = 1; ; attempt++) {
      try {
        producer.commitTransaction();
        return;
      } catch (TimeoutException e) {
        if (attempt == COMMIT_ATTEMPTS) {
          throw new ModelLogException(
              "it is not known whether the change of model "
                  + wanted.model()
                  + " was committed, as no broker answers: look at it and try it again",
              e);
        }
      } catch (InterruptException e) {
        throw e;
      } catch (KafkaException e) {
        if (!isOvertaken(e) && aborts(producer, e)) {
          throw Refusals.explained(e, "WRITE");
        }
        throw new OpenChange(wanted, place(sent), e);
      }
    }
  }

  /** Null for what did not arrive. */
  private static RecordMetadata place(Future<RecordMetadata> sent) {
    try {
      return sent.isDone() ? sent.get() : null;
    } catch (ExecutionException e) {
      return null;
    } catch (InterruptedException e) { // It is done: nobody waits.
      throw new InterruptException(e);
    }
  }

  /** Whether it is certain that nothing was written, as when the record did not arrive. */
  private static boolean aborts(Producer<?, ?> producer, KafkaException reason) {
    try {
      producer.abortTransaction();
      return true;
    } catch (RuntimeException e) {
      reason.addSuppressed(e);
      return false;
    }
  }

  private Map<String, Object> properties(String model) {
    Map<String, Object> properties = new HashMap<>(config.clients());
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    properties.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, (int) TRANSACTION.toMillis());
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, id(model));
    return properties;
  }

  private static boolean isOvertaken(Throwable error) {
    for (Throwable at = error; at != null; at = at.getCause()) {
      if (at instanceof ProducerFencedException
          || at instanceof InvalidProducerEpochException
          || at instanceof InvalidTxnStateException) { // Another has aborted what this one ends.
        return true;
      }
    }
    return false;
  }

  /** Writers that meet part again: the longest pause, 6 s, is some times what a change takes. */
  private static void pause(int attempt) {
    long longest = PAUSE_MILLIS << Math.min(attempt, PAUSE_DOUBLINGS);
    try {
      Thread.sleep(ThreadLocalRandom.current().nextLong(longest));
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }
}
