package io.clipstream.trainer;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.clipstream.model.Sha256;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.ContentDigests;
import io.clipstream.trainer.recipe.Recipe;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What a run is: two runs of one identity end with the same weights (on a CPU). A run that was
 * stopped goes on only as what it was begun as.
 *
 * @param code what training does with recipe and data, raised whenever that changes
 * @param recipe as it is published, with the start model's digest
 * @param videos to train and validate on, in the order of the list
 * @param extended how many epochs it was to have before it was extended, the first number first:
 *     the rates of its first epochs were those of a shorter run
 */
record RunIdentity(
    String code,
    Map<String, String> recipe,
    List<Video> videos,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Integer> extended) {
  private static final String CODE = "4";
  private static final String EPOCHS = "train.epochs";

  /** What a run may be gone on with in another way: it takes no part in the training. */
  private static final Pattern FREE =
      Pattern.compile("gate\\..*|feedback\\..*|report\\.splits|data\\.max-rejected|cache\\.pixels");

  /** Differences that a message tells of at most. */
  private static final int TOLD = 5;

  /**
   * One video.
   *
   * @param split that it belongs to
   * @param path relative to the folder of the list, with the range if it has one
   * @param sha256 of its content
   * @param label that the list gives it
   */
  record Video(String split, String path, String sha256, String label) {
    Video {
      if (split == null || path == null || sha256 == null || label == null) {
        throw new IllegalArgumentException("a part of a video's identity is not there");
      }
    }
  }

  RunIdentity {
    if (code == null || recipe == null || videos == null || videos.contains(null)) {
      throw new IllegalArgumentException("a part of the run's identity is not there");
    }
    extended = extended == null ? List.of() : List.copyOf(extended);
  }

  static RunIdentity of(Recipe recipe, ClipList list, ContentDigests digests) {
    List<Video> videos = new ArrayList<>();
    for (String split : List.of(recipe.data().trainSplit(), recipe.data().validationSplit())) {
      for (ClipList.Entry entry : list.split(split)) {
        videos.add(new Video(split, list.name(entry), digests.video(entry), entry.label()));
      }
    }
    Map<String, String> settings = recipe.published();
    settings.keySet().removeIf(key -> key.startsWith("gate.")); // it comes after the training
    settings.remove("cache.pixels"); // the same clips come from the disk or from the decoder
    return new RunIdentity(CODE, settings, videos, List.of());
  }

  /** SHA-256 of everything, 64 lower-case hex digits. */
  String digest() {
    return Sha256.of(
        code
            + "\n"
            + recipe
            + "\n"
            + dataDigest()
            + (extended.isEmpty() ? "" : "\nextended " + extended));
  }

  /**
   * What an earlier identity is, gone on with as this one, from which it does not differ but in its
   * epochs and in what takes no part in the training.
   */
  RunIdentity goingOnFrom(RunIdentity before) {
    int then = before.epochs();
    if (epochs() <= then) {
      return before;
    }
    Map<String, String> longer = new TreeMap<>(before.recipe);
    longer.put(EPOCHS, recipe.get(EPOCHS));
    List<Integer> all = new ArrayList<>(before.extended);
    all.add(then);
    return new RunIdentity(code, longer, videos, all);
  }

  int epochs() {
    try {
      return Integer.parseInt(recipe.getOrDefault(EPOCHS, "").strip());
    } catch (NumberFormatException e) { // of another version
      return 0;
    }
  }

  /** SHA-256 of the videos' paths, content and labels in their order. */
  String dataDigest() {
    StringBuilder text = new StringBuilder();
    videos.forEach(v -> text.append(String.join("\t", v.split, v.path, v.sha256, v.label, "\n")));
    return Sha256.of(text.toString());
  }

  /** In what way this differs from an earlier identity, for people; empty if it does not. */
  List<String> differences(RunIdentity before) {
    List<String> differences = new ArrayList<>();
    if (!code.equals(before.code)) {
      differences.add("it was begun by another version of clipstream");
    }
    TreeSet<String> keys = new TreeSet<>(recipe.keySet());
    keys.addAll(before.recipe.keySet());
    for (String key : keys) {
      String now = recipe.get(key);
      String then = before.recipe.get(key);
      boolean longer = key.equals(EPOCHS) && epochs() > before.epochs();
      if (!Objects.equals(now, then) && !longer && !FREE.matcher(key).matches()) {
        differences.add("%s is %s, was %s".formatted(key, said(now), said(then)));
      }
    }
    differences.addAll(videoDifferences(before));
    if (differences.size() > TOLD) {
      int more = differences.size() - TOLD;
      differences.subList(TOLD, differences.size()).clear();
      differences.add(more + " more differences");
    }
    return differences;
  }

  private static String said(String value) {
    return value == null ? "not set" : value.isEmpty() ? "empty" : value;
  }

  private List<String> videoDifferences(RunIdentity before) {
    Map<String, Video> now = byPath(videos);
    Map<String, Video> then = byPath(before.videos);
    List<String> added = new ArrayList<>();
    List<String> relabelled = new ArrayList<>();
    List<String> changed = new ArrayList<>();
    now.forEach(
        (key, video) -> {
          Video old = then.get(key);
          if (old == null) {
            added.add(video.path);
          } else if (!old.label.equals(video.label)) {
            relabelled.add("%s (%s, was %s)".formatted(video.path, video.label, old.label));
          } else if (!old.sha256.equals(video.sha256)) {
            changed.add(video.path);
          }
        });
    List<String> removed = new ArrayList<>();
    then.forEach(
        (key, video) -> {
          if (!now.containsKey(key)) {
            removed.add(video.path);
          }
        });
    List<String> differences = new ArrayList<>();
    tell(differences, "%d of the videos are new, such as %s", added);
    tell(differences, "%d of the videos are gone, such as %s", removed);
    tell(differences, "%d of the labels differ, such as that of %s", relabelled);
    tell(differences, "%d of the videos have another content, such as %s", changed);
    if (differences.isEmpty() && !videos.equals(before.videos)) {
      differences.add("the videos are in another order");
    }
    return differences;
  }

  private static Map<String, Video> byPath(List<Video> videos) {
    Map<String, Video> byPath = new LinkedHashMap<>();
    videos.forEach(video -> byPath.put(video.split + "\t" + video.path, video));
    return byPath;
  }

  private static void tell(List<String> differences, String what, List<String> examples) {
    if (!examples.isEmpty()) {
      differences.add(String.format(Locale.ROOT, what, examples.size(), examples.get(0)));
    }
  }
}
