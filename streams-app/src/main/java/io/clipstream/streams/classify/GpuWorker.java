package io.clipstream.streams.classify;

import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.infer.Classifier;
import io.clipstream.model.infer.OutOfDeviceMemoryException;
import io.clipstream.schemas.RejectionReason;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One device: takes batches from the queue and classifies them, on one thread that makes, uses and
 * closes the classifier. The next two batches are taken together with one if they are full already,
 * so that their pixels can be copied while the device computes; one that is not full stays in the
 * queue, where it may grow, until the device is free.
 *
 * <p>A batch that fails is halved until the clip that is to blame fails alone; its video alone is
 * rejected. A clip that fails alone is only to blame if the device still classifies a blank one and
 * then fails on the clip again; otherwise the device is broken, which ends the worker.
 */
final class GpuWorker {
  private static final Logger log = LoggerFactory.getLogger(GpuWorker.class);

  /** One for the device to go on with, and one whose pixels are copied meanwhile. */
  private static final int AHEAD = 2;

  private final ServedModel model;
  private final DeviceModel device;
  private final ClipQueue queue;
  private final PipelineObserver observer;
  private final DeviceUse use;

  /** Worker's thread only, as the next. */
  private Classifier classifier;

  /** Batches that were taken ahead, each with clips. */
  private final List<List<QueuedClip>> ahead = new ArrayList<>();

  GpuWorker(ServedModel model, DeviceModel device, ClipQueue queue, PipelineObserver observer) {
    this.model = model;
    this.device = device;
    this.queue = queue;
    this.observer = observer;
    this.use = DeviceUse.of(device.device());
  }

  /**
   * Makes the classifier and classifies until the queue is closed or the thread is interrupted.
   * Once, on the worker's thread.
   *
   * @param warm called when the classifier is made
   * @throws RuntimeException if the classifier could not be made, or the device is broken
   */
  void run(Runnable warm) throws InterruptedException {
    try (Classifier made = device.load().get()) {
      classifier = made;
      warm.run();
      while (!Thread.interrupted()) {
        List<QueuedClip> batch = queue.take();
        if (batch.isEmpty()) {
          return;
        }
        serveAllDue(batch);
      }
    } finally {
      ahead.forEach(batch -> batch.forEach(QueuedClip::release));
    }
  }

  /** A batch, and those that are due when it ends. */
  private void serveAllDue(List<QueuedClip> first) {
    use.works();
    try {
      for (List<QueuedClip> batch = first; !batch.isEmpty(); batch = due()) {
        serve(batch);
      }
    } finally {
      use.waits();
    }
  }

  private List<QueuedClip> due() {
    if (Thread.currentThread().isInterrupted()) {
      return List.of();
    }
    return ahead.isEmpty() ? queue.poll() : ahead.remove(0);
  }

  /** Classifies a batch and releases its clips, whatever happens. */
  private void serve(List<QueuedClip> batch) {
    try {
      List<QueuedClip> wanted = batch.stream().filter(clip -> !clip.video().isOver()).toList();
      if (!wanted.isEmpty()) {
        classify(wanted, this::takeAhead);
      }
    } finally {
      batch.forEach(QueuedClip::release);
    }
  }

  private List<List<Clip>> takeAhead() {
    while (ahead.size() < AHEAD) {
      List<QueuedClip> batch = queue.takeAhead();
      if (batch.isEmpty()) {
        break;
      }
      ahead.add(batch);
    }
    return ahead.stream().map(GpuWorker::clips).toList();
  }

  private void classify(List<QueuedClip> batch, Supplier<List<List<Clip>>> next) {
    long start = System.nanoTime();
    float[][] probabilities;
    try {
      probabilities = classifier.classify(clips(batch), next);
    } catch (RuntimeException e) {
      if (batch.size() > 1) {
        log.warn("A batch of {} clips failed and is halved: {}", batch.size(), e.getMessage());
        classify(batch.subList(0, batch.size() / 2), List::of);
        classify(batch.subList(batch.size() / 2, batch.size()), List::of);
      } else {
        classifyAgain(batch.get(0), e);
      }
      return;
    }
    deliver(batch, probabilities, start);
  }

  /** A clip failed alone: finds out whether the device, chance or the clip was the cause. */
  private void classifyAgain(QueuedClip clip, RuntimeException error) {
    if (!classifiesBlank()) {
      throw error;
    }
    long start = System.nanoTime();
    float[][] probabilities;
    try {
      probabilities = classifier.classify(List.of(clip.clip()));
    } catch (RuntimeException e) {
      String id = clip.video().request().reference().getId();
      log.warn("A clip of {} failed twice alone, a blank one did not", id, e);
      if (e instanceof OutOfDeviceMemoryException) {
        clip.video()
            .reject(
                RejectionReason.OUT_OF_DEVICE_MEMORY,
                "the device has too little memory for one clip of this video",
                2);
      } else {
        clip.video()
            .reject(
                RejectionReason.CLASSIFIER_FAILED,
                "the classifier failed on a clip of this video: " + e.getMessage(),
                2);
      }
      return;
    }
    deliver(List.of(clip), probabilities, start);
  }

  private void deliver(List<QueuedClip> batch, float[][] probabilities, long start) {
    long nanos = System.nanoTime() - start;
    long waited = start - batch.get(0).queuedAt();
    observer.batch(model, device.device(), batch.size(), classifier.maxBatch(), waited, nanos);
    Set<VideoInFlight> videos = new HashSet<>();
    for (int i = 0; i < batch.size(); i++) {
      QueuedClip clip = batch.get(i);
      VideoInFlight video = clip.video();
      if (isFinite(probabilities[i])) {
        video.classified(clip.clip().range(), probabilities[i], start - clip.queuedAt());
        videos.add(video);
      } else {
        video.reject(
            RejectionReason.CLASSIFIER_FAILED,
            "the network's outputs for a clip of this video are not finite",
            1);
      }
    }
    videos.forEach(video -> video.passed(nanos));
  }

  private static List<Clip> clips(List<QueuedClip> batch) {
    return batch.stream().map(QueuedClip::clip).toList();
  }

  private boolean classifiesBlank() {
    ClipSpec spec = classifier.manifest().clip();
    // Its own pool of one, so that taking the clip never waits.
    ClipBuffers buffers = new ClipBuffers(spec.clipBytes(), spec.clipBytes());
    try (Clip blank = buffers.take(new TimeRange(0, 1), 0)) {
      float[][] unused = classifier.classify(List.of(blank));
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (RuntimeException e) {
      log.error("A blank clip fails as well, the device is broken: {}", e.getMessage());
      return false;
    }
  }

  private static boolean isFinite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }
}
