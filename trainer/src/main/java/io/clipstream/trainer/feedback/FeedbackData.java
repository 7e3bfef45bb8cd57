package io.clipstream.trainer.feedback;

import io.clipstream.model.Count;
import io.clipstream.model.Printable;
import io.clipstream.model.Progress;
import io.clipstream.model.Sha256;
import io.clipstream.model.UserError;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.model.fetch.UriLabel;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.ContentDigests;
import io.clipstream.trainer.data.SourceSplit;
import io.clipstream.trainer.recipe.FeedbackSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Brings the videos of a snapshot into a folder: {@code videos/}, {@code snapshot.json} and the
 * list {@code videos.csv} to train on.
 *
 * <p>Videos that people labelled are dealt to the splits by source. Those that a model labelled
 * train, since to agree with that model is no merit; of a label that no person ever gave, or too
 * few for a split, some are held out nevertheless, so that forgetting it shows. A label with too
 * few sources of either is left out.
 */
public final class FeedbackData {
  private static final int THREADS = 2;

  /** Unreachable videos that are told one by one; the snapshot has all. */
  private static final int TOLD = 10;

  private static final Pattern SUFFIX = Pattern.compile("(\\.[A-Za-z0-9]{1,5})(?:[?#].*)?$");

  private final FeedbackSettings settings;
  private final Path folder;
  private final Progress progress;
  private final Set<String> told = new HashSet<>();

  /**
   * @param folder made if need be
   */
  public FeedbackData(FeedbackSettings settings, Path folder, Progress progress) {
    this.settings = settings;
    this.folder = folder;
    this.progress = progress;
  }

  /** The snapshot that the folder holds, if it has one. */
  public Optional<FeedbackSnapshot> existing() throws IOException {
    Path file = folder.resolve("snapshot.json");
    return Files.exists(file) && Files.exists(list())
        ? Optional.of(FeedbackSnapshot.read(file))
        : Optional.empty();
  }

  /** The list to train on. */
  public Path list() {
    return folder.resolve("videos.csv");
  }

  /**
   * Fetches the videos and writes the list and the snapshot.
   *
   * @param wanted items whose digests, where they have one, the files must have
   * @return the snapshot with the digests of all
   * @throws UserError if there is nothing, or too much of it is out of reach
   */
  public FeedbackSnapshot fetch(FeedbackSnapshot wanted, FileFetcher fetcher)
      throws IOException, InterruptedException {
    if (wanted.items().isEmpty() && settings.base().isEmpty()) {
      throw new UserError(
          "the range of the feedback and labels holds nothing to train on: say what videos show with"
              + " ./clipstream correct, or lower feedback.pseudo-score");
    }
    Path videos = Files.createDirectories(folder.resolve("videos"));
    List<FeedbackItem> items = new ArrayList<>();
    List<FeedbackSnapshot.Unreachable> rejected = new ArrayList<>();
    progress.start("fetching", wanted.items().size());
    for (FeedbackItem item : wanted.items()) {
      FetchResult result = fetcher.fetch(item.uri(), Optional.ofNullable(item.sha256()));
      if (result instanceof FetchResult.Rejected refused) {
        String reason = refused.reason() + ": " + refused.detail();
        rejected.add(new FeedbackSnapshot.Unreachable(item, reason));
      } else {
        try (LocalFile file = ((FetchResult.Fetched) result).file()) {
          String digest = Sha256.of(file.path());
          Path video = video(item.with(digest));
          if (!Files.exists(video)) {
            Path part = videos.resolve(digest + ".part");
            Files.copy(file.path(), part, StandardCopyOption.REPLACE_EXISTING);
            Files.move(part, video, StandardCopyOption.ATOMIC_MOVE);
          }
          items.add(item.with(digest));
        }
      }
      progress.step();
    }
    progress.end();
    FeedbackSnapshot snapshot = new FeedbackSnapshot(wanted.offsets(), items, rejected);
    check(snapshot);
    deal(snapshot, Map.of());
    snapshot.write(folder.resolve("snapshot.json"));
    return snapshot;
  }

