package io.clipstream.streams.topology;

import io.clipstream.model.Count;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.serde.RegistryRefusedException;
import io.clipstream.schemas.serde.SerdeErrors;
import io.clipstream.streams.classify.BrokenPipelineException;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.DeadLetters;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.outcome.RecordSize;
import io.clipstream.streams.topology.PendingVideos.Entry;
import java.time.Duration;
import java.util.Optional;
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
 * <p>Stream thread only, except what the labeller's threads call with an outcome or a failure.
 * Streams may call {@link #init} again after {@link #close}.
 */
final class ClassifyProcessor implements Processor<byte[], Record<byte[], byte[]>, byte[], byte[]> {
  /**
   * Largest record that is taken as a reference, as {@link RecordSize#of} counts it: its outcome
   * repeats parts of it, and must fit ({@link OutcomeRecords}).
   */
  static final int MAX_REFERENCE_BYTES = 256 * 1024;

  private static final Logger log = LoggerFactory.getLogger(ClassifyProcessor.class);
  private static final Duration DRAIN_INTERVAL = Duration.ofMillis(10);
  private static final long REGISTRY_RETRY_MILLIS = 1000;
  private static final long REGISTRY_WARN_MILLIS = 30_000;
  private static final long WAITS_MILLIS = 1000;

  /** Shorter waits are nobody's loss, and cost no write. */
  private static final Duration SHORT_WAIT = Duration.ofSeconds(2);

  private final Topics topics;
  private final Supplier<Formats> newFormats;
  private final VideoLabeller labeller;
  private final IntakeGate gate;
  private final Attempts allAttempts;
  private final OutcomeTimes times;
  private final int maxDeadLetterBytes;

  private ProcessorContext<byte[], byte[]> context;
  private Formats formats;
  private OutcomeRecords records;
  private PendingVideos pending;
  private TaskAttempts attempts;

  private TrackedVideos videos;

  /** Made anew by {@link #init}: the labeller may still have videos of the one before. */
  private Completions completions;

  private volatile Throwable failure;
  private long waitsNotedAt;

  private long warnAgainAt;

  ClassifyProcessor(
      Topics topics,
      Supplier<Formats> newFormats,
      VideoLabeller labeller,
      IntakeGate gate,
      Attempts allAttempts,
      OutcomeTimes times,
      int maxDeadLetterBytes) {
    this.topics = topics;
    this.newFormats = newFormats;
    this.labeller = labeller;
    this.gate = gate;
    this.allAttempts = allAttempts;
    this.times = times;
    this.maxDeadLetterBytes = maxDeadLetterBytes;
  }

  @Override
  public void init(ProcessorContext<byte[], byte[]> processorContext) {
    context = processorContext;
    formats = newFormats.get();
    records = new OutcomeRecords(topics, formats);
    completions = new Completions(gate);
    videos = new TrackedVideos(gate, partition());
    pending = new PendingVideos(context.getStateStore(PendingVideos.STORE));
    attempts = new TaskAttempts(allAttempts, pending, context::commit);
    allAttempts.add(partition(), attempts);
    pending.recover(allAttempts.process()).forEach(this::trackAgain);
    if (videos.size() > 0) {
      log.info(
          "Task {} continues with {}", context.taskId(), Count.of(videos.size(), "pending video"));
    }
    context.schedule(DRAIN_INTERVAL, PunctuationType.WALL_CLOCK_TIME, this::drain);
  }

  /** With the record as it came as the value. */
  @Override
  public void process(Record<byte[], Record<byte[], byte[]>> taken) {
    Record<byte[], byte[]> record = taken.value();
    long offset = context.recordMetadata().map(RecordMetadata::offset).orElse(-1L);
    long bytes = RecordSize.of(Known.takeOff(record));
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
    if (entry.deaths() > 0) {
      trackAgain(entry);
    } else {
      track(entry, attempts.first(entry));
    }
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
    videos.countKept(now);
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
    if (videos != null) {
      videos.forEach(ClassifyProcessor::cancel);
      videos.clear();
    }
    if (completions != null) {
      completions.close();
      attempts.close();
      allAttempts.remove(partition(), attempts);
    }
    if (formats != null) {
      formats.close();
      formats = null;
    }
  }

  private static void cancel(TrackedVideo video) {
    video.attempt.end();
    if (video.submission != null) {
      video.submission.cancel();
    }
  }

  private void trackAgain(Entry entry) {
    if (entry.deaths() > 0) {
      log.warn(
          "{}-{} offset {} was in work when {} died, it is tried alone",
          topics.incoming(),
          context.taskId().partition(),
          entry.offset(),
          Count.of(entry.deaths(), "process"));
    }
    track(entry, attempts.again(entry));
  }

  private void track(Entry entry, TaskAttempts.Counted attempt) {
    videos.add(new TrackedVideo(entry, attempt, completions));
  }

  /** Takes a video out of everything. */
  private void forget(TrackedVideo video) {
    pending.remove(video.entry);
    attempts.forget(video.attempt);
    video.attempt.end();
    videos.remove(video);
  }

  /** Writes down since when references wait: an end of this process must not begin that anew. */
  private void noteWaits(long now) {
    if (now - waitsNotedAt < WAITS_MILLIS) {
      return;
    }
    waitsNotedAt = now;
    videos.forEach(
        video -> {
          if (video.submission != null) {
            Duration waited = video.submission.waited();
            boolean isLong = waited.compareTo(SHORT_WAIT) >= 0;
            pending.waits(video.entry, isLong ? now - waited.toMillis() : 0);
          }
        });
  }

  private int partition() {
    return context.taskId().partition();
  }

  private void submitUnread(long now) {
    if (now < gate.readAgainAt || gate.isShut()) {
      return;
    }
    for (Optional<TrackedVideo> next = videos.nextUnread();
        next.isPresent();
        next = videos.nextUnread()) {
      TrackedVideo video = next.get();
      VideoReference reference;
      try {
        reference = read(video.entry.record());
      } catch (RuntimeException e) {
        if (!SerdeErrors.isBadRecord(e)) {
          waitForRegistry(e);
          gate.readAgainAt = context.currentSystemTimeMs() + REGISTRY_RETRY_MILLIS;
          return;
        }
        videos.read();
        sendDeadLetter(
            video.entry.record(),
            video.entry.offset(),
            new SerializationException(e.getMessage(), e));
        forget(video);
        completions.add(video); // The next of its key may be ready.
        continue;
      }
      videos.read();
      submit(video, reference);
    }
  }

  private void submit(TrackedVideo video, VideoReference reference) {
    Record<byte[], byte[]> record = video.entry.record();
    VideoRequest request =
        new VideoRequest(
            record.key(),
            record.headers(),
            reference,
            partition(),
            video.attempt,
            video.entry.waited(context.currentSystemTimeMs()));
    videos.grow(video, request.bytes());
    video.submission =
        labeller.submit(
            request,
            video::done,
            error -> {
              video.attempt.end();
              failure = error;
            });
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
    for (TrackedVideo completed = completions.peek();
        completed != null;
        completed = completions.peek()) {
      for (Optional<TrackedVideo> first = videos.nextToLeave(completed.key);
          first.isPresent();
          first = videos.nextToLeave(completed.key)) {
        if (!forward(first.get())) {
          return;
        }
        forget(first.get());
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
  private boolean forward(TrackedVideo video) {
    Record<byte[], byte[]> reference = video.entry.record();
    String topic = labelled(video.outcome) ? topics.labeled() : topics.rejected();
    long timestamp = times.of(topic, reference, context.currentSystemTimeMs());
    Record<byte[], byte[]> outcome;
    try {
      outcome = records.of(reference, video.outcome, timestamp);
    } catch (RuntimeException e) {
      if (SerdeErrors.isBadRecord(e)) {
        log.error("The outcome at offset {} cannot be written", video.entry.offset(), e);
        sendDeadLetter(reference, video.entry.offset(), e);
        return true;
      }
      waitForRegistry(e);
      gate.writeAgainAt = context.currentSystemTimeMs() + REGISTRY_RETRY_MILLIS;
      return false;
    }
    video.submission.leaving(outcome.headers());
    context.forward(
        outcome, labelled(video.outcome) ? LabelTopology.LABELED : LabelTopology.REJECTED);
    return true;
  }

  private static boolean labelled(Outcome outcome) {
    return outcome instanceof Outcome.Labelled;
  }

  private void sendDeadLetter(Record<byte[], byte[]> record, long offset, Exception error) {
    log.warn(
        "{}-{} offset {} gets no outcome, it goes to {}: {}",
        topics.incoming(),
        context.taskId().partition(),
        offset,
        topics.deadLetter(),
        error.getMessage());
    long timestamp = times.of(topics.deadLetter(), record, context.currentSystemTimeMs());
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
}
