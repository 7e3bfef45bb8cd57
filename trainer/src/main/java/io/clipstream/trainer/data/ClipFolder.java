package io.clipstream.trainer.data;

import io.clipstream.model.Nearest;
import io.clipstream.model.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A data set that is a folder for each label: {@code DIR/LABEL/…/video.mp4}. Hidden files are
 * passed over, and so are files that lie beside the folders.
 *
 * <p>Pieces of one source are told by their names, under whatever label they are: a folder below
 * the label's ({@code DIR/LABEL/SOURCE/…}), or a file's name without the mark of a piece at its
 * end: Kinetics' {@code NAME_000010_000020}, or {@code NAME-clip3}, {@code NAME_part02}, {@code
 * NAME_c04} and the like.
 */
public final class ClipFolder {
  private static final Pattern PIECE =
      Pattern.compile(
          "(.+?)(?:_\\d{6}_\\d{6}|[-_. ](?:c|clip|part|piece|scene|seg|segment|shot)[-_. ]?\\d+)");

  private ClipFolder() {}

  /**
   * Reads the folder; entries are in the order of their names.
   *
   * @param source pattern of a path relative to the label's folder whose first group is the source;
   *     {@code null}: by the names as above
   * @throws UserError if it is no folder, or holds no folder with a file
   */
  public static ClipList read(Path folder, Pattern source) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new UserError(
          "no folder " + folder + ", expected one folder for each label" + Nearest.hint(folder));
    }
    List<ClipList.Entry> entries = new ArrayList<>();
    for (Path label : sorted(folder)) {
      if (Files.isDirectory(label)) {
        add(label, label, source, entries);
      }
    }
    if (entries.isEmpty()) {
      throw new UserError(
          folder + " holds no folder with videos, expected one for each label: LABEL/video.mp4");
    }
    return new ClipList(folder, entries);
  }

  private static void add(Path label, Path folder, Pattern source, List<ClipList.Entry> entries)
      throws IOException {
    for (Path file : sorted(folder)) {
      if (Files.isDirectory(file)) {
        add(label, file, source, entries);
      } else if (Files.isRegularFile(file)) {
        String name = label.getFileName().toString();
        entries.add(
            new ClipList.Entry(
                file, name, ClipList.NO_SPLIT, source(label.relativize(file), name, source), 0));
      }
    }
  }

  private static List<Path> sorted(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> !file.getFileName().toString().startsWith(".")).sorted().toList();
    }
  }

  /** Files that are a source each are the label's own; what has pieces may have some elsewhere. */
  private static String source(Path file, String label, Pattern source) {
    String path = file.toString();
    if (source != null) {
      Matcher own = source.matcher(path);
      return own.find() ? own.group(1) : label + "/" + path;
    }
    if (file.getNameCount() > 1) {
      return file.getName(0).toString();
    }
    int dot = path.lastIndexOf('.');
    Matcher piece = PIECE.matcher(dot > 0 ? path.substring(0, dot) : path);
    return piece.matches() ? piece.group(1) : label + "/" + path;
  }
}
