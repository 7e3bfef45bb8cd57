package io.clipstream.streams.outcome;

import io.clipstream.model.clip.TimeRange;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.LabelledSegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Means of class probabilities: over the crops of each window, and over the windows of the whole
 * video, as in the view protocol of Video Swin Transformer (Liu et al., 2022), where softmax scores
 * of all views are averaged. One thread at a time.
 */
public final class LabelAverage {
  private final Map<TimeRange, Mean> windows =
      new TreeMap<>(
          Comparator.comparingDouble(TimeRange::startSeconds)
              .thenComparingDouble(TimeRange::endSeconds));

  /**
   * Takes a clip's probabilities into the means.
   *
   * @param window what the clip showed
   * @param probabilities {@code [K]}, summing to 1; copied
   */
  public void add(TimeRange window, float[] probabilities) {
    windows.computeIfAbsent(window, key -> new Mean(probabilities.length)).add(probabilities);
  }

  /** The {@code top} best labels of the whole video, best first. Each window counts the same. */
  public List<Label> labels(List<String> names, int top) {
    Mean whole = new Mean(names.size());
    windows.values().forEach(window -> whole.add(window.get()));
    return best(whole.get(), names, top);
  }

  /** The windows in order of time, each with its {@code top} best labels. */
  public List<LabelledSegment> segments(List<String> names, int top) {
    List<LabelledSegment> segments = new ArrayList<>(windows.size());
    windows.forEach(
        (window, mean) ->
            segments.add(
                LabelledSegment.newBuilder()
                    .setStartMillis(Math.round(window.startSeconds() * 1000))
                    .setEndMillis(Math.round(window.endSeconds() * 1000))
                    .setLabels(best(mean.get(), names, top))
                    .build()));
    return segments;
  }

  /** On the worker's thread, beside which a device waits: no sort of all for the few that count. */
  private static List<Label> best(float[] scores, List<String> names, int top) {
    List<Label> labels = new ArrayList<>();
    boolean[] taken = new boolean[scores.length];
    while (labels.size() < Math.min(top, scores.length)) {
      int best = -1;
      for (int id = 0; id < scores.length; id++) {
        if (!taken[id] && (best < 0 || scores[id] > scores[best])) {
          best = id;
        }
      }
      taken[best] = true;
      labels.add(
          Label.newBuilder().setId(best).setName(names.get(best)).setScore(scores[best]).build());
    }
    return labels;
  }

  /** A running mean of vectors. */
  private static final class Mean {
    private final double[] sums;
    private int count;

    Mean(int length) {
      this.sums = new double[length];
    }

    void add(float[] values) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] += values[i];
      }
      count++;
    }

    float[] get() {
      float[] mean = new float[sums.length];
      for (int i = 0; i < mean.length; i++) {
        mean[i] = (float) (sums[i] / count);
      }
      return mean;
    }
  }
}
