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
import io.clipstream.trainer.data.PieceName;
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
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings the videos of a snapshot into a folder: {@code videos/}, {@code snapshot.json} and the
 * list {@code videos.csv} to train on. Pieces of one source are told by the names in their
 * addresses ({@link PieceName}); any other address is a source.
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
    Map<Path, String> addresses = new HashMap<>();
    for (FeedbackItem item : snapshot.items()) {
      addresses.put(video(item), item.uri());
      (item.person() ? people : models)
          .add(
              new ClipList.Entry(
                  video(item),
                  item.label(),
                  ClipList.NO_SPLIT,
                  source(item.uri()),
                  0,
                  item.range()));
    }
    List<ClipList.Entry> base = base();
    List<ClipList.Entry> all = new ArrayList<>(base);
    all.addAll(people);
    all.addAll(models);
    ContentDigests digests =
        ContentDigests.of(all, folder.resolve("digests.tsv"), THREADS, progress);
    FeedbackDeal deal =
        new FeedbackDeal(settings.split(), list(), digests, broken, addresses, this::note);
    new ClipList(list(), deal.of(base, people, models)).write();
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

  /** The list beside which it is. */
  private List<ClipList.Entry> base() throws IOException {
    if (settings.base().isEmpty()) {
      return List.of();
    }
    ClipList own = settings.options().open(settings.base().get());
    own.passedOverLine().ifPresent(this::note);
    requireThere(own);
    return own.entries();
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

  /** The address without the mark of a piece at its end, or all of it. */
  private static String source(String uri) {
    String address = uri.replaceFirst("[?#].*", "");
    int name = address.lastIndexOf('/') + 1;
    return PieceName.source(address.substring(name))
        .map(source -> address.substring(0, name) + source)
        .orElse(uri);
  }

  /** What the address ends with, since a few formats are known by it alone. */
  private static String suffix(String uri) {
    Matcher end = SUFFIX.matcher(uri);
    return end.find() ? end.group(1) : "";
  }
}
