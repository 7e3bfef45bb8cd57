package io.clipstream.trainer.eval;

import io.clipstream.model.Progress;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.DecodeResult;
import io.clipstream.model.clip.OpenClips;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.model.infer.Classifier;
import io.clipstream.model.infer.ProbabilityMean;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.Footage;
import io.clipstream.trainer.data.Remarks;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Labels the videos of a list as serving does: each is decoded and cut, and the probabilities of
 * its views are averaged. Threads of its own decode; the calling thread is the classifier's.
 */
public final class Evaluator {
  private final Classifier classifier;
  private final String views;
  private final Sampling sampling;
  private final int threads;
  private final Progress progress;

  /** A clip of a video; without a clip, the end of the video. */
  private record Message(int video, Clip clip, String rejected) {}

  /**
   * Prepares an evaluation.
   *
   * @param views as {@link Sampling#parseViews} takes it
   * @param threads that decode
   */
  public Evaluator(Classifier classifier, String views, int threads, Progress progress) {
    this.classifier = classifier;
    this.views = views;
    this.sampling = Sampling.parseViews(views);
    this.threads = threads;
    this.progress = progress;
  }

  /**
   * Labels videos and compares with what they are.
   *
   * @param classes of the videos
   */
  public Evaluation evaluate(List<ClipList.Entry> videos, int[] classes)
      throws InterruptedException {
    return Evaluation.of(answer(videos), classes);
  }

  /** Labels videos, whatever they are. */
  public Answers answer(List<ClipList.Entry> videos) throws InterruptedException {
    long start = System.nanoTime();
    ModelManifest manifest = classifier.manifest();
    // While a batch waits to be full, every thread must be able to fill the clips it has begun.
    int clips = classifier.maxBatch() + threads * OpenClips.atMost(sampling);
    ClipBuffers buffers =
        new ClipBuffers(manifest.clip().clipBytes(), (long) clips * manifest.clip().clipBytes());
    VideoDecoder decoder = new VideoDecoder(manifest.clip(), DecodeLimits.defaults(), buffers);
    BlockingQueue<Message> messages = new ArrayBlockingQueue<>(buffers.capacity() + threads);
    AtomicReference<Throwable> broken = new AtomicReference<>();
    ProbabilityMean[] means = new ProbabilityMean[videos.size()];
    Map<Integer, String> leftOut = new HashMap<>();
    Remarks remarks = new Remarks(progress);
    progress.start("evaluating", videos.size());
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      for (int i = 0; i < videos.size(); i++) {
        int video = i;
        pool.execute(() -> decode(decoder, videos.get(video), video, messages, broken, remarks));
      }
      List<Message> batch = new ArrayList<>();
      int ended = 0;
      while (ended < videos.size()) {
        Message message = messages.poll(1, TimeUnit.SECONDS);
        if (broken.get() != null) {
          throw broken.get() instanceof UncheckedIOException file
              ? new UncheckedIOException(file.getCause())
              : new IllegalStateException("decoding failed", broken.get());
        }
        if (message == null) {
          continue;
        }
        if (message.clip != null) {
          batch.add(message);
        } else {
          ended++;
          progress.step();
          if (message.rejected != null) {
            leftOut.put(message.video, message.rejected);
          }
        }
        boolean last = ended == videos.size();
        if (batch.size() == classifier.maxBatch() || (last && !batch.isEmpty())) {
          classify(batch, means);
        }
      }
    } finally {
      pool.shutdownNow();
    }
    progress.end();
    remarks.end("");
    double seconds = (System.nanoTime() - start) / 1e9;
    float[][] probabilities = new float[videos.size()][];
    for (int i = 0; i < probabilities.length; i++) {
      // A video that broke off after some clips is no more whole than one without any.
      probabilities[i] = means[i] == null || leftOut.containsKey(i) ? null : means[i].get();
    }
    return new Answers(
        manifest.labels(),
        views,
        manifest.clip().cutting(),
        videos,
        probabilities,
        leftOut,
        seconds);
  }

  private void decode(
      VideoDecoder decoder,
      ClipList.Entry entry,
      int video,
      BlockingQueue<Message> messages,
      AtomicReference<Throwable> broken,
      Remarks remarks) {
    try (Footage footage = Footage.open(entry)) {
      footage.remark().ifPresent(remarks::add);
      DecodeResult result =
          footage.decode(decoder, sampling, clip -> messages.put(new Message(video, clip, null)));
      String rejected =
          result instanceof DecodeResult.Rejected r ? r.reason() + ": " + r.detail() : null;
      messages.put(new Message(video, null, rejected));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Throwable e) {
      broken.compareAndSet(null, e);
    }
  }

  private void classify(List<Message> batch, ProbabilityMean[] means) {
    float[][] probabilities = classifier.classify(batch.stream().map(Message::clip).toList());
    for (int i = 0; i < batch.size(); i++) {
      int video = batch.get(i).video;
      if (means[video] == null) {
        means[video] = new ProbabilityMean(probabilities[i].length);
      }
      means[video].add(probabilities[i]);
      batch.get(i).clip.close();
    }
    batch.clear();
  }
}
