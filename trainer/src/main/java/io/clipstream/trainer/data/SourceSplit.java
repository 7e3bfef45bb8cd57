package io.clipstream.trainer.data;

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
    List<Group> groups = groups(list.entries(), digests);
    groups.sort(Comparator.comparing(group -> group.key));
    Map<String, List<Group>> byLabel = byLabel(list, groups);
    // Rare labels choose first, since a source may show several.
    byLabel.entrySet().stream()
        .sorted(Comparator.comparingInt(label -> label.getValue().size()))
        .forEach(label -> deal(list, label.getKey(), label.getValue()));
    List<ClipList.Entry> entries = new ArrayList<>(list.entries());
    for (Group group : groups) {
      for (int video : group.videos) {
        entries.set(video, entries.get(video).in(group.split == null ? train : group.split));
      }
    }
    return list.with(entries);
  }

  /** Labels that have too few sources to be in each split, for which {@link #of} would throw. */
  public Set<String> tooFew(ClipList list, ContentDigests digests) {
    Set<String> labels = new TreeSet<>();
    byLabel(list, groups(list.entries(), digests))
        .forEach(
            (label, groups) -> {
              if (groups.size() <= heldOut.size()) {
                labels.add(label);
              }
            });
    return labels;
  }

  private static Map<String, List<Group>> byLabel(ClipList list, List<Group> groups) {
    Map<String, List<Group>> byLabel = new TreeMap<>();
    for (Group group : groups) {
      for (int video : group.videos) {
        List<Group> own =
            byLabel.computeIfAbsent(list.entries().get(video).label(), l -> new ArrayList<>());
        if (own.isEmpty() || own.get(own.size() - 1) != group) {
          own.add(group);
        }
      }
    }
    return byLabel;
  }

  private void deal(ClipList list, String label, List<Group> groups) {
    if (groups.size() <= heldOut.size()) {
      throw new UserError(
          "label %s has %d sources (%s), expected at least %d, one for each split; add videos of it"
              .formatted(
                  label,
                  groups.size(),
                  groups.stream()
                      .map(group -> list.name(list.entries().get(group.videos.get(0))))
                      .limit(3)
                      .collect(Collectors.joining(", ")),
                  heldOut.size() + 1));
    }
    int all = groups.stream().mapToInt(group -> count(list, label, group)).sum();
    for (Map.Entry<String, Double> split : heldOut.entrySet()) {
      int wanted = Math.max(1, (int) Math.round(all * split.getValue()));
      int held =
          groups.stream()
              .filter(group -> split.getKey().equals(group.split))
              .mapToInt(group -> count(list, label, group))
              .sum();
      for (Group group : groups) {
        long free = groups.stream().filter(other -> other.split == null).count();
        if (held >= wanted || (held > 0 && free == 1)) {
          break;
        }
        if (group.split == null) {
          group.split = split.getKey();
          held += count(list, label, group);
        }
      }
    }
  }

  private static int count(ClipList list, String label, Group group) {
    return (int)
        group.videos.stream().filter(v -> list.entries().get(v).label().equals(label)).count();
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
