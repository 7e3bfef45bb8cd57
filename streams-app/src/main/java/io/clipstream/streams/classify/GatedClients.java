package io.clipstream.streams.classify;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.processor.internals.DefaultKafkaClientSupplier;

/**
 * Kafka's clients for Streams, with a main consumer that brings no records while an {@link
 * IntakeGate} is closed. Streams has no such means of its own: a processor that blocks also stops
 * its thread's commits and polls. Needs {@code group.protocol=classic}.
 */
public final class GatedClients extends DefaultKafkaClientSupplier {
  private final IntakeGate gate;

  public GatedClients(IntakeGate gate) {
    this.gate = gate;
  }

  @Override
  public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
    return new GatedConsumer(config, gate);
  }

  /** Stream thread only. */
  private static final class GatedConsumer extends KafkaConsumer<byte[], byte[]> {
    private final IntakeGate gate;

    /** Partitions paused by the gate for the poll under way. */
    private final Set<TopicPartition> held = new HashSet<>();

    GatedConsumer(Map<String, Object> config, IntakeGate gate) {
      super(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
      this.gate = gate;
    }

    @Override
    public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
      if (gate.open()) {
        return super.poll(timeout);
      }
      Set<TopicPartition> flowing = new HashSet<>(assignment());
      flowing.removeAll(paused());
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
}
