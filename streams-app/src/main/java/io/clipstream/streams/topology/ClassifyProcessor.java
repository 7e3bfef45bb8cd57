package io.clipstream.streams.topology;

import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.serde.RegistryRefusedException;
import io.clipstream.schemas.serde.SerdeErrors;
import io.clipstream.streams.classify.BrokenPipelineException;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoLabeller.Submission;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.DeadLetters;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.outcome.RecordSize;
import io.clipstream.streams.topology.PendingVideos.Entry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;
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
 * submitted again after {@link #init}, counted by {@link Attempts}. Nothing here blocks, but for a
 * registry that does not answer; {@link IntakeGate} bounds what comes in.
 *
 * <p>What comes behind a reference of its key that waits for a host or a root is not submitted
 * before that one has left.
 *
 * <p>Stream thread only, except {@link Item#done} and {@link Item#broken}, called by the labeller's
 * threads. Streams may call {@link #init} again after {@link #close}.
 */
final class ClassifyProcessor implements Processor<byte[], byte[], byte[], byte[]> {
  /**
   * Largest record that is taken as a reference, as {@link RecordSize#of} counts it: its outcome
   * repeats parts of it, and must fit ({@link OutcomeRecords}).
   */
  static final int MAX_REFERENCE_BYTES = 256 * 1024;

  private static final Logger log = LoggerFactory.getLogger(ClassifyProcessor.class);
  private static final Duration DRAIN_INTERVAL = Duration.ofMillis(10);
  private static final long REGISTRY_RETRY_MILLIS = 1000;
  private static final long REGISTRY_WARN_MILLIS = 30_000;
  private static final long KEPT_MILLIS = 200;
  private static final long WAITS_MILLIS = 1000;

  /** Shorter waits are nobody's loss, and cost no write. */
  private static final Duration SHORT_WAIT = Duration.ofSeconds(2);

  private final Topics topics;
  private final Supplier<Formats> newFormats;
  private final VideoLabeller labeller;
  private final IntakeGate gate;
  private final Attempts allAttempts;
  private final OutcomeTimestamp timestamps;
  private final int maxDeadLetterBytes;

  private ProcessorContext<byte[], byte[]> context;
  private Formats formats;
  private OutcomeRecords records;
  private PendingVideos pending;
  private TaskAttempts attempts;

  /** For each key what is pending, oldest first; only the first may leave. */
  private final Map<Object, ArrayDeque<Item>> byKey = new HashMap<>();

  /** What was not handed to the labeller yet, as the registry must say how to read it. */
  private final ArrayDeque<Item> unread = new ArrayDeque<>();

  /** Made anew by {@link #init}: the labeller may still have items of the one before. */
  private Completions completions;

  private volatile Throwable failure;
  private int tracked;
  private long trackedBytes;

  /** Of those, what an earlier one of their key keeps back, as of {@link #keptCountedAt}. */
  private int kept;

  private long keptCountedAt;
  private long waitsNotedAt;

  /** What was not submitted, as an earlier one of its key waits. */
  private int deferred;

  private long warnAgainAt;

  ClassifyProcessor(
      Topics topics,
      Supplier<Formats> newFormats,
      VideoLabeller labeller,
      IntakeGate gate,
      Attempts allAttempts,
      OutcomeTimestamp timestamps,
      int maxDeadLetterBytes) {
    this.topics = topics;
    this.newFormats = newFormats;
    this.labeller = labeller;
    this.gate = gate;
    this.allAttempts = allAttempts;
    this.timestamps = timestamps;
    this.maxDeadLetterBytes = maxDeadLetterBytes;
  }

  @Override
  public void init(ProcessorContext<byte[], byte[]> processorContext) {
    context = processorContext;
    formats = newFormats.get();
    records = new OutcomeRecords(topics, formats);
    completions = new Completions();
    pending = new PendingVideos(context.getStateStore(PendingVideos.STORE));
    attempts = new TaskAttempts(allAttempts, pending, context::commit);
    allAttempts.add(context.taskId().partition(), attempts);
    pending.recover(allAttempts.process()).forEach(this::trackAgain);
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
    track(entry, attempts.first(entry));
    submitUnread(context.currentSystemTimeMs());
  }

  /** Forwards what is ready and submits what could not be read before. Every 10 ms. */
  private void drain(long now) {
    if (failure != null && (maybeOfVideo(failure) || attempts.tookBack(now))) {
      throw new BrokenPipelineException(
          "videos cannot be labelled any more: " + failure.getMessage(), failure);
    }
    forwardCompleted(now);
    submitUnread(now);
    countKept(now);
    noteWaits(now);
    if (failure == null) {
      attempts.write();
    }
  }

  /** Whether a video may have brought the process to its end; a broken device or disk is none's. */
  private static boolean maybeOfVideo(Throwable failure) {
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (at instanceof VirtualMachineError) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() {
    for (ArrayDeque<Item> items : byKey.values()) {
      for (Item item : items) {
        item.attempt.end();
        if (item.submission != null) {
          item.submission.cancel();
        }
      }
    }
    gate.addPending(partition(), -tracked, -trackedBytes);
    gate.addUnread(-unread.size());
    gate.addKept(-kept);
    kept = 0;
    deferred = 0;
    if (completions != null) {
      completions.close();
      attempts.close();
      allAttempts.remove(context.taskId().partition(), attempts);
    }
    tracked = 0;
    trackedBytes = 0;
    byKey.clear();
    unread.clear();
    if (formats != null) {
      formats.close();
      formats = null;
    }
  }

  private void trackAgain(Entry entry) {
    if (entry.deaths() > 0) {
      log.warn(
          "{}-{} offset {} was in work when {} processes died, it is tried alone",
          topics.incoming(),
          context.taskId().partition(),
          entry.offset(),
          entry.deaths());
    }
    track(entry, attempts.again(entry));
  }

  private void track(Entry entry, TaskAttempts.Counted attempt) {
    Item item = new Item(entry, attempt, completions);
    byKey.computeIfAbsent(item.key, key -> new ArrayDeque<>(1)).add(item);
    addUnread(item);
    tracked++;
    trackedBytes += item.bytes;
    gate.addPending(partition(), 1, item.bytes);
  }

  /** Takes an item out of everything; with it goes the right of its key's next one to leave. */
  private void forget(Item item) {
    pending.remove(item.entry);
    attempts.forget(item.attempt);
    item.attempt.end();
    ArrayDeque<Item> items = byKey.get(item.key);
    items.remove(item);
    if (items.isEmpty()) {
      byKey.remove(item.key);
    }
    tracked--;
    trackedBytes -= item.bytes;
    gate.addPending(partition(), -1, -item.bytes);
    if (deferred > 0) {
      items.stream().filter(later -> later.deferred).forEach(this::takeUp);
    }
  }

  private void takeUp(Item item) {
    item.deferred = false;
    deferred--;
    addUnread(item);
  }

  /** Counts what is behind references that wait, every now and then: these come and go unseen. */
  private void countKept(long now) {
    if (now - keptCountedAt < KEPT_MILLIS) {
      return;
    }
    keptCountedAt = now;
    int before = kept;
    kept = 0;
    for (ArrayDeque<Item> items : byKey.values()) {
      if (items.size() > 1 && items.peek().isHeldUp()) {
        kept += (int) items.stream().filter(Item::isDone).count();
      }
    }
    gate.addKept(kept - before);
  }

  /** Writes down since when references wait: an end of this process must not begin that anew. */
  private void noteWaits(long now) {
    if (now - waitsNotedAt < WAITS_MILLIS) {
      return;
    }
    waitsNotedAt = now;
    for (ArrayDeque<Item> items : byKey.values()) {
      for (Item item : items) {
        if (item.submission != null) {
          Duration waited = item.submission.waited();
          boolean isLong = waited.compareTo(SHORT_WAIT) >= 0;
          pending.waits(item.entry, isLong ? now - waited.toMillis() : 0);
        }
      }
    }
  }

  private int partition() {
    return context.taskId().partition();
  }

  private void addUnread(Item item) {
    unread.add(item);
    gate.addUnread(1);
  }

  /**
   * Whether it could not leave for hours perhaps: worked on, its outcome would be held for them.
   */
  private boolean isBehindAWaitingOne(Item item) {
    Item first = byKey.get(item.key).peek();
    return first != item && first.isHeldUp();
  }

  private void submitUnread(long now) {
    if (now < gate.readAgainAt || gate.isShut()) {
      return;
    }
    for (Item item = unread.peek(); item != null; item = unread.peek()) {
      if (isBehindAWaitingOne(item)) {
        unread.remove();
        gate.addUnread(-1);
        item.deferred = true;
        deferred++;
        continue;
      }
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
        VideoRequest request =
            new VideoRequest(
                record.key(),
                record.headers(),
                reference,
                partition(),
                item.attempt,
                item.entry.waited(context.currentSystemTimeMs()));
        grow(item, request.bytes());
        item.submission = labeller.submit(request, item::done, item::broken);
      } else {
        sendDeadLetter(record, item.entry.offset(), bad);
        forget(item);
        completions.add(item); // The next of its key may be ready.
      }
    }
  }

  /** What is small on the wire may be large in memory: thousands of short names. */
  private void grow(Item item, long bytes) {
    long more = Math.max(0, bytes - item.bytes);
    item.bytes += more;
    trackedBytes += more;
    gate.addPending(partition(), 0, more);
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
        if (!forward(first)) {
          return;
        }
        forget(first);
      }
      completions.remove();
    }
  }

  /**
   * Forwards an outcome, or the reference itself to the dead letters where nothing of its outcome
   * can be written: no record may end the service.
   *
   * @return false if the registry must be waited for
   */
  private boolean forward(Item item) {
    Record<byte[], byte[]> reference = item.entry.record();
    long timestamp = timestamps.of(reference, context.currentSystemTimeMs());
    Record<byte[], byte[]> outcome;
    try {
      outcome = records.of(reference, item.outcome, timestamp);
    } catch (RuntimeException e) {
      if (SerdeErrors.isBadRecord(e)) {
        log.error("The outcome at offset {} cannot be written", item.entry.offset(), e);
        sendDeadLetter(reference, item.entry.offset(), e);
        return true;
      }
      waitForRegistry(e);
      gate.writeAgainAt = context.currentSystemTimeMs() + REGISTRY_RETRY_MILLIS;
      return false;
    }
    item.submission.leaving(outcome.headers());
    context.forward(outcome, item.sink());
    return true;
  }

  private void sendDeadLetter(Record<byte[], byte[]> record, long offset, Exception error) {
    log.warn(
        "{}-{} offset {} gets no outcome, it goes to {}: {}",
        topics.incoming(),
        context.taskId().partition(),
        offset,
        topics.deadLetter(),
        error.getMessage());
    long timestamp = timestamps.of(record, context.currentSystemTimeMs());
    context.forward(
        DeadLetters.of(
            record.withTimestamp(timestamp),
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

  /** What has an outcome; written by the labeller's threads, read by the stream thread. */
  private final class Completions {
    private final Queue<Item> items = new ArrayDeque<>();
    private boolean closed;

    synchronized void add(Item item) {
      if (!closed) {
        items.add(item);
        gate.addCompleted(1);
      }
    }

    synchronized Item peek() {
      return items.peek();
    }

    synchronized void remove() {
      items.remove();
      gate.addCompleted(-1);
    }

    synchronized void close() {
      closed = true;
      gate.addCompleted(-items.size());
      items.clear();
    }
  }

  /** A pending reference on its way. */
  private final class Item {
    final Entry entry;
    final TaskAttempts.Counted attempt;
    final Object key;
    long bytes;
    private final Completions completed;
    Submission submission;

    /** Not submitted, as an earlier one of its key waits. */
    boolean deferred;

    volatile Outcome outcome;

    Item(Entry entry, TaskAttempts.Counted attempt, Completions completed) {
      this.entry = entry;
      this.attempt = attempt;
      this.completed = completed;
      this.bytes = RecordSize.of(entry.record());
      byte[] name = entry.record().key();
      // Records without a key have no order among themselves.
      this.key = name != null ? ByteBuffer.wrap(name) : new Object();
    }

    boolean isHeldUp() {
      return submission != null && submission.isHeldUp();
    }

    /** Whether all is done for it that can be, while an earlier one of its key waits. */
    boolean isDone() {
      return deferred || outcome != null;
    }

    /** Where the outcome goes. */
    String sink() {
      return outcome instanceof Outcome.Labelled ? LabelTopology.LABELED : LabelTopology.REJECTED;
    }

    void done(Outcome result) {
      outcome = result;
      attempt.end();
      completed.add(this);
    }

    void broken(Throwable error) {
      attempt.end();
      failure = error;
    }
  }
}
