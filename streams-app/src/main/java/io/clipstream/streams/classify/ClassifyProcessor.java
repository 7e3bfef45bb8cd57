package io.clipstream.streams.classify;

import io.clipstream.schemas.DecodedVideo;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.serde.RegistryRefusedException;
import io.clipstream.schemas.serde.SerdeErrors;
import io.clipstream.streams.classify.PendingVideos.Entry;
import io.clipstream.streams.classify.VideoLabeller.Submission;
import io.clipstream.streams.outcome.DeadLetters;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.outcome.RecordSize;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands references to the labeller and forwards their outcomes, in input order for each key.
 *
 * <p>A reference is put into {@link PendingVideos} by {@link #process} and taken out in the very
 * step that forwards its outcome. What a crash, a rebalance or a shutdown leaves in the store is
 * submitted again after {@link #init}. Nothing here blocks, but for a registry that does not
 * answer; {@link IntakeGate} bounds what comes in.
 *
 * <p>Stream thread only, except {@link Item#done} and {@link Item#broken}, called by the labeller's
 * threads. Streams may call {@link #init} again after {@link #close}.
 */
final class ClassifyProcessor implements Processor<byte[], byte[], byte[], byte[]> {
  /**
   * Largest record that is taken as a reference, as {@link RecordSize#of} counts it: its outcome
   * repeats parts of it, and must fit into Kafka's usual limit of 1 MiB.
   */
  static final int MAX_REFERENCE_BYTES = 256 * 1024;

  /** Largest record of labels, counted so too; beyond it the segments are left out. */
  static final int MAX_LABELS_BYTES = RecordSize.within(1024 * 1024);

  private static final Logger log = LoggerFactory.getLogger(ClassifyProcessor.class);
  private static final Duration DRAIN_INTERVAL = Duration.ofMillis(10);
  private static final long REGISTRY_RETRY_MILLIS = 1000;
  private static final long REGISTRY_WARN_MILLIS = 30_000;

  private final Topics topics;
  private final Supplier<Formats> newFormats;
  private final VideoLabeller labeller;
  private final IntakeGate gate;
  private final int maxDeadLetterBytes;

  private ProcessorContext<byte[], byte[]> context;
  private Formats formats;
  private PendingVideos pending;

  /** For each key what is pending, oldest first; only the first may leave. */
  private final Map<Object, ArrayDeque<Item>> byKey = new HashMap<>();

  /** What was not handed to the labeller yet, as the registry must say how to read it. */
  private final ArrayDeque<Item> unread = new ArrayDeque<>();

  /** What has an outcome; written by the labeller's threads. Made anew by {@link #init}. */
  private Queue<Item> completions;

  private volatile Throwable failure;
  private int tracked;
  private long warnAgainAt;

  ClassifyProcessor(
      Topics topics,
      Supplier<Formats> newFormats,
      VideoLabeller labeller,
      IntakeGate gate,
      int maxDeadLetterBytes) {
    this.topics = topics;
    this.newFormats = newFormats;
    this.labeller = labeller;
    this.gate = gate;
    this.maxDeadLetterBytes = maxDeadLetterBytes;
  }

  @Override
  public void init(ProcessorContext<byte[], byte[]> processorContext) {
    context = processorContext;
    formats = newFormats.get();
    completions = new ConcurrentLinkedQueue<>();
    pending = new PendingVideos(context.getStateStore(PendingVideos.STORE));
    pending.recover().forEach(this::track);
    if (tracked > 0) {
      log.info("Task {} continues with {} pending videos", context.taskId(), tracked);
    }
    context.schedule(DRAIN_INTERVAL, PunctuationType.WALL_CLOCK_TIME, this::drain);
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    long offset = context.recordMetadata().map(RecordMetadata::offset).orElse(-1L);
    long bytes = RecordSize.of(record);
    if (bytes > MAX_REFERENCE_BYTES) {
      sendDeadLetter(
          record,
          offset,
          new SerializationException(
              "the record has " + bytes + " bytes, expected at most " + MAX_REFERENCE_BYTES));
      return;
    }
    Entry entry = pending.add(record, offset);
    if (gate.isShut()) {
      return; // It stays in the store for the next owner of the task.
    }
    track(entry);
    submitUnread(context.currentSystemTimeMs());
  }

  /** Forwards what is ready and submits what could not be read before. Every 10 ms. */
  private void drain(long now) {
    if (failure != null) {
      throw new BrokenPipelineException(
          "videos cannot be labelled any more: " + failure.getMessage(), failure);
    }
    forwardCompleted(now);
    submitUnread(now);
  }

  @Override
  public void close() {
    for (ArrayDeque<Item> items : byKey.values()) {
      for (Item item : items) {
        if (item.submission != null) {
          item.submission.cancel();
        }
      }
    }
    gate.addPending(-tracked);
    gate.addUnread(-unread.size());
    tracked = 0;
    byKey.clear();
    unread.clear();
    if (formats != null) {
      formats.close();
      formats = null;
    }
  }

  private void track(Entry entry) {
    Item item = new Item(entry, completions);
    byKey.computeIfAbsent(item.key, key -> new ArrayDeque<>(1)).add(item);
    unread.add(item);
    tracked++;
    gate.addPending(1);
    gate.addUnread(1);
  }

  /** Takes an item out of everything; with it goes the right of its key's next one to leave. */
  private void forget(Item item) {
    pending.remove(item.entry);
    ArrayDeque<Item> items = byKey.get(item.key);
    items.remove(item);
    if (items.isEmpty()) {
      byKey.remove(item.key);
    }
    tracked--;
    gate.addPending(-1);
  }

  private void submitUnread(long now) {
    if (now < gate.readAgainAt || gate.isShut()) {
      return;
    }
    for (Item item = unread.peek(); item != null; item = unread.peek()) {
      Record<byte[], byte[]> record = item.entry.record();
      VideoReference reference = null;
      SerializationException bad = null;
      try {
        reference = read(record);
      } catch (RuntimeException e) {
        if (!SerdeErrors.isBadRecord(e)) {
          waitForRegistry(e);
          gate.readAgainAt = context.currentSystemTimeMs() + REGISTRY_RETRY_MILLIS;
          return;
        }
        bad = new SerializationException(e.getMessage(), e);
      }
      unread.remove();
      gate.addUnread(-1);
      if (reference != null) {
        item.submission = labeller.submit(reference, item::done, item::broken);
      } else {
        sendDeadLetter(record, item.entry.offset(), bad);
        forget(item);
        completions.add(item); // The next of its key may be ready.
      }
    }
  }

  private VideoReference read(Record<byte[], byte[]> record) {
    VideoReference reference =
        formats
            .references()
            .deserializer()
            .deserialize(topics.incoming(), record.headers(), record.value());
    if (reference == null) {
      throw new SerializationException("the record has no value, expected a VideoReference");
    }
    return reference;
  }

  private void forwardCompleted(long now) {
    if (now < gate.writeAgainAt) {
      return;
    }
    for (Item completed = completions.peek(); completed != null; completed = completions.peek()) {
      ArrayDeque<Item> items = byKey.get(completed.key);
      while (items != null && !items.isEmpty() && items.peek().outcome != null) {
        Item first = items.peek();
        Record<byte[], byte[]> outcome;
        try {
          outcome = write(first);
        } catch (RuntimeException e) {
          if (SerdeErrors.isBadRecord(e)) {
            throw e;
          }
          waitForRegistry(e);
          gate.writeAgainAt = context.currentSystemTimeMs() + REGISTRY_RETRY_MILLIS;
          return;
        }
        context.forward(outcome, first.sink());
        forget(first);
      }
      completions.remove();
    }
  }

  /** The record of an item's outcome. */
  private Record<byte[], byte[]> write(Item item) {
    Record<byte[], byte[]> record = item.entry.record();
    if (item.outcome instanceof Outcome.Labelled labelled) {
      return write(record, labelled.labels());
    }
    var rejected = ((Outcome.Rejected) item.outcome).video();
    Headers headers = new RecordHeaders(record.headers());
    byte[] value = formats.rejected().serializer().serialize(topics.rejected(), headers, rejected);
    byte[] key = keyOf(record, rejected.getReference().getId());
    return new Record<>(key, value, record.timestamp(), headers);
  }

  private Record<byte[], byte[]> write(Record<byte[], byte[]> record, VideoLabels labels) {
    Serializer<VideoLabels> serializer = formats.labels().serializer();
    Headers headers = new RecordHeaders(record.headers());
    byte[] value = serializer.serialize(topics.labeled(), headers, labels);
    byte[] key = keyOf(record, labels.getId());
    var whole = new Record<>(key, value, record.timestamp(), headers);
    long bytes = RecordSize.of(whole);
    if (bytes <= MAX_LABELS_BYTES) {
      return whole;
    }
    String note =
        String.format(
            "%d segments are left out, as the record would have %d bytes, expected at most %d",
            labels.getSegments().size(), bytes, MAX_LABELS_BYTES);
    log.warn("Labels of {}: {}", labels.getId(), note);
    VideoLabels.Builder small = VideoLabels.newBuilder(labels).setSegments(List.of());
    String earlier = labels.getVideo().getNote();
    small.setVideo(
        DecodedVideo.newBuilder(labels.getVideo())
            .setNote(earlier == null ? note : earlier + "; " + note)
            .build());
    return whole.withValue(serializer.serialize(topics.labeled(), headers, small.build()));
  }

  private static byte[] keyOf(Record<byte[], byte[]> record, String id) {
    return record.key() != null ? record.key() : id.getBytes(StandardCharsets.UTF_8);
  }

  private void sendDeadLetter(Record<byte[], byte[]> record, long offset, Exception error) {
    log.warn(
        "{}-{} offset {} is no reference, it goes to {}: {}",
        topics.incoming(),
        context.taskId().partition(),
        offset,
        topics.deadLetter(),
        error.getMessage());
    context.forward(
        DeadLetters.of(
            record,
            topics.incoming(),
            context.taskId().partition(),
            offset,
            error,
            maxDeadLetterBytes),
        LabelTopology.DEAD_LETTER);
  }

  /** Returns if another try later makes sense. */
  private void waitForRegistry(RuntimeException error) {
    if (!(error instanceof KafkaException)
        || SerdeErrors.registryFailure(error)
            .filter(RegistryRefusedException.class::isInstance)
            .isPresent()) {
      throw error;
    }
    long now = context.currentSystemTimeMs();
    if (now >= warnAgainAt) {
      warnAgainAt = now + REGISTRY_WARN_MILLIS;
      log.warn("Task {} waits for the schema registry: {}", context.taskId(), error.getMessage());
    }
  }

  /** A pending reference on its way. */
  private final class Item {
    final Entry entry;
    final Object key;
    private final Queue<Item> completed;
    Submission submission;
    volatile Outcome outcome;

    Item(Entry entry, Queue<Item> completed) {
      this.entry = entry;
      this.completed = completed;
      byte[] bytes = entry.record().key();
      // Records without a key have no order among themselves.
      this.key = bytes != null ? ByteBuffer.wrap(bytes) : new Object();
    }

    /** Where the outcome goes. */
    String sink() {
      return outcome instanceof Outcome.Labelled ? LabelTopology.LABELED : LabelTopology.REJECTED;
    }

    void done(Outcome result) {
      outcome = result;
      completed.add(this);
    }

    void broken(Throwable error) {
      failure = error;
    }
  }
}
