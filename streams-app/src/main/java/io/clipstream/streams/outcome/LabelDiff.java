package io.clipstream.streams.outcome;

import io.clipstream.model.Count;
import io.clipstream.model.UserError;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.VideoLabels;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How the best labels of the same videos differ between two sides, such as two versions of a model.
 * Of several labellings of one video the last counts. Holds an id and a score for each video and
 * side. One thread.
 */
public final class LabelDiff {
  private final int maxVideos;
  private final Map<String, Best> before = new HashMap<>();
  private final Map<String, Best> after = new HashMap<>();
  private final Map<String, String> names = new HashMap<>();

  private record Best(String name, float score) {}

  /**
   * The differences.
   *
   * @param both videos that both sides have
   * @param onlyBefore videos that only the first has
   * @param onlyAfter videos that only the second has
   * @param changed of those of both, with another best label
   * @param meanScoreChange mean over those of both of the second's best score less the first's; 0
   *     without any
   * @param classes by their name on the first side, those that changed most first
   */
  public record Result(
      int both,
      int onlyBefore,
      int onlyAfter,
      int changed,
      double meanScoreChange,
      List<ClassChange> classes) {
    public Result {
      classes = List.copyOf(classes);
    }
  }

  /**
   * What became of a class.
   *
   * @param name of the class
   * @param videos of both sides that the first gave this label
   * @param changed of those, with another label on the second
   * @param to how many got which other label
   */
  public record ClassChange(String name, int videos, int changed, Map<String, Integer> to) {
    public ClassChange {
      to = new TreeMap<>(to);
    }
  }

  /**
   * Without labels yet.
   *
   * @param maxVideos of each side
   */
  public LabelDiff(int maxVideos) {
    this.maxVideos = maxVideos;
  }

  /**
   * Takes labels of the first side.
   *
   * @throws UserError if there are too many videos
   */
  public void before(VideoLabels labels) {
    add(before, labels);
  }

  /**
   * Takes labels of the second side.
   *
   * @throws UserError if there are too many videos
   */
  public void after(VideoLabels labels) {
    add(after, labels);
  }

  private void add(Map<String, Best> side, VideoLabels labels) {
    Label best = labels.getLabels().get(0);
    String name = names.computeIfAbsent(best.getName(), same -> same);
    side.put(labels.getId(), new Best(name, best.getScore()));
    if (side.size() > maxVideos) {
      throw new UserError(
          "one side has more than "
              + Count.of(maxVideos, "video")
              + ": choose a smaller range or raise --max-videos");
    }
  }

  public Result result() {
    Map<String, Map<String, Integer>> counts = new TreeMap<>();
    int both = 0;
    double scoreChange = 0;
    for (Map.Entry<String, Best> entry : before.entrySet()) {
      Best first = entry.getValue();
      Best second = after.get(entry.getKey());
      if (second != null) {
        both++;
        scoreChange += second.score() - first.score();
        counts
            .computeIfAbsent(first.name(), name -> new HashMap<>())
            .merge(second.name(), 1, Integer::sum);
      }
    }
    List<ClassChange> classes = new ArrayList<>();
    counts.forEach((name, to) -> classes.add(change(name, to)));
    classes.sort(Comparator.comparingInt(ClassChange::changed).reversed()); // Stable: then by name.
    return new Result(
        both,
        before.size() - both,
        after.size() - both,
        classes.stream().mapToInt(ClassChange::changed).sum(),
        both == 0 ? 0 : scoreChange / both,
        classes);
  }

  private static ClassChange change(String name, Map<String, Integer> to) {
    int videos = to.values().stream().mapToInt(Integer::intValue).sum();
    Map<String, Integer> others = new HashMap<>(to);
    others.remove(name);
    return new ClassChange(name, videos, videos - to.getOrDefault(name, 0), others);
  }
}