  /**
   * Deals the videos that are there to the splits and writes the list.
   *
   * @param broken why some of them are not to count, as in {@link SourceSplit#of}
   */
  public void deal(FeedbackSnapshot snapshot, Map<String, String> broken)
      throws IOException, InterruptedException {
    List<ClipList.Entry> people = new ArrayList<>();
    List<ClipList.Entry> models = new ArrayList<>();
    for (FeedbackItem item : snapshot.items()) {
      (item.person() ? people : models)
          .add(
              new ClipList.Entry(
                  video(item), item.label(), ClipList.NO_SPLIT, item.uri(), 0, item.range()));
    }
    new ClipList(list(), dealt(people, models, broken)).write();
  }

  private Path video(FeedbackItem item) {
    return folder.resolve("videos").resolve(item.sha256() + suffix(item.uri()));
  }

  private void check(FeedbackSnapshot snapshot) {
    List<FeedbackSnapshot.Unreachable> rejected = snapshot.rejected();
    rejected.stream()
        .limit(TOLD)
        .forEach(
            one ->
                progress.note("left out " + UriLabel.of(one.item().uri()) + ": " + one.reason()));
    int all = snapshot.items().size() + rejected.size();
    if (rejected.size() > settings.maxRejected() * all) {
      throw new UserError(
          "%d of %s cannot be fetched, more than the share data.max-rejected=%s; the first is %s: %s"
              .formatted(
                  rejected.size(),
                  Count.of(all, "video"),
                  settings.maxRejected(),
                  UriLabel.of(rejected.get(0).item().uri()),
                  rejected.get(0).reason()));
    }
  }

  /** Every video in its split. */
  private List<ClipList.Entry> dealt(
      List<ClipList.Entry> people, List<ClipList.Entry> models, Map<String, String> broken)
      throws IOException, InterruptedException {
    SourceSplit split = settings.split();
    List<ClipList.Entry> base = new ArrayList<>();
    if (settings.base().isPresent()) {
      ClipList own = settings.options().open(settings.base().get());
      own.passedOverLine().ifPresent(this::note);
      requireThere(own);
      base.addAll(own.entries());
    }
    List<ClipList.Entry> all = new ArrayList<>(base);
    all.addAll(people);
    all.addAll(models);
    ContentDigests digests =
        ContentDigests.of(all, folder.resolve("digests.tsv"), THREADS, progress);
    Set<String> held = labels(base);
    correct(base, people, digests);
    correct(models, people, digests);
    List<ClipList.Entry> dealt = new ArrayList<>();
    List<ClipList.Entry> free = new ArrayList<>(people);
    if (new ClipList(list(), base).unsplit()) {
      free.addAll(0, base);
    } else {
      dealt.addAll(base);
    }
    int listed = dealt.size();
    Set<String> own = new HashSet<>();
    dealt.forEach(entry -> own.addAll(belonging(entry, digests)));
    free.removeIf(
        entry -> belonging(entry, digests).stream().anyMatch(own::contains) && dealt.add(entry));
    // What people said too little of to be split alone trains beside the base, or is split with
    // what models said.
    Set<String> few = split.tooFew(new ClipList(list(), free), digests, broken);
    if (dealt.isEmpty()) {
      few.removeAll(held);
    }
    List<ClipList.Entry> rare = take(free, few);
    take(rare, held).forEach(entry -> dealt.add(entry.in(split.train())));
    dealt.addAll(split.of(new ClipList(list(), free), digests, broken).entries());
    Set<String> known = labels(dealt);
    List<ClipList.Entry> unknown = new ArrayList<>(rare);
    for (ClipList.Entry entry : models) {
      if (known.contains(entry.label())) {
        dealt.add(entry.in(split.train()));
      } else {
        unknown.add(entry);
      }
    }
    LeftOut leftOut = new LeftOut(digests, broken);
    leftOut.tell(
        take(unknown, split.tooFew(new ClipList(list(), unknown), digests, broken)),
        "its videos%s are of fewer than "
            + (split.heldOut().size() + 1)
            + " sources, one for each split");
    dealt.addAll(split.of(new ClipList(list(), unknown), digests, broken).entries());
    List<ClipList.Entry> placed = inOneSplit(dealt, listed, digests);
    for (String each : split.all()) { // a new label may have but videos that the list has elsewhere
      leftOut.tell(
          take(placed, leftOut.lacking(placed, each, held)),
          "none of its videos%s is in split " + each.replace("%", "%%"));
    }
    if (placed.isEmpty()) {
      throw new UserError(
          "no label has enough sources%s for each split: say what more videos show"
              .formatted(broken.isEmpty() ? "" : " that decode"));
    }
    if (!unknown.isEmpty()) {
      note(
          "no person, or too few, gave the labels %s: what is held out of them says little but whether the model still agrees with the one that gave them"
              .formatted(String.join(", ", labels(unknown))));
    }
    return placed;
  }

