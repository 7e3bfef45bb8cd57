package io.clipstream.streams.console;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads the outcomes of all instances, the last few that there are and then each that comes. It is
 * in no consumer group: it takes nothing from anybody. What cannot be read is left out. For {@link
 * Following}.
 */
final class OutcomeFollower implements Following.Reader {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration CLOSING = Duration.ofSeconds(2);

  /** Of each partition, at the start. */
  private static final int EARLIER = 50;

  /** Of all partitions: who keeps the last ones shall have some of each. */
  private static final int EARLIER_IN_ALL = 500;

  private final Supplier<KafkaConsumer<String, SpecificRecord>> consumers;
  private final BiConsumer<SeenOutcome, Boolean> listener;
  private final Runnable caughtUp;

  /** Where each partition ended when it was read first. */
  private final Map<TopicPartition, Long> ends = new HashMap<>();

  /** Where reading goes on, also with another consumer. */
  private final Map<TopicPartition, Long> positions = new HashMap<>();

  private KafkaConsumer<String, SpecificRecord> consumer;
  private boolean isCaughtUp;

  /**
   * @param listener told each outcome, and whether it came after the start; those from before come
   *     partition by partition
   * @param caughtUp told once, when those from before have been told
   */
  OutcomeFollower(
      Supplier<KafkaConsumer<String, SpecificRecord>> consumers,
      BiConsumer<SeenOutcome, Boolean> listener,
      Runnable caughtUp) {
    this.consumers = consumers;
    this.listener = listener;
    this.caughtUp = caughtUp;
  }

  @Override
  public void read() {
    if (consumer == null) {
      open();
    }
    for (ConsumerRecord<String, SpecificRecord> record : consumer.poll(POLL)) {
      TopicPartition partition = new TopicPartition(record.topic(), record.partition());
      positions.put(partition, record.offset() + 1);
      if (record.value() != null) {
        String place = partition + "-" + record.offset();
        listener.accept(
            new SeenOutcome(
                place,
                record.key(),
                record.value(),
                record.serializedValueSize(),
                OutcomePage.of(place, record.value())),
            record.offset() >= ends.get(partition));
      }
    }
    if (!isCaughtUp
        && consumer.assignment().stream().allMatch(at -> consumer.position(at) >= ends.get(at))) {
      isCaughtUp = true;
      caughtUp.run();
    }
  }

  private void open() {
    consumer = consumers.get();
    Map<TopicPartition, Long> first = consumer.beginningOffsets(consumer.assignment());
    consumer.endOffsets(consumer.assignment()).forEach(ends::putIfAbsent);
    int earlier = Math.min(EARLIER, Math.max(1, EARLIER_IN_ALL / consumer.assignment().size()));
    for (TopicPartition partition : consumer.assignment()) {
      long from = Math.max(first.get(partition), ends.get(partition) - earlier);
      consumer.seek(partition, Math.max(from, positions.getOrDefault(partition, from)));
    }
  }

  @Override
  public void close() {
    if (consumer != null) {
      consumer.close(CloseOptions.timeout(CLOSING));
      consumer = null;
    }
  }
}
