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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A data set that is a folder for each label: {@code DIR/LABEL/…/video.mp4}. Hidden files are
 * passed over, and so are, but not unsaid, files whose names end as those of no videos and videos
 * that lie beside the folders. Links are followed.
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

  private final Path folder;
  private final Pattern source;
  private final List<ClipList.Entry> entries = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();
  private final List<String> passedOver = new ArrayList<>();

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
    List<Path> empty = new ArrayList<>();
    for (Path label : sorted(folder)) {
      if (Files.isDirectory(label)) {
        int before = entries.size() + missing.size();
        add(label, label, List.of(folder.toRealPath()));
        if (entries.size() + missing.size() == before) {
          empty.add(label);
        }
      } else if (VideoDecoder.isVideoName(label)) {
        passedOver.add(label.toString());
      }
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

  /**
   * Adds what is in a folder and those below it.
   *
   * @param above where the folders that it lies in really are
   */
  private void add(Path label, Path in, List<Path> above) throws IOException {
    Path real = in.toRealPath();
    if (above.contains(real)) {
      throw new UserError(in + ": its links lead in a circle, back to " + real);
    }
    List<Path> here = new ArrayList<>(above);
    here.add(real);
    for (Path file : sorted(in)) {
      if (Files.isDirectory(file)) {
        add(label, file, here);
      } else if (!isVideoName(file)) {
        passedOver.add(file.toString());
      } else if (Files.isRegularFile(file)) {
        String name = label.getFileName().toString();
        entries.add(
            new ClipList.Entry(
                file, name, ClipList.NO_SPLIT, source(label.relativize(file), name, source), 0));
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
  private static String source(Path file, String label, Pattern source) {
    String path = file.toString();
    if (source != null) {
      Matcher own = source.matcher(path);
      return own.find() && own.group(1) != null ? own.group(1) : label + "/" + path;
    }
    if (file.getNameCount() > 1) {
      return file.getName(0).toString();
    }
    int dot = path.lastIndexOf('.');
    Matcher piece = PIECE.matcher(dot > 0 ? path.substring(0, dot) : path);
    return piece.matches() ? piece.group(1) : label + "/" + path;
  }
}
