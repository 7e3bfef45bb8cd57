package io.clipstream.trainer.data;

import io.clipstream.model.Count;
import io.clipstream.model.Printable;
import io.clipstream.model.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What training and validation have: told before the first step.
 *
 * @param labels of the classes
 * @param clips usable clips by split, each with one count a label; of splits that are not decoded
 *     yet, all videos
 * @param videos that the splits name
 * @param rejected videos that do not decode or are not there
 * @param shared contents that are in two splits, one line each
 * @param contradicted contents of one split that have two labels, one line each
 * @param repeated videos with content and label of another one of their split
 * @param unused videos of splits that the run does not use, by split
 * @param passedOver files that are taken for no videos
 * @param frames how folders of frames are taken, one line; empty if there are none
 * @param incomplete folders that lack frames, one line each
 */
public record DataReport(
    List<String> labels,
    Map<String, List<Integer>> clips,
    int videos,
    List<Rejected> rejected,
    List<String> shared,
    List<String> contradicted,
    int repeated,
    Map<String, Integer> unused,
    List<String> passedOver,
    String frames,
    List<String> incomplete) {

  /** Lines of each kind that are told; the files have all. */
  private static final int TOLD = 10;

  /** Labels that are shown one by one. */
  private static final int SHOWN_LABELS = 40;

  /** More than this between the largest and the smallest label is pointed out. */
  private static final double UNBALANCED = 2;

  /**
   * A video that cannot be used.
   *
   * @param path relative to the list, if it is there
   * @param reason from the decoder, one line
   */
  public record Rejected(String path, String split, String reason) {}

  /**
   * Looks at the splits.
   *
   * @param sets by split
   * @param heldOut further splits that are
   */
  public static DataReport of(
      ClipList list,
      Map<String, ClipSet> sets,
      Collection<String> heldOut,
      ContentDigests digests,
      List<String> labels) {
    Map<String, List<Integer>> clips = new LinkedHashMap<>();
    List<Rejected> rejected = new ArrayList<>();
    int videos = list.missing().size();
    list.missing().forEach(path -> rejected.add(new Rejected(path, "", "there is no such file")));
    for (Map.Entry<String, ClipSet> set : sets.entrySet()) {
      Integer[] counts = new Integer[labels.size()];
      Arrays.fill(counts, 0);
      for (int clip = 0; clip < set.getValue().size(); clip++) {
        counts[set.getValue().classOf(clip)]++;
      }
      clips.put(set.getKey(), List.of(counts));
      for (ClipSet.RejectedVideo video : set.getValue().rejected()) {
        rejected.add(new Rejected(list.name(video.entry()), set.getKey(), video.reason()));
      }
      videos += set.getValue().size() + set.getValue().rejected().size();
    }
    Set<String> splits = new LinkedHashSet<>(sets.keySet());
    splits.addAll(heldOut);
    for (String split : splits) {
      if (!clips.containsKey(split)) { // not decoded before it is evaluated
        List<ClipList.Entry> entries = list.split(split);
        clips.put(
            split,
            labels.stream()
                .map(label -> (int) entries.stream().filter(e -> e.label().equals(label)).count())
                .toList());
      }
    }
    List<String> shared = new ArrayList<>();
    List<String> contradicted = new ArrayList<>();
    int repeated = 0;
    Map<String, ClipList.Entry> first = new TreeMap<>();
    Map<String, ClipList.Entry> firstParts = new TreeMap<>();
    for (String split : splits) {
      for (ClipList.Entry entry : list.split(split)) {
        ClipList.Entry other = first.putIfAbsent(digests.of(entry.path()), entry);
        ClipList.Entry same = firstParts.putIfAbsent(digests.of(entry), entry);
        if (other != null && !other.split().equals(entry.split())) {
          shared.add(pair(list, other, other.split(), entry, entry.split()));
        } else if (same != null && !same.label().equals(entry.label())) {
          contradicted.add(pair(list, same, same.label(), entry, entry.label()));
        } else if (same != null) {
          repeated++;
        }
      }
    }
    Map<String, Integer> unused = new TreeMap<>();
    for (ClipList.Entry entry : list.entries()) {
      if (!splits.contains(entry.split())) {
        unused.merge(entry.split().isEmpty() ? "(none)" : entry.split(), 1, Integer::sum);
      }
    }
    return new DataReport(
        labels,
        clips,
        videos,
        rejected,
        shared,
        contradicted,
        repeated,
        unused,
        list.passedOver(),
        list.framesLine("data.frames-per-second").orElse(""),
        list.incomplete());
  }

  private static String pair(
      ClipList list, ClipList.Entry one, String ofOne, ClipList.Entry other, String ofOther) {
    return "%s (%s) and %s (%s)"
        .formatted(
            Printable.of(list.name(one)),
            Printable.of(ofOne),
            Printable.of(list.name(other)),
            Printable.of(ofOther));
  }

  /**
   * Checks that training on it means something.
   *
   * @param most share of the videos that may be rejected
   * @throws UserError if splits share a content, or more is rejected
   */
  public void require(double most) {
    if (!shared.isEmpty()) {
      throw new UserError(
          "%s the content of another in another split, such as %s; keep each in one"
              .formatted(Count.of(shared.size(), "video", "has", "have"), shared.get(0)));
    }
    requireUsable(most);
  }

  /**
   * Checks that most of it can be used.
   *
   * @param most as in {@link #require}
   * @throws UserError if more is rejected
   */
  public void requireUsable(double most) {
    if (rejected.size() > most * videos) {
      throw new UserError(
          String.format(
              Locale.ROOT,
              "%d of %s cannot be used, more than the share data.max-rejected=%s; the first"
                  + " is %s: %s; data.json names all",
              rejected.size(),
              Count.of(videos, "video"),
              most,
              rejected.get(0).path,
              rejected.get(0).reason));
    }
  }

  /** Largest over smallest label of a split. */
  double imbalance(String split) {
    int largest = clips.get(split).stream().mapToInt(n -> n).max().orElse(0);
    int smallest = clips.get(split).stream().mapToInt(n -> n).min().orElse(0);
    return largest / (double) Math.max(1, smallest);
  }

  /** For people, some lines. */
  public String toText() {
    StringBuilder text = new StringBuilder();
    int width = Math.max(5, labels.stream().mapToInt(String::length).max().orElse(1));
    text.append(String.format(Locale.ROOT, "%-" + width + "s", "label"));
    clips.keySet().forEach(split -> text.append(String.format(Locale.ROOT, " %12s", split)));
    text.append('\n');
    for (int k = 0; k < Math.min(labels.size(), SHOWN_LABELS); k++) {
      row(text, width, labels.get(k), k);
    }
    if (labels.size() > SHOWN_LABELS) {
      text.append("... and ").append(labels.size() - SHOWN_LABELS).append(" more labels\n");
    }
    row(text, width, "all", -1);
    String train = clips.keySet().iterator().next();
    if (imbalance(train) > UNBALANCED) {
      text.append(
          String.format(
              Locale.ROOT,
              "the largest label of %s has %.1f times the clips of the smallest;"
                  + " train.class-weights=balanced lets each count alike%n",
              train,
              imbalance(train)));
    }
    if (!frames.isEmpty()) {
      text.append(frames).append('\n');
    }
    if (!incomplete.isEmpty()) {
      text.append("folders that lack frames: ")
          .append(incomplete.size())
          .append(", data.json says which\n");
    }
    if (!rejected.isEmpty()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%d of %s (%.1f %%) cannot be used, data.json says why%n",
              rejected.size(),
              Count.of(videos, "video"),
              100.0 * rejected.size() / videos));
    }
    tell(text, "the same content: ", shared);
    tell(text, "the same content has two labels: ", contradicted);
    if (repeated > 0) {
      text.append(
          repeated == 1
              ? "1 video has the content of another of its label, and counts once more\n"
              : repeated
                  + " videos have the content of another of their label, and count once more\n");
    }
    unused.forEach(
        (split, count) ->
            text.append(Count.of(count, "video", "is", "are"))
                .append(" in split ")
                .append(Printable.name(split))
                .append(", which this run does not use\n"));
    return text.toString().stripTrailing();
  }

  private static void tell(StringBuilder text, String what, List<String> pairs) {
    pairs.stream().limit(TOLD).forEach(pair -> text.append(what).append(pair).append('\n'));
    if (pairs.size() > TOLD) {
      text.append(what).append(pairs.size() - TOLD).append(" more pairs, data.json has all\n");
    }
  }

  private void row(StringBuilder text, int width, String name, int label) {
    text.append(String.format(Locale.ROOT, "%-" + width + "s", name));
    clips
        .values()
        .forEach(
            counts -> {
              int count = label < 0 ? counts.stream().mapToInt(n -> n).sum() : counts.get(label);
              text.append(String.format(Locale.ROOT, " %12d", count));
            });
    text.append('\n');
  }

  /** As it is written to JSON. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("videos", videos);
    Map<String, Object> counts = new LinkedHashMap<>();
    clips.forEach(
        (split, each) -> {
          Map<String, Integer> byLabel = new LinkedHashMap<>();
          for (int k = 0; k < labels.size(); k++) {
            byLabel.put(labels.get(k), each.get(k));
          }
          counts.put(split, byLabel);
        });
    map.put("clips", counts);
    map.put("sharedContent", shared);
    map.put("contradictedLabels", contradicted);
    map.put("repeatedContent", repeated);
    map.put("unusedSplits", unused);
    map.put("passedOver", passedOver);
    map.put("frames", frames);
    map.put("incomplete", incomplete);
    map.put("rejected", rejected);
    return map;
  }
}
