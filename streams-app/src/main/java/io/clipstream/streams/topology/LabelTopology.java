package io.clipstream.streams.topology;

import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.outcome.RecordSize;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;

/**
 * The streams topology, whole:
 *
 * <pre>
 * incoming ─▶ take ─▶ classify ─┬▶ labeled
 *                     │    ▲    ├▶ rejected
 *                     ▼    │    └▶ dead-letter
 *                 pending-videos
 * </pre>
 *
 * <p>Keys and values are bytes up to the processor, which reads and writes the records itself: so a
 * key leaves as it came, a dead letter is the very bytes (unless these are too many), the store
 * holds what the topic held, and a registry that is down for a while is waited for instead of
 * killing the thread.
 */
public final class LabelTopology {
  static final String SOURCE = "incoming";
  static final String TAKE = "take";
  static final String CLASSIFY = "classify";
  static final String LABELED = "labeled";
  static final String REJECTED = "rejected";
  static final String DEAD_LETTER = "dead-letter";

  private LabelTopology() {}

  /**
   * The way of a reference from its topic to its outcome's.
   *
   * @param formats makes the serializers of one task, which closes them
   * @param labeller gives each reference its outcome; outlives the topology
   * @param gate bounds what is in flight, together with {@link GatedClients}
   * @param attempts counts the deaths of processes with a video in work, together with {@link
   *     GatedClients}
   * @param times of outcomes and dead letters
   * @param maxRequestBytes what the producer and the dead-letter topic take, at least 1 MiB, which
   *     the other topics take too; larger dead letters go without their value
   */
  public static Topology build(
      Topics topics,
      Supplier<Formats> formats,
      VideoLabeller labeller,
      IntakeGate gate,
      Attempts attempts,
      OutcomeTimes times,
      int maxRequestBytes) {
    int maxDeadLetterBytes = RecordSize.within(maxRequestBytes);
    ByteArrayDeserializer read = new ByteArrayDeserializer();
    ByteArraySerializer write = new ByteArraySerializer();
    return new Topology()
        .addSource(
            AutoOffsetReset.earliest(), SOURCE, new RecordTime(), read, read, topics.incoming())
        .addProcessor(TAKE, Take::new, SOURCE)
        .addProcessor(
            CLASSIFY,
            () ->
                new ClassifyProcessor(
                    topics, formats, labeller, gate, attempts, times, maxDeadLetterBytes),
            TAKE)
        .addStateStore(PendingVideos.store(), CLASSIFY)
        .addSink(LABELED, topics.labeled(), write, write, CLASSIFY)
        .addSink(REJECTED, topics.rejected(), write, write, CLASSIFY)
        .addSink(DEAD_LETTER, topics.deadLetter(), write, write, CLASSIFY);
  }

  /**
   * Hands a record on as it came, but at the time of now. That is what the changelog gets: brokers
   * refuse records from too long ago (message.timestamp.before.max.ms), and references may be as
   * old as they like.
   */
  private static final class Take
      extends ContextualProcessor<byte[], byte[], byte[], Record<byte[], byte[]>> {
    @Override
    public void process(Record<byte[], byte[]> record) {
      long now = context().currentSystemTimeMs();
      context().forward(new Record<>(record.key(), record, now, record.headers()));
    }
  }

  /**
   * A record's own time, or now for one without, which Streams would fail or drop, and for one that
   * says the future: brokers refuse that for its outcome, too (message.timestamp.after.max.ms).
   */
  private static final class RecordTime implements TimestampExtractor {
    @Override
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
      long now = System.currentTimeMillis();
      return record.timestamp() >= 0 && record.timestamp() < now ? record.timestamp() : now;
    }
  }
}
