package io.clipstream.streams.classify;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.infer.Classifier;
import io.clipstream.model.infer.TorchClassifier;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.ClipSource.Result;
import io.clipstream.streams.outcome.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of a video through this process:
 *
 * <pre>
 * submit ─┬▶ local videos ──▶ local threads ──┬▶ ClipQueue ─▶ GpuWorker, one a device
 *         └▶ remote videos ─▶ remote threads ─┤                    │
 *                                     rejected └──▶ outcome ◀── labelled
 * </pre>
 *
 * <p>A thread reads a video from its source to its last clip: fetches, decodes, samples. Remote
 * videos have threads of their own, many, as most of them wait for a server; local ones never wait
 * behind them. How many videos are decoded at once, the source sees to.
 *
 * <p>What is held is bounded: references by the caller, clips by the pool that the source takes
 * them from. No lock is held while a thread waits, and every clip in the queue leaves it, whatever
 * the threads that read do; so if the pool lends each of them the clips that it fills at once, none
 * waits for ever.
 *
 * <p>All threads.
 */
public final class LabelPipeline implements VideoLabeller {
  private static final Logger log = LoggerFactory.getLogger(LabelPipeline.class);
  private static final long CLOSE_MILLIS = 30_000;

  private final ClipSource source;
  private final ServedModel model;
  private final PipelineSettings settings;
  private final BlockingQueue<VideoInFlight> local = new LinkedBlockingQueue<>();
  private final BlockingQueue<VideoInFlight> remote = new LinkedBlockingQueue<>();
  private final Set<VideoInFlight> inFlight = ConcurrentHashMap.newKeySet();
  private final ClipQueue clips;
  private final List<Thread> threads = new ArrayList<>();
  private volatile Throwable failure;
  private volatile boolean closed;

  /**
   * Loads a classifier for each device and returns once all are ready.
   *
   * @param source of the clips, cut as the model's manifest says; closed by the pipeline
   * @param model that the classifiers hold
   * @param devices for each device what makes its classifier, on that device's own thread, with the
   *     batch sizes of {@code settings}
   * @throws RuntimeException what making a classifier threw
   */
  public LabelPipeline(
      ClipSource source,
      ServedModel model,
      List<? extends Supplier<? extends Classifier>> devices,
      PipelineSettings settings) {
    if (devices.isEmpty()) {
      throw new IllegalArgumentException("there is no device, expected at least one");
    }
    this.source = source;
    this.model = model;
    this.settings = settings;
    this.clips = new ClipQueue(settings.batch());

    List<GpuWorker> workers = new ArrayList<>();
    for (Supplier<? extends Classifier> device : devices) {
      GpuWorker worker = new GpuWorker(device::get, clips, this::fail);
      workers.add(worker);
      start("classify-" + workers.size(), worker);
    }
    try {
      workers.forEach(worker -> worker.ready().join());
    } catch (CompletionException e) {
      close();
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new BrokenPipelineException(
              "no classifier: " + e.getCause().getMessage(), e.getCause());
    }
    for (int i = 1; i <= settings.decodeThreads(); i++) {
      start("local-" + i, () -> readAll(local));
    }
    for (int i = 1; i <= source.maxRemote(); i++) {
      start("remote-" + i, () -> readAll(remote));
    }
  }

  /** A pipeline with the artifact's network on each of the devices. */
  public static LabelPipeline open(
      ModelArtifact artifact, List<Device> devices, ClipSource source, PipelineSettings settings) {
    List<Supplier<Classifier>> classifiers = new ArrayList<>();
    for (Device device : devices) {
      classifiers.add(
          () -> {
            try {
              return TorchClassifier.load(artifact, device, settings.batch().sizes());
            } catch (IOException e) {
              throw new UncheckedIOException(e.getMessage(), e);
            }
          });
    }
    ServedModel model = new ServedModel(artifact.manifest(), artifact.digest());
    return new LabelPipeline(source, model, classifiers, settings);
  }

  @Override
  public Submission submit(
      VideoReference reference, Consumer<Outcome> done, Consumer<Throwable> broken) {
    VideoInFlight video =
        new VideoInFlight(reference, model, settings, done, broken, inFlight::remove);
    inFlight.add(video);
    Optional<String> problem = ReferenceCheck.problem(reference);
    if (problem.isPresent()) {
      video.reject(RejectionReason.INVALID_REFERENCE, problem.get(), 1);
    } else if (reference.getModel() != null && !model.answersTo(reference.getModel())) {
      video.reject(
          RejectionReason.UNKNOWN_MODEL,
          "model '" + reference.getModel() + "' is not served, " + model.manifest().id() + " is",
          1);
    } else {
      (source.isRemote(reference) ? remote : local).add(video);
    }
    Throwable error = failure;
    if (error != null) {
      video.fail(error);
    }
    return video;
  }

  /** Videos without an outcome. */
  public int inFlight() {
    return inFlight.size();
  }

  @Override
  public void close() {
    closed = true;
    threads.forEach(Thread::interrupt);
    long end = System.nanoTime() + CLOSE_MILLIS * 1_000_000;
    try {
      for (Thread thread : threads) {
        if (thread != Thread.currentThread()) {
          thread.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
        }
        if (thread.isAlive()) {
          log.warn("{} did not end within {} ms", thread.getName(), CLOSE_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    inFlight.forEach(VideoInFlight::cancel);
    clips.removeAll().forEach(QueuedClip::release);
    source.close();
  }

  private void start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
  }

  private void readAll(BlockingQueue<VideoInFlight> videos) {
    try {
      while (!closed) {
        read(videos.take());
      }
    } catch (InterruptedException end) {
      log.debug("{} ends", Thread.currentThread().getName());
    } catch (Throwable e) {
      fail(e);
    }
  }

  private void read(VideoInFlight video) throws InterruptedException {
    if (source.isRemote(video.reference())) {
      video.startReading(); // A server may be slow; local videos come to their next clip soon.
    }
    Result result;
    try {
      if (video.isOver()) {
        return;
      }
      result = source.read(video.reference(), clip -> queue(video, clip));
    } catch (InterruptedException | RuntimeException e) {
      if (!video.isOver()) {
        throw e;
      }
      return; // Its end interrupted this thread, or queue() saw it.
    } finally {
      video.stopReading();
    }
    if (result instanceof Result.Rejected rejected) {
      video.reject(rejected.reason(), rejected.detail(), rejected.attempts());
    } else {
      video.read((Result.Read) result);
    }
  }

  private void queue(VideoInFlight video, Clip clip) throws InterruptedException {
    try {
      video.awaitPlace();
    } catch (InterruptedException e) {
      clip.close();
      throw e;
    }
    QueuedClip queued = new QueuedClip(video, clip, System.nanoTime());
    if (video.isOver()) {
      queued.release();
      throw new CancellationException("the video is over");
    }
    clips.add(queued);
  }

  /** The system is broken: every video in flight and every later one is told so. */
  private void fail(Throwable error) {
    log.error("The pipeline is broken", error);
    failure = error;
    inFlight.forEach(video -> video.fail(error));
  }
}
