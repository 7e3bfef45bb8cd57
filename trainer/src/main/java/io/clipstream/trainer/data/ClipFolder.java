package io.clipstream.trainer.data;

import io.clipstream.model.Nearest;
import io.clipstream.model.Printable;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.VideoDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A data set that is a folder for each label: {@code DIR/LABEL/…/video.mp4}, or one for each split
 * first: {@code DIR/train/LABEL/…} with {@code val} or {@code test}. Hidden files are passed over,
 * and so are, but not unsaid, files whose names end as those of no videos and videos that lie
 * beside the folders. Links are followed.
 *
 * <p>Pieces of one source are told by their names, under whatever label they are: a folder below
 * the label's ({@code DIR/LABEL/SOURCE/…}), or a file's name without the mark of a piece ({@link
 * PieceName}).
 */
public final class ClipFolder {
  /** Names of folders that hold splits, and what the splits are called here. */
  private static final Map<String, String> SPLITS =
      Map.of(
          "train", "train",
          "val", "validation",
          "valid", "validation",
          "validation", "validation",
          "test", "test");

  private final Path folder;
  private final Pattern source;
  private final List<ClipList.Entry> entries = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();
  private final List<String> passedOver = new ArrayList<>();
  private final List<Path> empty = new ArrayList<>();

  private ClipFolder(Path folder, Pattern source) {
    this.folder = folder;
    this.source = source;
  }

  /**
   * Reads the folder; entries are in the order of their names.
   *
   * @param source pattern of a path relative to the label's folder whose first group is the source;
   *     {@code null}: by the names as above
   * @throws UserError if it is no folder, holds no folder with a video, or one without, or links in
   *     it lead in a circle
   */
  public static ClipList read(Path folder, Pattern source) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new UserError(
          "no folder " + folder + ", expected one folder for each label" + Nearest.hint(folder));
    }
    return new ClipFolder(folder, source).read();
  }

  private ClipList read() throws IOException {
    if (holdsSplits()) {
      for (Path split : sorted(folder)) {
        if (Files.isDirectory(split)) {
          addLabels(split, SPLITS.get(split.getFileName().toString()));
        }
      }
    } else {
      addLabels(folder, ClipList.NO_SPLIT);
    }
    if (entries.isEmpty()) {
      throw new UserError(
          "%s holds no folder with videos, expected one for each label: LABEL/video.mp4%s"
              .formatted(
                  folder,
                  passedOver.isEmpty()
                      ? ""
                      : "; %s is no video in one".formatted(Printable.name(passedOver.get(0)))));
    }
    if (!empty.isEmpty()) {
      throw new UserError(
          "%s holds no video, but stands for a label%s; add videos, or take the folder away"
              .formatted(
                  empty.get(0),
                  empty.size() > 1 ? ", and so do " + (empty.size() - 1) + " more" : ""));
    }
    return new ClipList(folder, entries, missing, passedOver);
  }

  /** Whether its folders are train and others of splits, in which there are folders alone. */
  private boolean holdsSplits() throws IOException {
    List<Path> folders = sorted(folder).stream().filter(Files::isDirectory).toList();
    List<String> names = folders.stream().map(path -> path.getFileName().toString()).toList();
    if (names.size() < 2 || !names.contains("train") || !SPLITS.keySet().containsAll(names)) {
      return false;
    }
    for (Path split : folders) {
      if (sorted(split).stream().anyMatch(file -> !Files.isDirectory(file) && isVideoName(file))) {
        return false;
      }
    }
    return true;
  }

  private void addLabels(Path in, String split) throws IOException {
    for (Path label : sorted(in)) {
      if (Files.isDirectory(label)) {
        int before = entries.size() + missing.size();
        add(split, label, label, List.of(folder.toRealPath()));
        if (entries.size() + missing.size() == before) {
          empty.add(label);
        }
      } else if (VideoDecoder.isVideoName(label)) {
        passedOver.add(label.toString());
      }
    }
  }

  /**
   * Adds what is in a folder and those below it.
   *
   * @param above where the folders that it lies in really are
   */
  private void add(String split, Path label, Path in, List<Path> above) throws IOException {
    Path real = in.toRealPath();
    if (above.contains(real)) {
      throw new UserError(in + ": its links lead in a circle, back to " + real);
    }
    List<Path> here = new ArrayList<>(above);
    here.add(real);
    for (Path file : sorted(in)) {
      if (Files.isDirectory(file)) {
        add(split, label, file, here);
      } else if (!isVideoName(file)) {
        passedOver.add(file.toString());
      } else if (Files.isRegularFile(file)) {
        String name = label.getFileName().toString();
        entries.add(new ClipList.Entry(file, name, split, source(label, file), 0));
      } else if (Files.isSymbolicLink(file)) { // to nowhere
        missing.add(file.toString());
      } else {
        passedOver.add(file.toString());
      }
    }
  }

  /** What has no ending at all may be a video. */
  private static boolean isVideoName(Path file) {
    return VideoDecoder.isVideoName(file) || file.getFileName().toString().indexOf('.') < 0;
  }

  private static List<Path> sorted(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> !file.getFileName().toString().startsWith(".")).sorted().toList();
    }
  }

  /** Files that are a source each are the label's own; what has pieces may have some elsewhere. */
  private String source(Path label, Path video) {
    Path file = label.relativize(video);
    String path = file.toString();
    String alone = folder.relativize(video).toString();
    if (source != null) {
      Matcher own = source.matcher(path);
      return own.find() && own.group(1) != null ? own.group(1) : alone;
    }
    if (file.getNameCount() > 1) {
      return file.getName(0).toString();
    }
    return PieceName.source(path).orElse(alone);
  }
}
