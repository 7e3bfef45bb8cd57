package io.clipstream.model.infer;

import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.DecodeReason;
import io.clipstream.model.clip.DecodeResult;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.model.clip.VideoInfo;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Labels video files, with nothing between decoder and classifier. {@link #decode}: all threads;
 * the rest: the classifier's.
 */
public final class Predictor {
  private final Classifier classifier;
  private final Sampling.Dense views;
  private final VideoDecoder decoder;

  /** What became of one file. */
  public sealed interface Prediction {
    /**
     * A video that was classified.
     *
     * @param probabilities of the K classes, in the order of the manifest's labels: the mean over
     *     all views
     * @param video what was decoded
     * @param note one line that says what of the video is missing; empty if nothing is
     * @param remark one line on its times, see {@link DecodeResult.Decoded}
     * @param times seconds of the frames that the views show, ascending
     */
    record Labelled(
        List<Float> probabilities,
        VideoInfo video,
        int views,
        String note,
        String remark,
        List<Double> times,
        Duration decode,
        Duration classify)
        implements Prediction {}

    /**
     * A video that cannot be classified.
     *
     * @param reason from the closed list
     * @param detail one plain line
     */
    record Rejected(DecodeReason reason, String detail) implements Prediction {}
  }

  /** For one file after the other. */
  public Predictor(Classifier classifier, Sampling.Dense views, DecodeLimits limits) {
    this(classifier, views, limits, 0);
  }

  /**
   * @param classifier stays the caller's
   * @param views of each video, all held at once
   * @param ahead videos that are decoded before the one at work has been classified
   */
  public Predictor(Classifier classifier, Sampling.Dense views, DecodeLimits limits, int ahead) {
    this.classifier = classifier;
    this.views = views;
    var spec = classifier.manifest().clip();
    long bytes = (1L + ahead) * views.clips() * views.crops() * spec.clipBytes();
    this.decoder = new VideoDecoder(spec, limits, new ClipBuffers(spec.clipBytes(), bytes));
  }

  /**
   * Decodes the file and averages the probabilities of its views.
   *
   * @throws IllegalStateException if the network's outputs for it are not finite
   */
  public Prediction predict(Path file) throws InterruptedException {
    return classify(decode(file));
  }

  /**
   * Decodes the views of a file.
   *
   * @return for {@link #classify}, or to be closed
   * @throws java.io.UncheckedIOException if the file is missing or cannot be read
   */
  public DecodedVideo decode(Path file) throws InterruptedException {
    long start = System.nanoTime();
    List<Clip> clips = new ArrayList<>();
    List<Double> times = new ArrayList<>();
    boolean decoded = false;
    try {
      DecodeResult result =
          decoder.decode(file, views, Optional.empty(), clips::add, times::addAll);
      decoded = result instanceof DecodeResult.Decoded;
      return new DecodedVideo(
          result,
          decoded ? List.copyOf(clips) : List.of(),
          List.copyOf(times),
          Duration.ofNanos(System.nanoTime() - start));
    } finally {
      if (!decoded) {
        clips.forEach(Clip::close);
      }
    }
  }

  /**
   * Averages the probabilities of a video's views, and closes it.
   *
   * @throws IllegalStateException if the network's outputs for it are not finite
   */
  public Prediction classify(DecodedVideo video) {
    try (video) {
      if (video.result() instanceof DecodeResult.Rejected rejected) {
        return new Prediction.Rejected(rejected.reason(), rejected.detail());
      }
      DecodeResult.Decoded decoded = (DecodeResult.Decoded) video.result();
      long start = System.nanoTime();
      float[] probabilities = mean(video.clips());
      return new Prediction.Labelled(
          boxed(probabilities),
          decoded.info(),
          video.clips().size(),
          decoded.note(),
          decoded.remark(),
          video.times(),
          video.took(),
          Duration.ofNanos(System.nanoTime() - start));
    }
  }

  private float[] mean(List<Clip> clips) {
    ProbabilityMean mean = new ProbabilityMean(classifier.manifest().labels().size());
    for (int from = 0; from < clips.size(); from += classifier.maxBatch()) {
      int to = Math.min(clips.size(), from + classifier.maxBatch());
      for (float[] row : classifier.classify(clips.subList(from, to))) {
        mean.add(row);
      }
    }
    return mean.get();
  }

  private static List<Float> boxed(float[] values) {
    List<Float> list = new ArrayList<>(values.length);
    for (float value : values) {
      list.add(value);
    }
    return List.copyOf(list);
  }
}
