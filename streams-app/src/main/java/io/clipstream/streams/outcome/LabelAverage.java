package io.clipstream.streams.outcome;

import io.clipstream.model.clip.TimeRange;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.LabelledSegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

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

  private static List<Label> best(float[] scores, List<String> names, int top) {
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer id) -> -scores[id]).thenComparing(id -> id))
        .limit(top)
        .map(id -> Label.newBuilder().setId(id).setName(names.get(id)).setScore(scores[id]).build())
        .toList();
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
