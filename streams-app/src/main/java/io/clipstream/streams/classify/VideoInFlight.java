package io.clipstream.streams.classify;

import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.clip.VideoInfo;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.schemas.DecodedVideo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.StageTimings;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.VideoLabeller.Submission;
import io.clipstream.streams.intake.WaitingRoom.Verdict;
import io.clipstream.streams.outcome.LabelAverage;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.outcome.Rejections;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/**
 * One reference in the pipeline, from its submission to its outcome. All threads: one that reads
 * it, and the workers that classify its clips. It is over once it has an outcome, was cancelled or
 * met a failure of the system; what comes after that is dropped, and a thread that still reads it
 * may be interrupted.
 */
final class VideoInFlight implements Submission {
  private final VideoRequest request;
  private final Generation generation;
  private final Cutter cutter;
  private final long rollout;
  private final int topLabels;
  private final PipelineObserver observer;
  private final Consumer<Outcome> done;
  private final Consumer<Throwable> broken;
  private final Consumer<VideoInFlight> leave;
  private final Runnable told;
  private final Optional<Turn> turn;
  private final long submittedAt;

  /** Places for its clips in the queue; the reading thread waits for one. */
  private final Semaphore places;

  private final LabelAverage average = new LabelAverage();
  private int classified;
  private long longestWaitNanos;
  private long classifyNanos;
  private CutResult.Cut cut;
  private long fetchNanos;
  private boolean over;

  /** Guards the reader: an interrupt may wait for a disk, which nobody else should. */
  private final Object readerLock = new Object();

  private Thread reader;

  /**
   * @param acquired for this video, which leaves the generation when it is over
   * @param leave called once, when the video is over, before anybody is told
   * @param told called once, after that
   * @param turn of a video that waits for another one if its origin is out of order; empty: it is
   *     rejected then
   */
  VideoInFlight(
      VideoRequest request,
      GenerationSource.Answer.Acquired acquired,
      PipelineSettings settings,
      PipelineObserver observer,
      Consumer<Outcome> done,
      Consumer<Throwable> broken,
      Consumer<VideoInFlight> leave,
      Runnable told,
      Optional<Turn> turn) {
    this.request = request;
    this.generation = acquired.generation();
    this.cutter = acquired.cutter();
    this.rollout = acquired.rollout();
    this.topLabels = settings.topLabels();
    this.observer = observer;
    this.places = new Semaphore(settings.clipsPerVideo());
    this.done = done;
    this.broken = broken;
    this.leave = leave;
    this.told = told;
    this.turn = turn;
    this.submittedAt = turn.map(now -> now.video().submittedAt()).orElseGet(System::nanoTime);
  }

  VideoRequest request() {
    return request;
  }

  /** The model that labels it, from its submission to its outcome. */
  Generation generation() {
    return generation;
  }

  /** Of its clips. */
  Cutter cutter() {
    return cutter;
  }

  synchronized boolean isOver() {
    return over;
  }

  @Override
  public void cancel() {
    if (end()) {
      leave(() -> {});
    }
  }

  void reject(RejectionReason reason, String detail, int attempts) {
    if (end()) {
      tell(Rejections.reject(request.reference(), reason, detail, attempts));
    }
  }

  /** Its origin begins to send it. */
  void served() {
    turn.ifPresent(now -> now.place().serve());
  }

  /** Others wait for its place, and its origin sent nothing yet: it waits for another turn. */
  void makeWay() {
    if (end()) {
      leave(() -> {});
      turn.orElseThrow().makeWay();
    }
  }

  /** Its origin served it, or said that there is no such video. */
  void answered() {
    turn.ifPresent(Turn::answered);
  }

  /** Whether a failure of its fetch is its own, as far as is known. */
  Verdict judge(FetchResult.Unavailable failure) {
    return turn.isPresent() ? turn.get().judge(failure) : Verdict.GUEST;
  }

  /** Its fetch failed by its own fault. */
  void reject(FetchResult.Unavailable failure) {
    int attempts = turn.map(Turn::attempts).orElse(0) + failure.attempts();
    reject(Rejections.of(failure.reason()), failure.detail(), attempts);
  }

  /** Whether it can wait for another turn. */
  boolean mayComeBack() {
    return turn.isPresent();
  }

  /** Its origin or this instance is out of order: it waits for another turn. */
  void comeBack(FetchResult.Unavailable failure) {
    if (end()) {
      leave(() -> {});
      turn.orElseThrow().failed(failure);
    }
  }

