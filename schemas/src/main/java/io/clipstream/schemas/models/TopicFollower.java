package io.clipstream.schemas.models;

import io.clipstream.schemas.serde.SchemaNotYetKnownException;
import io.clipstream.schemas.serde.SerdeErrors;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.Serde;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a compacted topic of Avro records from its beginning, committed records only, and then
 * follows it. Without a consumer group: each follower sees everything.
 *
 * <p>A record that cannot be read or does not make sense is left out, logged and told as {@link
 * LogEvent.Skipped}. One whose schema the registry does not know yet ({@link
 * SchemaNotYetKnownException}) is waited for. While the topic is gone or Kafka cannot be reached
 * there are no events; a topic that was made anew is read from its beginning ({@link
 * LogEvent.Restarted}).
 *
 * <p>One thread at a time, but for {@link #wakeup}. A thread that is interrupted gets {@link
 * org.apache.kafka.common.errors.InterruptException}.
 *
 * @param <T> the records
 */
public final class TopicFollower<T extends SpecificRecord> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TopicFollower.class);
  private static final Duration SLICE = Duration.ofMillis(200);

  private final ModelLogConfig config;
  private final String topic;
  private final Class<T> type;
  private final BiFunction<String, T, Optional<String>> fault;
  private final Consumer<LogEvent<T>> listener;
  private final Serde<T> serde;
  private final KafkaConsumer<String, ByteBuffer> consumer;
  private final TopicIdentity identity;
  private final LeftOut leftOut = new LeftOut(log);

  /**
   * Opens clients and asks nothing of Kafka yet.
   *
   * @param fault what is wrong with the value of a key, one line, if anything
   * @param listener told each event in the order of the offsets of its partition, by the thread
   *     that reads; what it throws ends the read, and the next one begins with the same record
   */
  public TopicFollower(
      ModelLogConfig config,
      String topic,
      Class<T> type,
      BiFunction<String, T, Optional<String>> fault,
      Consumer<LogEvent<T>> listener) {
    this.config = config;
    this.topic = topic;
    this.type = type;
    this.fault = fault;
    this.listener = listener;
    this.identity = new TopicIdentity(config, topic);
    this.serde = config.serde(type);
    try {
      this.consumer = config.consumer("read_committed", Map.of());
    } catch (RuntimeException e) {
      serde.close();
      throw e;
    }
  }

  /**
   * Reads all that was committed before the call, at the first call from the beginning. A broker
   * answers a commit before all can read what was committed, and transactions that are open hold
   * back what comes after them: every transaction that had written to the topic at the time of the
   * call is waited for.
   *
   * @throws TimeoutException if Kafka does not answer within the limit, there is more to read, or a
   *     transaction stays open
   * @throws ModelLogException if the topic does not exist
   * @throws io.clipstream.schemas.serde.RegistryException if the registry fails; another call goes
   *     on where this one stopped
   */
  public void readToEnd(Duration limit) {
    Deadline deadline = new Deadline(limit);
    List<TopicPartition> partitions = assigned(deadline);
    Map<TopicPartition, Long> ends;
    try (KafkaConsumer<String, ByteBuffer> all = config.consumer("read_uncommitted", Map.of())) {
      all.assign(partitions); // Else it warns of what it does not note.
      ends = all.endOffsets(partitions, deadline.left());
    }
    readTo(ends, deadline);
  }

  /**
   * As {@link #readToEnd}, but waits for no transaction, so that what was committed just before or
   * behind an open one may be missing. For those who follow the topic afterwards, or take its
   * writers' place.
   */
  public void readVisible(Duration limit) {
    Deadline deadline = new Deadline(limit);
    List<TopicPartition> partitions = assigned(deadline);
    readTo(consumer.endOffsets(partitions, deadline.left()), deadline);
  }

  private void readTo(Map<TopicPartition, Long> ends, Deadline deadline) {
    while (!reached(ends, deadline)) {
      if (deadline.over()) {
        throw new TimeoutException(
            "topic "
                + topic
                + " was not read to its end within "
                + deadline.limit().toSeconds()
                + " s: Kafka is slow, or a transaction is open there, of a publisher that is at it"
                + " or died, and hides what follows until it ends, at its time-out at the latest");
      }
      poll(deadline.atMost(SLICE));
    }
  }

  private boolean reached(Map<TopicPartition, Long> ends, Deadline deadline) {
    for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
      if (end.getValue() > 0 && consumer.position(end.getKey(), deadline.left()) < end.getValue()) {
        return false;
      }
    }
    return true;
  }

  /**
   * Waits for news; at the first call from the beginning.
   *
   * @throws TimeoutException if Kafka does not answer within the timeout of the first call
   * @throws ModelLogException if the topic does not exist at the first call
   * @throws io.clipstream.schemas.serde.RegistryException if the registry fails; another call goes
   *     on where this one stopped
   */
  public void poll(Duration timeout) {
    Deadline deadline = new Deadline(timeout);
    if (identity.changed(assigned(deadline))) {
      restart();
      return;
    }
    ConsumerRecords<String, ByteBuffer> records;
    try {
      records = consumer.poll(deadline.left());
    } catch (OffsetOutOfRangeException e) {
      identity.forget();
      restart();
      return;
    } catch (TopicAuthorizationException e) {
      throw Refusals.explained(e, "READ");
    }
    Map<TopicPartition, Long> undelivered = new HashMap<>();
    records.partitions().forEach(at -> undelivered.put(at, records.records(at).get(0).offset()));
    try {
      for (ConsumerRecord<String, ByteBuffer> record : records) {
        TopicPartition partition = new TopicPartition(topic, record.partition());
        undelivered.put(partition, record.offset());
        listener.accept(event(record));
        undelivered.put(partition, record.offset() + 1);
      }
    } catch (SchemaNotYetKnownException e) {
      undelivered.forEach(consumer::seek);
      pause(deadline.atMost(SLICE));
    } catch (RuntimeException e) {
      undelivered.forEach(consumer::seek);
      throw e;
    }
  }

  private static void pause(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private void restart() {
    log.warn("Topic {} was cut or made anew; it is read from its beginning", topic);
    consumer.seekToBeginning(consumer.assignment());
    listener.accept(new LogEvent.Restarted<>());
  }

  private List<TopicPartition> assigned(Deadline deadline) {
    if (consumer.assignment().isEmpty()) {
      List<PartitionInfo> found = consumer.partitionsFor(topic, deadline.left());
      if (found == null || found.isEmpty()) {
        throw new ModelLogException(
            "topic " + topic + " does not exist at " + config.servers() + ": create it first");
      }
      List<TopicPartition> partitions =
          found.stream().map(info -> new TopicPartition(topic, info.partition())).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
    }
    return List.copyOf(consumer.assignment());
  }

  private LogEvent<T> event(ConsumerRecord<String, ByteBuffer> record) {
    String key = record.key();
    if (key == null) {
      return skipped(record, "it has no key");
    }
    if (record.value() == null) {
      return new LogEvent.Deleted<>(key, record.partition(), record.offset());
    }
    T value;
    try {
      value = serde.deserializer().deserialize(topic, record.headers(), record.value());
    } catch (RuntimeException e) {
      if (!SerdeErrors.isBadRecord(e)) {
        throw e;
      }
      return skipped(record, e.getMessage());
    }
    if (!type.isInstance(value)) { // Serdes of others may give whatever was written.
      return skipped(record, "it is no " + type.getSimpleName());
    }
    return fault
        .apply(key, value)
        .map(reason -> skipped(record, reason))
        .orElseGet(() -> new LogEvent.Put<>(key, value, record.partition(), record.offset()));
  }

  private LogEvent<T> skipped(ConsumerRecord<String, ByteBuffer> record, String reason) {
    leftOut.add("at offset " + record.offset() + " of " + topic + "-" + record.partition(), reason);
    return new LogEvent.Skipped<>(record.key(), record.partition(), record.offset(), reason);
  }

  /** Makes a call that waits throw {@link org.apache.kafka.common.errors.WakeupException}. */
  public void wakeup() {
    consumer.wakeup();
  }

  @Override
  public void close() {
    identity.close();
    consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
    serde.close();
  }
}
