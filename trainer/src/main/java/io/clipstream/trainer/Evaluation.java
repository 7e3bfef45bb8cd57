package io.clipstream.trainer;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.DecodeResult;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.model.infer.Classifier;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How well a model does on videos: each is decoded and cut as in serving, its views' probabilities
 * are averaged, and the likeliest label is compared with the list's.
 *
 * @param labels of the model
 * @param views protocol, such as {@code 1} or {@code 4x3}
 * @param confusion videos by true class (row) and answer (column)
 * @param leftOut videos that could not be decoded, with the reason; they count as wrong
 * @param wrong videos that were labelled wrongly, with the answer
 * @param seconds that it took
 */
record Evaluation(
    List<String> labels,
    String views,
    List<List<Integer>> confusion,
    List<String> leftOut,
    List<String> wrong,
    double seconds) {

  /** A clip of a video; without a clip, the end of the video. */
  private record Message(int video, Clip clip, String rejected) {}

  /**
   * The sampling of a view protocol.
   *
   * @param views {@code 1}, or clips x crops such as {@code 4x3}
   */
  static Sampling sampling(String views) {
    int x = views.indexOf('x');
    try {
      int clips = Integer.parseInt(x < 0 ? views : views.substring(0, x));
      int crops = x < 0 ? 1 : Integer.parseInt(views.substring(x + 1));
      return Sampling.views(clips, crops);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "views are "
              + views
              + ", expected a number of clips, or clips x crops (1 or 3), such as 1 or 4x3",
          e);
    }
  }

  /**
   * Evaluates a model. The calling thread is the classifier's own.
   *
   * @param videos to label
   * @param classes of the videos
   * @param threads that decode
   */
  static Evaluation of(
      Classifier classifier,
      List<ClipList.Entry> videos,
      int[] classes,
      String views,
      int threads,
      Progress progress)
      throws InterruptedException {
    Sampling sampling = sampling(views);
    ModelManifest manifest = classifier.manifest();
    int labels = manifest.labels().size();
    long start = System.nanoTime();
    ClipBuffers buffers =
        new ClipBuffers(
            manifest.clip().clipBytes(),
            (long) (classifier.maxBatch() + 4 * threads) * manifest.clip().clipBytes());
    VideoDecoder decoder = new VideoDecoder(manifest.clip(), DecodeLimits.defaults(), buffers);
    BlockingQueue<Message> messages = new ArrayBlockingQueue<>(buffers.capacity() + threads);
    AtomicReference<Throwable> broken = new AtomicReference<>();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    float[][] sums = new float[videos.size()][labels];
    List<String> leftOut = new ArrayList<>();
    progress.start("evaluating", videos.size());
    try {
      for (int i = 0; i < videos.size(); i++) {
        int video = i;
        pool.execute(() -> decode(decoder, sampling, videos.get(video), video, messages, broken));
      }
      List<Message> batch = new ArrayList<>();
      int ended = 0;
      while (ended < videos.size()) {
        Message message = messages.poll(1, TimeUnit.SECONDS);
        if (broken.get() != null) {
          throw new IllegalStateException("decoding failed", broken.get());
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
            leftOut.add(videos.get(message.video).path() + ": " + message.rejected);
          }
        }
        boolean last = ended == videos.size();
        if (batch.size() == classifier.maxBatch() || (last && !batch.isEmpty())) {
          classify(classifier, batch, sums);
        }
      }
    } finally {
      pool.shutdownNow();
    }
    progress.end();

    List<List<Integer>> confusion = new ArrayList<>();
    for (int i = 0; i < labels; i++) {
      confusion.add(new ArrayList<>(java.util.Collections.nCopies(labels, 0)));
    }
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < videos.size(); i++) {
      int answer = largest(sums[i]);
      if (answer < 0) {
        continue;
      }
      List<Integer> row = confusion.get(classes[i]);
      row.set(answer, row.get(answer) + 1);
      if (answer != classes[i]) {
        wrong.add(
            "%s: %s is called %s"
                .formatted(
                    videos.get(i).path(),
                    manifest.labels().get(classes[i]),
                    manifest.labels().get(answer)));
      }
    }
    return new Evaluation(
        manifest.labels(), views, confusion, leftOut, wrong, (System.nanoTime() - start) / 1e9);
  }

  private static void decode(
      VideoDecoder decoder,
      Sampling sampling,
      ClipList.Entry entry,
      int video,
      BlockingQueue<Message> messages,
      AtomicReference<Throwable> broken) {
    try {
      DecodeResult result =
          decoder.decode(
              entry.path(),
              sampling,
              Optional.empty(),
              clip -> messages.put(new Message(video, clip, null)));
      String rejected =
          result instanceof DecodeResult.Rejected r ? r.reason() + ": " + r.detail() : null;
      messages.put(new Message(video, null, rejected));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Throwable e) {
      broken.compareAndSet(null, e);
    }
  }

  private static void classify(Classifier classifier, List<Message> batch, float[][] sums) {
    float[][] probabilities = classifier.classify(batch.stream().map(Message::clip).toList());
    for (int i = 0; i < batch.size(); i++) {
      float[] sum = sums[batch.get(i).video];
      for (int k = 0; k < sum.length; k++) {
        sum[k] += probabilities[i][k];
      }
      batch.get(i).clip.close();
    }
    batch.clear();
  }

  /** Index of the largest value, -1 if all are 0: nothing was classified. */
  private static int largest(float[] values) {
    int best = -1;
    float most = 0;
    for (int i = 0; i < values.length; i++) {
      if (values[i] > most) {
        most = values[i];
        best = i;
      }
    }
    return best;
  }

  int videos() {
    return confusion.stream().flatMap(List::stream).mapToInt(Integer::intValue).sum()
        + leftOut.size();
  }

  int right() {
    int right = 0;
    for (int i = 0; i < confusion.size(); i++) {
      right += confusion.get(i).get(i);
    }
    return right;
  }

  /** Share of videos whose likeliest label is right, 0 to 1. */
  double top1() {
    return right() / (double) videos();
  }

  /** As it is written to JSON. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("views", views);
    map.put("videos", videos());
    map.put("right", right());
    map.put("top1", Math.round(top1() * 1e5) / 1e5);
    map.put("leftOut", leftOut.size());
    Map<String, Object> perLabel = new LinkedHashMap<>();
    for (int i = 0; i < labels.size(); i++) {
      int all = confusion.get(i).stream().mapToInt(Integer::intValue).sum();
      if (all > 0) {
        perLabel.put(labels.get(i), Map.of("videos", all, "right", confusion.get(i).get(i)));
      }
    }
    map.put("labels", perLabel);
    map.put("confusion", confusion);
    map.put("seconds", Math.round(seconds * 10) / 10.0);
    return map;
  }

  /** A small table for people. */
  String toTable() {
    StringBuilder text = new StringBuilder();
    int width = labels.stream().mapToInt(String::length).max().orElse(1);
    text.append(
        String.format(
            Locale.ROOT,
            "%-" + width + "s %7s %7s  %s%n",
            "label",
            "videos",
            "right",
            "also called"));
    for (int i = 0; i < labels.size(); i++) {
      int all = confusion.get(i).stream().mapToInt(Integer::intValue).sum();
      if (all == 0) {
        continue;
      }
      StringBuilder others = new StringBuilder();
      for (int k = 0; k < labels.size(); k++) {
        if (k != i && confusion.get(i).get(k) > 0) {
          others.append(others.isEmpty() ? "" : ", ");
          others.append(labels.get(k)).append(' ').append(confusion.get(i).get(k));
        }
      }
      text.append(
          String.format(
              Locale.ROOT,
              "%-" + width + "s %7d %6.1f%%  %s%n",
              labels.get(i),
              all,
              100.0 * confusion.get(i).get(i) / all,
              others));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "top-1 %.2f %% of %d videos (views %s%s), %s%n",
            100 * top1(),
            videos(),
            views,
            leftOut.isEmpty() ? "" : ", " + leftOut.size() + " not decoded and counted as wrong",
            Progress.time(seconds)));
    return text.toString();
  }
}
