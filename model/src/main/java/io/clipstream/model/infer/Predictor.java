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
 * Labels video files one after the other, with nothing between decoder and classifier. One thread:
 * the classifier's.
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
     */
    record Labelled(
        List<Float> probabilities,
        VideoInfo video,
        int views,
        String note,
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

  /**
   * @param classifier stays the caller's
   * @param views of each video, all held at once
   */
  public Predictor(Classifier classifier, Sampling.Dense views, DecodeLimits limits) {
    this.classifier = classifier;
    this.views = views;
    var spec = classifier.manifest().clip();
    long bytes = (long) views.clips() * views.crops() * spec.clipBytes();
    this.decoder = new VideoDecoder(spec, limits, new ClipBuffers(spec.clipBytes(), bytes));
  }

  /**
   * Decodes the file and averages the probabilities of its views.
   *
   * @throws IllegalStateException if the network's outputs for it are not finite
   */
  public Prediction predict(Path file) throws InterruptedException {
    List<Clip> clips = new ArrayList<>();
    try {
      long start = System.nanoTime();
      DecodeResult result = decoder.decode(file, views, Optional.empty(), clips::add);
      if (result instanceof DecodeResult.Rejected rejected) {
        return new Prediction.Rejected(rejected.reason(), rejected.detail());
      }
      DecodeResult.Decoded decoded = (DecodeResult.Decoded) result;
      long decodedAt = System.nanoTime();
      List<Float> probabilities = mean(clips);
      return new Prediction.Labelled(
          probabilities,
          decoded.info(),
          clips.size(),
          decoded.note(),
          Duration.ofNanos(decodedAt - start),
          Duration.ofNanos(System.nanoTime() - decodedAt));
    } finally {
      clips.forEach(Clip::close);
    }
  }

  private List<Float> mean(List<Clip> clips) {
    double[] sum = new double[classifier.manifest().labels().size()];
    for (int from = 0; from < clips.size(); from += classifier.maxBatch()) {
      int to = Math.min(clips.size(), from + classifier.maxBatch());
      for (float[] row : classifier.classify(clips.subList(from, to))) {
        for (int k = 0; k < sum.length; k++) {
          sum[k] += row[k];
        }
      }
    }
    List<Float> mean = new ArrayList<>(sum.length);
    for (double s : sum) {
      mean.add((float) (s / clips.size()));
    }
    return List.copyOf(mean);
  }
}