  /** No thread reads it any more. */
  void endTurn() {
    turn.ifPresent(Turn::end);
  }

  /** The system failed, not this video. */
  void fail(Throwable error) {
    if (end()) {
      leave(() -> broken.accept(error));
    }
  }

  /** From now to {@link #stopReading}, its end from elsewhere interrupts the calling thread. */
  void startReading() {
    synchronized (readerLock) {
      reader = Thread.currentThread();
    }
  }

  /** The calling thread goes on to the next video: no interrupt for this one may reach that. */
  void stopReading() {
    synchronized (readerLock) {
      reader = null;
      if (isOver()) {
        Thread.interrupted();
      }
    }
  }

  /** Waits until another of its clips may be queued. */
  void awaitPlace() throws InterruptedException {
    places.acquire();
  }

  /** One of its clips left the queue for good. */
  void clipLeft() {
    places.release();
  }

  /** All of its clips are queued or classified. */
  void read(CutResult.Cut result, long fetched) {
    synchronized (this) {
      cut = result;
      fetchNanos = fetched;
    }
    finishIfComplete();
  }

  /**
   * @param probabilities of one of its clips
   * @param waitNanos from queueing to the batch
   */
  void classified(TimeRange window, float[] probabilities, long waitNanos) {
    synchronized (this) {
      average.add(window, probabilities);
      longestWaitNanos = Math.max(longestWaitNanos, waitNanos);
      classified++;
    }
  }

  /** After every {@link #classified} of one forward pass. */
  void passed(long passNanos) {
    synchronized (this) {
      classifyNanos += passNanos;
    }
    finishIfComplete();
  }

  private boolean end() {
    synchronized (this) {
      if (over) {
        return false;
      }
      over = true;
    }
    synchronized (readerLock) {
      if (reader != null && reader != Thread.currentThread()) {
        reader.interrupt();
      }
    }
    return true;
  }

  private void finishIfComplete() {
    VideoLabels labels;
    synchronized (this) {
      if (over || cut == null || classified < cut.clips()) {
        return;
      }
      labels = labels(); // Should this fail, the video is not over yet, and is told.
      over = true;
    }
    tell(new Outcome.Labelled(labels));
  }

  private void tell(Outcome outcome) {
    leave(
        () -> {
          long nanos = System.nanoTime() - submittedAt;
          observer.outcome(request, Optional.of(generation.model()), outcome, nanos);
          done.accept(outcome);
        });
  }

  /** The last step of a video: it leaves its generation whatever happens. */
  private void leave(Runnable last) {
    leave.accept(this);
    try {
      last.run();
    } finally {
      told.run();
      generation.leave(this);
    }
  }

  private VideoLabels labels() {
    VideoReference reference = request.reference();
    ServedModel model = generation.model();
    var names = model.manifest().labels();
    VideoInfo info = cut.info();
    return VideoLabels.newBuilder()
        .setId(reference.getId())
        .setUri(reference.getUri())
        .setLabels(average.labels(names, topLabels))
        .setSegments(average.segments(names, topLabels))
        .setModel(model.identity())
        .setRollout(rollout == 0 ? null : rollout)
        .setVideo(
            DecodedVideo.newBuilder()
                .setContainer(info.container())
                .setCodec(info.codec())
                .setWidth(info.width())
                .setHeight(info.height())
                .setFramesPerSecond(info.framesPerSecond())
                .setDurationMillis(Math.round(info.durationSeconds() * 1000))
                .setClips(cut.clips())
                .setComplete(cut.complete())
                .setNote(cut.complete() ? null : cut.note())
                .setRemark(cut.remark().isEmpty() ? null : cut.remark())
                .build())
        .setTimings(
            StageTimings.newBuilder()
                .setFetchMillis(millis(fetchNanos))
                .setDecodeMillis(millis(cut.nanos()))
                .setQueueMillis(millis(longestWaitNanos))
                .setClassifyMillis(millis(classifyNanos))
                .setTotalMillis(millis(System.nanoTime() - submittedAt))
                .build())
        .setLabelledAt(Instant.now().truncatedTo(ChronoUnit.MILLIS))
        .setMetadata(reference.getMetadata())
        .build();
  }

  private static double millis(long nanos) {
    return nanos / 1e6;
  }
}
