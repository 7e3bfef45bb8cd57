package io.clipstream.streams.classify;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One version of a model, loaded on the devices of this instance: how its clips are cut, the queue
 * where they wait, and a worker for each device.
 *
 * <p>It is started once and is ready when every device's classifier is warm. Then each video that
 * goes to it holds it ({@link #tryAcquire}) from its submission to its outcome, so that all labels
 * of a record come from this version. After {@link #close} no video can acquire it any more; when
 * the last one has left, its workers end and close their classifiers.
 *
 * <p>If a device fails, the whole generation is broken: the videos that hold it are told so, and
 * those that acquire it later.
 *
 * <p>All threads.
 */
public final class Generation implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Generation.class);

  private final ServedModel model;
  private final Cutter cutter;
  private final PipelineObserver observer;
  private final ClipQueue clips;
  private final WorkerThreads workers;
  private final Set<VideoInFlight> videos = ConcurrentHashMap.newKeySet();
  private volatile Throwable failure;

  /** Guards what follows. Nothing is called while it is held. */
  private final Object lock = new Object();

  /** The creator's until {@link #close}, one for each video, one for each thread that reads one. */
  private int holds = 1;

  private boolean closing;

  /**
   * Starts nothing.
   *
   * @param model that the classifiers hold
   * @param cutter of clips as the model's manifest says
   * @param devices at least one
   * @param batch whose sizes the classifiers are warmed for
   */
  public Generation(
      ServedModel model,
      Cutter cutter,
      List<DeviceModel> devices,
      BatchPolicy batch,
      PipelineObserver observer) {
    if (devices.isEmpty()) {
      throw new IllegalArgumentException("there is no device, expected at least one");
    }
    this.model = model;
    this.cutter = cutter;
    this.observer = GuardedObserver.of(observer);
    this.clips = new ClipQueue(batch);
    this.workers =
        new WorkerThreads(
            "classify-" + model.manifest().id(),
            devices.stream()
                .map(device -> new GpuWorker(model, device, clips, this.observer))
                .toList(),
            this::broken);
  }

  /**
   * Starts loading the model onto every device, each on a thread of its own; returns at once. A
   * second call does nothing more, nor does one after {@link #close}.
   */
  public void start() {
    workers.start();
  }

  /**
   * Completes when every device is warm, or with what kept the first one from it; with {@link
   * CancellationException} if this was closed before.
   */
  public CompletableFuture<Void> ready() {
    return workers.ready();
  }

  /**
   * Waits until every device is warm.
   *
   * @throws RuntimeException what making a classifier threw
   */
  public void awaitReady() {
    try {
      ready().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new BrokenPipelineException(
              "no classifier: " + e.getCause().getMessage(), e.getCause());
    }
  }

  public boolean isReady() {
    return ready().isDone() && !ready().isCompletedExceptionally();
  }

  public ServedModel model() {
    return model;
  }

  /** Videos that hold it. */
  public int videos() {
    return videos.size();
  }

  /**
   * Holds this for a video.
   *
   * @return false if it is not ready, or was closed; true: {@link #release} follows, once
   */
  public boolean tryAcquire() {
    if (!isReady()) {
      return false;
    }
    synchronized (lock) {
      if (closing) {
        return false;
      }
      holds++;
      return true;
    }
  }

  /** Gives up what {@link #tryAcquire} gave. */
  public void release() {
    synchronized (lock) {
      if (holds == 0) {
        throw new IllegalStateException(this + " was released more often than acquired");
      }
      if (--holds > 0) {
        return;
      }
    }
    end();
  }

  /** As {@link #tryAcquire} for someone who works for a video; false if all videos have left. */
  boolean tryHold() {
    synchronized (lock) {
      if (holds == 0) {
        return false;
      }
      holds++;
      return true;
    }
  }

  /** A video that acquired this is told from now on if it breaks, until it leaves. */
  void admit(VideoInFlight video) {
    videos.add(video);
    Throwable error = failure;
    if (error != null) {
      video.fail(error);
    }
  }

  /** A video has its outcome, or needs none. */
  void leave(VideoInFlight video) {
    videos.remove(video);
    release();
  }

  /** Of this model's clips. */
  public Cutter cutter() {
    return cutter;
  }

  /** Whether a full batch waits for a device: another clip would wait longer than for that. */
  boolean isBehind() {
    return clips.isFull();
  }

  /** Whether no video can acquire this any more. */
  boolean isClosing() {
    synchronized (lock) {
      return closing;
    }
  }

  /**
   * Takes a clip over.
   *
   * @return false if no worker will take it any more, which its video has been told; then it stays
   *     the caller's
   */
  boolean queue(QueuedClip clip) {
    int depth = clips.add(clip);
    if (depth > 0) {
      observer.queued(model, depth);
    }
    return depth > 0;
  }

  /**
   * Lets no video acquire this any more, and ends it once those that hold it have left; at once if
   * it is not ready yet. Returns at once; a second call does nothing.
   */
  @Override
  public void close() {
    synchronized (lock) {
      if (closing) {
        return;
      }
      closing = true;
    }
    release();
  }

  /** Completes when every thread has ended and every classifier is closed. */
  public CompletableFuture<Void> closed() {
    return workers.ended();
  }

  /**
   * Waits for {@link #closed()}. Not for a thread that holds a video's work up.
   *
   * @return false if it takes longer than {@code limit}
   */
  public boolean awaitClosed(Duration limit) throws InterruptedException {
    try {
      closed().get(Math.max(0, limit.toNanos()), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new AssertionError(e); // It is never completed so.
    }
  }

  /** A device failed. */
  private void broken(Throwable error) {
    log.error("{} is broken", this, error);
    failure = error;
    videos.forEach(video -> video.fail(error));
    clips.close().forEach(QueuedClip::release); // In this order: who cannot queue has been told.
  }

  /** Nobody holds it any more: clips that still wait are of videos that are over. */
  private void end() {
    clips.close().forEach(QueuedClip::release);
    workers.stop();
  }

  @Override
  public String toString() {
    return "generation " + model.manifest().id();
  }
}
