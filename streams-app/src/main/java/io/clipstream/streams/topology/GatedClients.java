package io.clipstream.streams.topology;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.processor.internals.DefaultKafkaClientSupplier;

/**
 * Kafka's clients for Streams, with a main consumer that brings no records of the partitions that
 * an {@link IntakeGate} is closed for. Streams has no such means of its own: a processor that
 * blocks also stops its thread's commits and polls. Needs {@code group.protocol=classic}.
 *
 * <p>They also tell {@link Attempts} what Streams tells no processor: that its thread committed,
 * and that a task is about to be revoked, while what is written can still be committed.
 */
public final class GatedClients extends DefaultKafkaClientSupplier {
  private final IntakeGate gate;
  private final Attempts attempts;

  public GatedClients(IntakeGate gate, Attempts attempts) {
    this.gate = gate;
    this.attempts = attempts;
  }

  @Override
  public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
    return new GatedConsumer(config, gate, attempts);
  }

  @Override
  public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
    return new CountingProducer(config, attempts.commits());
  }

  /**
   * Counts what makes writes durable: the end of a transaction or, without transactions, a flush.
   * Stream thread only.
   */
  private static final class CountingProducer extends KafkaProducer<byte[], byte[]> {
    private final Commits commits;
    private final boolean transactional;

    CountingProducer(Map<String, Object> config, Commits commits) {
      super(config, new ByteArraySerializer(), new ByteArraySerializer());
      this.commits = commits;
      this.transactional = config.get(ProducerConfig.TRANSACTIONAL_ID_CONFIG) != null;
    }

    @Override
    public void commitTransaction() {
      super.commitTransaction();
      commits.committed();
    }

    @Override
    public void flush() {
      super.flush();
      if (!transactional) {
        commits.committed();
      }
    }
  }

  /** Stream thread only. */
  private static final class GatedConsumer extends KafkaConsumer<byte[], byte[]> {
    private final IntakeGate gate;
    private final Attempts attempts;

    /** Partitions paused by the gate for the poll under way. */
    private final Set<TopicPartition> held = new HashSet<>();

    GatedConsumer(Map<String, Object> config, IntakeGate gate, Attempts attempts) {
      super(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
      this.gate = gate;
      this.attempts = attempts;
    }

    @Override
    public void subscribe(Collection<String> topics, ConsumerRebalanceListener listener) {
      super.subscribe(topics, new BeforeRevoked(listener, attempts));
    }

    @Override
    public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
      if (gate.open()) {
        return super.poll(timeout);
      }
      Set<TopicPartition> flowing = new HashSet<>(assignment());
      flowing.removeAll(paused());
      flowing.removeIf(partition -> gate.open(partition.partition()));
      super.pause(flowing);
      held.addAll(flowing);
      try {
        return super.poll(timeout);
      } finally {
        held.retainAll(assignment());
        super.resume(held);
        held.clear();
      }
    }

    /** Streams may pause a partition within a poll, after a rebalance: then it stays paused. */
    @Override
    public void pause(Collection<TopicPartition> partitions) {
      held.removeAll(Set.copyOf(partitions));
      super.pause(partitions);
    }
  }

  /** Marks are taken back before Streams commits for the last time. Stream thread only. */
  private record BeforeRevoked(ConsumerRebalanceListener streams, Attempts attempts)
      implements ConsumerRebalanceListener {
    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      partitions.forEach(partition -> attempts.revoked(partition.partition()));
      streams.onPartitionsRevoked(partitions);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      streams.onPartitionsAssigned(partitions);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      streams.onPartitionsLost(partitions);
    }
  }
}
