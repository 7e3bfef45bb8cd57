package io.clipstream.trainer.data;

import io.clipstream.model.Count;
import io.clipstream.model.Sha256;
import io.clipstream.model.UserError;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Deals a list's videos to splits so that a source is in one split alone, and so is a content,
 * whatever its files are called. Of each label about the wanted share of the videos is held out, at
 * least one source. Which sources those are depends on their names and the seed alone: neither the
 * order of the list nor, mostly, what is added to it later moves a source.
 *
 * @param heldOut names of the splits that are held out with their shares of the videos, in the
 *     order in which they choose
 * @param train name of the split that gets the rest
 */
public record SourceSplit(Map<String, Double> heldOut, String train, long seed) {

  /** Videos that a message names at most. */
  private static final int TOLD = 3;

  /** Names of the splits, the one that trains last. */
  public List<String> all() {
    return Stream.concat(heldOut.keySet().stream(), Stream.of(train)).toList();
  }

  /** Videos that must stay together. */
  private static final class Group {
    final List<Integer> videos = new ArrayList<>();
    String key;
    String split;
  }

  /**
   * Splits.
   *
   * @throws UserError if a label has fewer sources than there are splits
   */
  public ClipList of(ClipList list, ContentDigests digests) {
    return of(list, digests, Map.of());
  }

  /**
   * Splits, as if some videos were not there; those go with others of their source, or to those
   * that train.
   *
   * @param broken why, by what the digests say of an entry
   * @throws UserError if a label has fewer sources than there are splits
   */
  public ClipList of(ClipList list, ContentDigests digests, Map<String, String> broken) {
    List<Group> groups = groups(list.entries(), digests);
    groups.sort(Comparator.comparing(group -> group.key));
    Dealing dealing = new Dealing(list, digests, broken);
    Map<String, List<Group>> byLabel = dealing.byLabel(groups);
    // Rare labels choose first, since a source may show several.
    byLabel.entrySet().stream()
        .sorted(Comparator.comparingInt(label -> label.getValue().size()))
        .forEach(label -> deal(dealing, label.getKey(), label.getValue()));
    List<ClipList.Entry> entries = new ArrayList<>(list.entries());
    for (Group group : groups) {
      for (int video : group.videos) {
        entries.set(video, entries.get(video).in(group.split == null ? train : group.split));
      }
    }
    return list.with(entries);
  }

  /**
   * Labels that have too few sources to be in each split, for which {@link #of} would throw.
   *
   * @param broken as there
   */
  public Set<String> tooFew(ClipList list, ContentDigests digests, Map<String, String> broken) {
    Set<String> labels = new TreeSet<>();
    new Dealing(list, digests, broken)
        .byLabel(groups(list.entries(), digests))
        .forEach(
            (label, groups) -> {
              if (groups.size() <= heldOut.size()) {
                labels.add(label);
              }
            });
    return labels;
  }

  /** The videos that count. */
  private record Dealing(ClipList list, ContentDigests digests, Map<String, String> broken) {
    Map<String, List<Group>> byLabel(List<Group> groups) {
      Map<String, List<Group>> byLabel = new TreeMap<>();
      for (ClipList.Entry entry : list.entries()) {
        byLabel.put(entry.label(), new ArrayList<>());
      }
      for (Group group : groups) {
        for (int video : group.videos) {
          ClipList.Entry entry = list.entries().get(video);
          List<Group> own = byLabel.get(entry.label());
          if (!isBroken(entry) && (own.isEmpty() || own.get(own.size() - 1) != group)) {
            own.add(group);
          }
        }
      }
      return byLabel;
    }

    boolean isBroken(ClipList.Entry entry) {
      return broken.containsKey(digests.of(entry));
    }

    /** Those of a group, in the order of the list. */
    Stream<ClipList.Entry> of(Group group, String label) {
      return group.videos.stream()
          .map(video -> list.entries().get(video))
          .filter(entry -> entry.label().equals(label) && !isBroken(entry));
    }

    int count(List<Group> groups, String label) {
      return (int) groups.stream().flatMap(group -> of(group, label)).count();
    }

    /** What a label lost, as the end of a sentence. */
    String lost(String label) {
      return list.entries().stream()
          .filter(entry -> entry.label().equals(label) && isBroken(entry))
          .limit(TOLD)
          .map(
              entry ->
                  "; %s is left out: %s".formatted(list.name(entry), broken.get(digests.of(entry))))
          .collect(Collectors.joining());
    }
  }

  private void deal(Dealing dealing, String label, List<Group> groups) {
    if (groups.size() <= heldOut.size()) {
      throw new UserError(
          "label %s has %s%s, expected at least %d, one for each split%s; add videos of it"
              .formatted(
                  label,
                  Count.of(groups.size(), "source"),
                  groups.stream()
                      .map(group -> dealing.of(group, label).findFirst().orElseThrow())
                      .map(dealing.list::name)
                      .limit(TOLD)
                      .collect(Collectors.joining(", ", " (", ")"))
                      .replace(" ()", ""),
                  heldOut.size() + 1,
                  dealing.lost(label)));
    }
    int all = dealing.count(groups, label);
    for (Map.Entry<String, Double> split : heldOut.entrySet()) {
      int wanted = Math.max(1, (int) Math.round(all * split.getValue()));
      int held =
          dealing.count(
              groups.stream().filter(group -> split.getKey().equals(group.split)).toList(), label);
      for (Group group : groups) {
        long free = groups.stream().filter(other -> other.split == null).count();
        if (held >= wanted || (held > 0 && free == 1)) {
          break;
        }
        if (group.split == null) {
          group.split = split.getKey();
          held += dealing.count(List.of(group), label);
        }
      }
    }
  }

  /** Joins videos that share a source or a content. */
  private List<Group> groups(List<ClipList.Entry> entries, ContentDigests digests) {
    int[] parent = new int[entries.size()];
    Map<String, Integer> first = new HashMap<>();
    for (int i = 0; i < parent.length; i++) {
      parent[i] = i;
      ClipList.Entry entry = entries.get(i);
      List<String> keys = new ArrayList<>(List.of("content " + digests.of(entry.path())));
      if (!entry.source().isEmpty()) {
        keys.add("source " + entry.source());
      }
      for (String key : keys) {
        Integer other = first.putIfAbsent(key, i);
        if (other != null) {
          parent[root(parent, i)] = root(parent, other);
        }
      }
    }
    Map<Integer, Group> groups = new TreeMap<>();
    for (int i = 0; i < parent.length; i++) {
      Group group = groups.computeIfAbsent(root(parent, i), r -> new Group());
      group.videos.add(i);
      String name =
          entries.get(i).source().isEmpty()
              ? digests.of(entries.get(i).path())
              : entries.get(i).source();
      String key = Sha256.of(seed + "\n" + name);
      group.key = group.key == null || key.compareTo(group.key) < 0 ? key : group.key;
    }
    return new ArrayList<>(groups.values());
  }

  private static int root(int[] parent, int i) {
    int root = i;
    while (parent[root] != root) {
      root = parent[root];
    }
    return root;
  }
}
