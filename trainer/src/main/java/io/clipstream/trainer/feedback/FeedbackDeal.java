package io.clipstream.trainer.feedback;

import io.clipstream.model.Count;
import io.clipstream.model.Printable;
import io.clipstream.model.UserError;
import io.clipstream.model.fetch.UriLabel;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.ContentDigests;
import io.clipstream.trainer.data.SourceSplit;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Deals the videos of feedback to the splits, beside a list. Videos that people labelled are dealt
 * by source. Those that a model labelled train, since to agree with that model is no merit; of a
 * label that no person ever gave, or too few for a split, some are held out nevertheless, so that
 * forgetting it shows. A label with too few sources of either is left out.
 *
 * @param list file that the result is for
 * @param digests of all videos
 * @param broken why some of them are not to count, as in {@link SourceSplit#of}
 * @param addresses of those that were fetched
 * @param note takes what there is to say
 */
record FeedbackDeal(
    SourceSplit split,
    Path list,
    ContentDigests digests,
    Map<String, String> broken,
    Map<Path, String> addresses,
    Consumer<String> note) {

  /** Videos that are told one by one. */
  private static final int TOLD = 10;

  /**
   * Deals.
   *
   * @param listed videos of the list beside which it is; its splits stay where it has some
   * @param said videos that people labelled
   * @param guessed those that a model labelled
   * @return every video in its split
   * @throws UserError if no label has enough sources
   */
  List<ClipList.Entry> of(
      List<ClipList.Entry> listed, List<ClipList.Entry> said, List<ClipList.Entry> guessed) {
    List<ClipList.Entry> base = new ArrayList<>(listed);
    List<ClipList.Entry> people = List.copyOf(said);
    List<ClipList.Entry> models = new ArrayList<>(guessed);
    Set<String> held = labels(base);
    correct(base, people);
    correct(models, people);
    List<ClipList.Entry> dealt = new ArrayList<>();
    List<ClipList.Entry> free = new ArrayList<>(people);
    if (new ClipList(list, base).unsplit()) {
      free.addAll(0, base);
    } else {
      dealt.addAll(base);
    }
    int ofList = dealt.size();
    Set<String> own = new HashSet<>();
    dealt.forEach(entry -> own.addAll(belonging(entry)));
    free.removeIf(entry -> belonging(entry).stream().anyMatch(own::contains) && dealt.add(entry));
    // What people said too little of to be split alone trains beside the base, or is split with
    // what models said.
    Set<String> few = split.tooFew(new ClipList(list, free), digests, broken);
    if (dealt.isEmpty()) {
      few.removeAll(held);
    }
    List<ClipList.Entry> rare = take(free, few);
    take(rare, held).forEach(entry -> dealt.add(entry.in(split.train())));
    dealt.addAll(split.of(new ClipList(list, free), digests, broken).entries());
    Set<String> known = labels(dealt);
    List<ClipList.Entry> unknown = new ArrayList<>(rare);
    for (ClipList.Entry entry : models) {
      if (known.contains(entry.label())) {
        dealt.add(entry.in(split.train()));
      } else {
        unknown.add(entry);
      }
    }
    tellLeftOut(
        take(unknown, split.tooFew(new ClipList(list, unknown), digests, broken)),
        "its videos%s are of fewer than "
            + (split.heldOut().size() + 1)
            + " sources, one for each split");
    dealt.addAll(split.of(new ClipList(list, unknown), digests, broken).entries());
    List<ClipList.Entry> placed = inOneSplit(dealt, ofList);
    for (String each : split.all()) { // a new label may have but videos that the list has elsewhere
      tellLeftOut(
          take(placed, lacking(placed, each, held)),
          "none of its videos%s is in split " + each.replace("%", "%%"));
    }
    if (placed.isEmpty()) {
      throw new UserError(
          "no label has enough sources%s for each split: say what more videos show"
              .formatted(broken.isEmpty() ? "" : " that decode"));
    }
    if (!unknown.isEmpty()) {
      note.accept(
          "no person, or too few, gave the labels %s: what is held out of them says little but whether the model still agrees with the one that gave them"
              .formatted(String.join(", ", labels(unknown))));
    }
    return placed;
  }

  /** What a person says of a content, or of a part of it, is true of it in the list as well. */
  private void correct(List<ClipList.Entry> entries, List<ClipList.Entry> people) {
    Map<String, String> said = new HashMap<>();
    people.forEach(entry -> said.put(digests.of(entry), entry.label()));
    List<ClipList.Entry> corrected = new ArrayList<>();
    entries.replaceAll(
        entry -> {
          String label = said.getOrDefault(digests.of(entry), entry.label());
          if (label.equals(entry.label())) {
            return entry;
          }
          corrected.add(entry.as(label));
          return corrected.get(corrected.size() - 1);
        });
    if (!corrected.isEmpty()) {
      note.accept(
          "%s another label by people's corrections, such as %s, which is %s"
              .formatted(
                  Count.of(corrected.size(), "video", "has", "have"),
                  Printable.of(corrected.get(0).path().toString()),
                  Printable.name(corrected.get(0).label())));
    }
  }

  private static Set<String> labels(List<ClipList.Entry> entries) {
    return entries.stream()
        .map(ClipList.Entry::label)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Takes the entries with these labels out of the others. */
  private static List<ClipList.Entry> take(List<ClipList.Entry> from, Set<String> labels) {
    List<ClipList.Entry> taken = new ArrayList<>();
    from.removeIf(entry -> labels.contains(entry.label()) && taken.add(entry));
    return taken;
  }

  /**
   * Says of each label that it is left out, and which of its videos do not decode. One that was
   * misspelt once, or of which there is only one video yet, stops no training.
   *
   * @param why with a place for which videos it is true of
   */
  private void tellLeftOut(List<ClipList.Entry> entries, String why) {
    for (String label : labels(entries)) {
      List<ClipList.Entry> own =
          entries.stream().filter(entry -> entry.label().equals(label)).toList();
      List<ClipList.Entry> lost = own.stream().filter(this::isBroken).toList();
      note.accept(
          "left out the label %s: %s; the first is %s"
              .formatted(
                  Printable.name(label),
                  why.formatted(lost.isEmpty() ? "" : " that decode"),
                  name(own.get(0))));
      lost.stream()
          .limit(TOLD)
          .forEach(
              entry ->
                  note.accept("left out " + name(entry) + ": " + broken.get(digests.of(entry))));
    }
  }

  /** Labels that the list itself does not have, and that have nothing in a split. */
  private Set<String> lacking(List<ClipList.Entry> entries, String split, Set<String> held) {
    Set<String> lacking = labels(entries);
    lacking.removeAll(held);
    entries.stream()
        .filter(entry -> entry.split().equals(split) && !isBroken(entry))
        .forEach(entry -> lacking.remove(entry.label()));
    return lacking;
  }

  private boolean isBroken(ClipList.Entry entry) {
    return broken.containsKey(digests.of(entry));
  }

  private String name(ClipList.Entry entry) {
    String address = addresses.getOrDefault(entry.path(), entry.source());
    return (address.isEmpty() ? Printable.of(entry.path().toString()) : UriLabel.of(address))
        + entry.part();
  }

  /**
   * A content that is in several splits goes where it was first: the list's, then people's; and so
   * does a source, but that a list has in several is for its owner to mend.
   *
   * @param own so many of the first are of a list with splits
   */
  private List<ClipList.Entry> inOneSplit(List<ClipList.Entry> entries, int own) {
    Map<String, String> splits = new HashMap<>();
    List<ClipList.Entry> placed = new ArrayList<>();
    for (ClipList.Entry entry : entries) {
      List<String> keys = belonging(entry);
      String split =
          keys.subList(0, placed.size() < own ? 1 : keys.size()).stream()
              .map(splits::get)
              .filter(Objects::nonNull)
              .findFirst()
              .orElse(entry.split());
      keys.forEach(key -> splits.putIfAbsent(key, split));
      placed.add(entry.in(split));
    }
    return placed;
  }

  /** What must be in one split, its content first. */
  private List<String> belonging(ClipList.Entry entry) {
    String content = "content " + digests.of(entry.path());
    return entry.source().isEmpty()
        ? List.of(content)
        : List.of(content, "source " + entry.source());
  }
}
