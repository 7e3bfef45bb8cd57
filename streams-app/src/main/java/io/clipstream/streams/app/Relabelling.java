package io.clipstream.streams.app;

import io.clipstream.model.UserError;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.serde.SerdeErrors;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.Outcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * Sends references that were labelled before through a labeller once more, and their labels to a
 * topic of their own. A few references at a time, and with their labels one transaction keeps how
 * far it is: what is interrupted or dies goes on there, and each reference's labels are written
 * once. The topics and the consumer group of the live application are left alone. One thread.
 */
public final class Relabelling {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final KafkaProducer<byte[], VideoLabels> producer;
  private final Deserializer<VideoReference> references;
  private final VideoLabeller labeller;
  private final String target;
  private long labelled;
  private long rejected;
  private long unreadable;

  /**
   * What became of the references, of this run alone.
   *
   * @param unreadable records that are no reference
   */
  public record Sum(long labelled, long rejected, long unreadable) {}

  /**
   * Nothing is read yet. The parts stay the caller's.
   *
   * @param consumer of the references, assigned to their partitions and set to where the work
   *     begins; its group keeps how far the work is
   * @param producer transactional
   * @param target topic of the labels
   */
  public Relabelling(
      KafkaConsumer<byte[], byte[]> consumer,
      KafkaProducer<byte[], VideoLabels> producer,
      Deserializer<VideoReference> references,
      VideoLabeller labeller,
      String target) {
    this.consumer = consumer;
    this.producer = producer;
    this.references = references;
    this.labeller = labeller;
    this.target = target;
  }

  /**
   * Works until all is labelled.
   *
   * @param ends first offset of each partition that is left out
   * @param outcomes told each, also those that are no labels and are written nowhere
   * @param done told how many records were read since the last call
   * @throws UserError if nothing comes from Kafka for a minute
   */
  public Sum run(Map<TopicPartition, Long> ends, Consumer<Outcome> outcomes, LongConsumer done)
      throws InterruptedException, ExecutionException {
    producer.initTransactions();
    long heard = System.nanoTime();
    while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
      ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
      if (!records.isEmpty()) {
        done.accept(relabel(records, ends, outcomes));
        heard = System.nanoTime();
      } else if (System.nanoTime() - heard > PATIENCE.toNanos()) {
        throw new UserError(
            "no reference came for "
                + PATIENCE.toSeconds()
                + " s, expected more: is Kafka up? Run it again to go on");
      }
    }
    return new Sum(labelled, rejected, unreadable);
  }

  private long relabel(
      ConsumerRecords<byte[], byte[]> records,
      Map<TopicPartition, Long> ends,
      Consumer<Outcome> outcomes)
      throws InterruptedException, ExecutionException {
    Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
    List<Work> works = new ArrayList<>();
    long count = 0;
    for (ConsumerRecord<byte[], byte[]> record : records) {
      TopicPartition partition = new TopicPartition(record.topic(), record.partition());
      if (record.offset() < ends.get(partition)) {
        count++;
        next.put(partition, new OffsetAndMetadata(record.offset() + 1));
        submit(record).ifPresentOrElse(works::add, () -> unreadable++);
      }
    }
    if (next.isEmpty()) {
      return 0;
    }
    List<Outcome> ready = new ArrayList<>();
    for (Work work : works) {
      ready.add(work.outcome().get());
    }
    commit(works, ready, next);
    ready.forEach(outcomes);
    return count;
  }

  @SuppressWarnings("ArrayRecordComponent") // Compared and printed by nobody.
  private record Work(byte[] key, CompletableFuture<Outcome> outcome) {}

  /** Empty for what is no reference. */
  private Optional<Work> submit(ConsumerRecord<byte[], byte[]> record) {
    VideoReference reference;
    try {
      reference = references.deserialize(record.topic(), record.headers(), record.value());
    } catch (RuntimeException e) {
      if (!SerdeErrors.isBadRecord(e)) {
        throw e;
      }
      return Optional.empty();
    }
    if (reference == null) {
      return Optional.empty();
    }
    // Whatever model it asked for then: there is one here.
    VideoReference any = VideoReference.newBuilder(reference).setModel(null).build();
    byte[] key = record.key() == null ? any.getId().getBytes(StandardCharsets.UTF_8) : record.key();
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    labeller.submit(
        new VideoRequest(key, record.headers(), any),
        outcome::complete,
        outcome::completeExceptionally);
    return Optional.of(new Work(key, outcome));
  }

  @SuppressWarnings("FutureReturnValueIgnored") // What does not arrive makes the commit fail.
  private void commit(
      List<Work> works, List<Outcome> ready, Map<TopicPartition, OffsetAndMetadata> next) {
    producer.beginTransaction();
    for (int i = 0; i < ready.size(); i++) {
      if (ready.get(i) instanceof Outcome.Labelled done) {
        producer.send(new ProducerRecord<>(target, works.get(i).key(), done.labels()));
        labelled++;
      } else {
        rejected++;
      }
    }
    producer.sendOffsetsToTransaction(next, consumer.groupMetadata());
    producer.commitTransaction();
  }
}
