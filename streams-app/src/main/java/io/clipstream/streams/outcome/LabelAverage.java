package io.clipstream.streams.outcome;

import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.infer.ProbabilityMean;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.LabelledSegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Means of class probabilities: over the crops of each window, and over the windows of the whole
 * video in order of time. One thread at a time.
 */
public final class LabelAverage {
  private final Map<TimeRange, ProbabilityMean> windows =
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
    windows
        .computeIfAbsent(window, key -> new ProbabilityMean(probabilities.length))
        .add(probabilities);
  }

  /** The {@code top} best labels of the whole video, best first. Each window counts the same. */
  public List<Label> labels(List<String> names, int top) {
    ProbabilityMean whole = new ProbabilityMean(names.size());
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
    List<Label> labels = new ArrayList<>();
    for (int id : ProbabilityMean.best(scores, top)) {
      labels.add(Label.newBuilder().setId(id).setName(names.get(id)).setScore(scores[id]).build());
    }
    return labels;
  }
}
