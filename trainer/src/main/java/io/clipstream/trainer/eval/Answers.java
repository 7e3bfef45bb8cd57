package io.clipstream.trainer.eval;

import io.clipstream.model.infer.ProbabilityMean;
import io.clipstream.trainer.data.ClipList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a model says of videos.
 *
 * @param labels of the model
 * @param views protocol, such as {@code 1} or {@code 4x3}
 * @param cutting how each view is cut, as {@link io.clipstream.model.clip.ClipSpec#cutting} has it
 * @param videos that it was asked
 * @param probabilities {@code [K]} of each video, the mean over its views; null for one that does
 *     not decode
 * @param leftOut why, by index of the video
 * @param seconds that it took
 */
@SuppressWarnings("ArrayRecordComponent") // holds, is never compared
public record Answers(
    List<String> labels,
    String views,
    String cutting,
    List<ClipList.Entry> videos,
    float[][] probabilities,
    Map<Integer, String> leftOut,
    double seconds) {
  public Answers {
    leftOut = new TreeMap<>(leftOut);
  }

  /** How every video was looked at, for people: what a figure was measured with. */
  public String protocol() {
    return "views %s of %s".formatted(views, cutting);
  }

  /** Index of the likeliest label of a video, -1 if it does not decode. */
  int best(int video) {
    return probabilities[video] == null ? -1 : ProbabilityMean.best(probabilities[video], 1).get(0);
  }

  /** Whether the likeliest label is, by its name, the one that the list gives. */
  public boolean right(int video) {
    int best = best(video);
    return best >= 0 && labels.get(best).equals(videos.get(video).label());
  }

  /** Whether the label that the list gives is among the likeliest. */
  boolean among(int video, int top) {
    return probabilities[video] != null
        && ProbabilityMean.best(probabilities[video], top).stream()
            .anyMatch(k -> labels.get(k).equals(videos.get(video).label()));
  }
}