  /** As of what a run without feedback is told. */
  private void requireThere(ClipList own) {
    List<String> missing = own.missing();
    int all = missing.size() + own.entries().size();
    if (missing.size() > settings.maxRejected() * all) {
      throw new UserError(
          "%d of %s are not there, more than the share data.max-rejected=%s of %s; the first is %s"
              .formatted(
                  missing.size(),
                  Count.of(all, "video"),
                  settings.maxRejected(),
                  own.file(),
                  Printable.of(missing.get(0))));
    }
    if (!missing.isEmpty()) {
      note(
          "of those that %s names %s not there, such as %s"
              .formatted(
                  own.file(), Count.of(missing.size(), "video", "is", "are"), missing.get(0)));
    }
  }

  /** Says it, but not again when the videos are dealt again. */
  private void note(String line) {
    if (told.add(line)) {
      progress.note(line);
    }
  }

  /** What a person says of a content, or of a part of it, is true of it in the list as well. */
  private void correct(
      List<ClipList.Entry> entries, List<ClipList.Entry> people, ContentDigests digests) {
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
      note(
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

  /** A label that was misspelt once, or of which there is only one video yet, stops no training. */
  private final class LeftOut {
    private final ContentDigests digests;
    private final Map<String, String> broken;

    LeftOut(ContentDigests digests, Map<String, String> broken) {
      this.digests = digests;
      this.broken = broken;
    }

    /**
     * Says it of each label, and which of its videos do not decode.
     *
     * @param why with a place for which videos it is true of
     */
    void tell(List<ClipList.Entry> entries, String why) {
      for (String label : labels(entries)) {
        List<ClipList.Entry> own =
            entries.stream().filter(entry -> entry.label().equals(label)).toList();
        List<ClipList.Entry> lost = own.stream().filter(this::isBroken).toList();
        note(
            "left out the label %s: %s; the first is %s"
                .formatted(
                    Printable.name(label),
                    why.formatted(lost.isEmpty() ? "" : " that decode"),
                    name(own.get(0))));
        lost.stream()
            .limit(TOLD)
            .forEach(
                entry -> note("left out " + name(entry) + ": " + broken.get(digests.of(entry))));
      }
    }

    /** Labels that the list itself does not have, and that have nothing in a split. */
    Set<String> lacking(List<ClipList.Entry> entries, String split, Set<String> held) {
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

    private static String name(ClipList.Entry entry) {
      return entry.source().isEmpty()
          ? Printable.of(entry.path().toString()) + entry.part()
          : UriLabel.of(entry.source()) + entry.part();
    }
  }

  /**
   * A content that is in several splits goes where it was first: the list's, then people's; and so
   * does a source, but that a list has in several is for its owner to mend.
   *
   * @param own so many of the first are of a list with splits
   */
  private static List<ClipList.Entry> inOneSplit(
      List<ClipList.Entry> entries, int own, ContentDigests digests) {
    Map<String, String> splits = new HashMap<>();
    List<ClipList.Entry> placed = new ArrayList<>();
    for (ClipList.Entry entry : entries) {
      List<String> keys = belonging(entry, digests);
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
  private static List<String> belonging(ClipList.Entry entry, ContentDigests digests) {
    String content = "content " + digests.of(entry.path());
    return entry.source().isEmpty()
        ? List.of(content)
        : List.of(content, "source " + entry.source());
  }

  /** What the address ends with, since a few formats are known by it alone. */
  private static String suffix(String uri) {
    Matcher end = SUFFIX.matcher(uri);
    return end.find() ? end.group(1) : "";
  }
}
