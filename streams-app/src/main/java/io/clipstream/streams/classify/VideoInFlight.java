package io.clipstream.streams.classify;

import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.clip.VideoInfo;
import io.clipstream.schemas.DecodedVideo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.StageTimings;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.ClipSource.Result;
import io.clipstream.streams.classify.VideoLabeller.Submission;
import io.clipstream.streams.outcome.LabelAverage;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.outcome.Rejections;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/**
 * One reference in the pipeline, from its submission to its outcome. All threads: one that reads
 * it, and the workers that classify its clips. It is over once it has an outcome, was cancelled or
 * met a failure of the system; what comes after that is dropped, and a thread that still reads it
 * may be interrupted.
 */
final class VideoInFlight implements Submission {
  private final VideoReference reference;
  private final ServedModel model;
  private final int topLabels;
  private final Consumer<Outcome> done;
  private final Consumer<Throwable> broken;
  private final Consumer<VideoInFlight> leave;
  private final long submittedAt = System.nanoTime();

  /** Places for its clips in the queue; the reading thread waits for one. */
  private final Semaphore places;

  private final LabelAverage average = new LabelAverage();
  private int classified;
  private long longestWaitNanos;
  private long classifyNanos;
  private Result.Read read;
  private boolean over;

  /** Guards the reader: an interrupt may wait for a disk, which nobody else should. */
  private final Object readerLock = new Object();

  private Thread reader;

  /**
   * @param leave called once, when the video is over
   */
  VideoInFlight(
      VideoReference reference,
      ServedModel model,
      PipelineSettings settings,
      Consumer<Outcome> done,
      Consumer<Throwable> broken,
      Consumer<VideoInFlight> leave) {
    this.reference = reference;
    this.model = model;
    this.topLabels = settings.topLabels();
    this.places = new Semaphore(settings.clipsPerVideo());
    this.done = done;
    this.broken = broken;
    this.leave = leave;
  }

  VideoReference reference() {
    return reference;
  }

  synchronized boolean isOver() {
    return over;
  }

  @Override
  public void cancel() {
    if (end()) {
      leave.accept(this);
    }
  }

  void reject(RejectionReason reason, String detail, int attempts) {
    if (end()) {
      leave.accept(this);
      done.accept(Rejections.reject(reference, reason, detail, attempts));
    }
  }

  /** The system failed, not this video. */
  void fail(Throwable error) {
    if (end()) {
      leave.accept(this);
      broken.accept(error);
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
  void read(Result.Read result) {
    synchronized (this) {
      read = result;
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
      if (over || read == null || classified < read.clips()) {
        return;
      }
      over = true;
      labels = labels();
    }
    leave.accept(this);
    done.accept(new Outcome.Labelled(labels));
  }

  private VideoLabels labels() {
    var names = model.manifest().labels();
    VideoInfo info = read.info();
    return VideoLabels.newBuilder()
        .setId(reference.getId())
        .setUri(reference.getUri())
        .setLabels(average.labels(names, topLabels))
        .setSegments(average.segments(names, topLabels))
        .setModel(model.identity())
        .setVideo(
            DecodedVideo.newBuilder()
                .setContainer(info.container())
                .setCodec(info.codec())
                .setWidth(info.width())
                .setHeight(info.height())
                .setFramesPerSecond(info.framesPerSecond())
                .setDurationMillis(Math.round(info.durationSeconds() * 1000))
                .setClips(read.clips())
                .setComplete(read.complete())
                .setNote(read.complete() ? null : read.note())
                .build())
        .setTimings(
            StageTimings.newBuilder()
                .setFetchMillis(millis(read.fetchNanos()))
                .setDecodeMillis(millis(read.decodeNanos()))
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
