package io.clipstream.trainer.data;

import io.clipstream.model.FileProblem;
import io.clipstream.model.Nearest;
import io.clipstream.model.TextFile;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.TimeRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads a {@link ClipList} from its file. */
final class ListReader {
  private static final String FIELDS =
      "path,label[,split][,source][,start,end][,start_frame,end_frame]";
  private static final List<String> COLUMNS =
      List.of("path", "label", "split", "source", "start", "end", "start_frame", "end_frame");

  /** Begin a line of columns, or are both in it. */
  private static final List<String> HEADS = List.of("path", "label");

  private ListReader() {}

  /**
   * Reads a list of ours or a {@link ForeignList}, and checks that its videos exist.
   *
   * @throws UserError if the list is wrong, naming file and line
   */
  static ClipList read(Path file, ListOptions options) throws IOException {
    List<String> lines = TextFile.lines(file, "a CSV file of " + FIELDS);
    Path folder = options.prefix().orElse(file.toAbsolutePath().getParent()).toAbsolutePath();
    if (ForeignList.isOne(file, lines, !options.names().isEmpty())) {
      ClipList list = new ForeignList(file, folder, options).read(lines);
      if (list.entries().isEmpty() && list.missing().isEmpty()) {
        throw new UserError(file + " names no video");
      }
      if (list.entries().isEmpty()) {
        throw new UserError(
            "no video that %s names is there, such as %s: %s"
                .formatted(file, list.missing().get(0), absence(Path.of(list.missing().get(0)))));
      }
      return list;
    }
    List<ClipList.Entry> entries = new ArrayList<>();
    boolean begun = false;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      boolean head = !begun && isHeader(file, i + 1, line);
      begun = true;
      if (head) {
        continue;
      }
      ClipList.Entry entry = parse(file, i + 1, line, folder, options.series());
      if (entry.series().isEmpty() && !Files.isRegularFile(entry.path())) {
        throw new UserError(
            "%s:%d: no video at %s: %s%s"
                .formatted(
                    file, i + 1, entry.path(), absence(entry.path()), Nearest.hint(entry.path())));
      }
      entries.add(entry);
    }
    if (entries.isEmpty()) {
      throw new UserError(file + " names no video; expected lines of " + FIELDS);
    }
    return new ClipList(file, entries, List.of(), List.of(), IncompleteFolders.lines(entries));
  }

  private static String absence(Path path) {
    if (Files.isDirectory(path)) { // other lines than PATH INDEX may name one
      return "it is a folder, expected PATH FRAMES INDEX if it has frames";
    }
    return Files.exists(path) ? "it is no file" : FileProblem.missing(path);
  }

  /**
   * Whether the first line that says something names the columns. Those of another order would be
   * read as what they are not.
   */
  private static boolean isHeader(Path file, int number, String line) {
    List<String> fields = fields(line);
    if (fields == null) {
      return false;
    }
    List<String> names = fields.stream().map(field -> field.toLowerCase(Locale.ROOT)).toList();
    if (!HEADS.contains(names.get(0)) && !names.containsAll(HEADS)) {
      return false;
    }
    int count = fields.size();
    if (!isCount(count) || !COLUMNS.subList(0, count).equals(fields)) {
      throw new UserError(
          "%s:%d: the columns are %s, expected %s"
              .formatted(file, number, shortened(line), FIELDS));
    }
    return true;
  }

  private static boolean isCount(int fields) {
    return fields >= 2 && fields <= COLUMNS.size() && fields != 5 && fields != 7;
  }

  private static ClipList.Entry parse(
      Path file, int number, String line, Path folder, FrameSeries series) {
    List<String> fields = fields(line);
    if (fields == null) {
      throw new UserError(
          "%s:%d: a quote is not closed, or not at the end of its field: %s"
              .formatted(file, number, shortened(line)));
    }
    if (!isCount(fields.size())) {
      throw new UserError(
          "%s:%d: %d fields, expected %s: %s"
              .formatted(file, number, fields.size(), FIELDS, shortened(line)));
    }
    if (fields.get(0).isEmpty() || fields.get(1).isEmpty()) {
      throw new UserError(
          "%s:%d: the %s is empty, expected %s"
              .formatted(file, number, fields.get(0).isEmpty() ? "path" : "label", FIELDS));
    }
    Path path = path(file, number, folder, fields.get(0));
    Optional<TimeRange> range =
        fields.size() > 5 ? range(file, number, fields.get(4), fields.get(5)) : Optional.empty();
    Optional<FrameSpan> frames =
        fields.size() > 7 ? frames(file, number, fields.get(6), fields.get(7)) : Optional.empty();
    if (range.isPresent() && frames.isPresent()) {
      throw new UserError(
          "%s:%d: a range in seconds and one in frames, expected one of them"
              .formatted(file, number));
    }
    return new ClipList.Entry(
        path,
        fields.get(1),
        fields.size() > 2 ? fields.get(2) : ClipList.NO_SPLIT,
        fields.size() > 3 ? fields.get(3) : "",
        number,
        range,
        frames,
        Files.isDirectory(path) ? Optional.of(series) : Optional.empty());
  }

  private static Optional<FrameSpan> frames(Path file, int number, String start, String end) {
    if (start.isEmpty() && end.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          start.isEmpty()
              ? FrameSpan.of(Integer.parseInt(end))
              : FrameSpan.between(Integer.parseInt(start), Integer.parseInt(end)));
    } catch (IllegalArgumentException e) {
      throw new UserError(
          "%s:%d: the frames are %s to %s, expected numbers from 0 with start < end, or both empty"
              .formatted(file, number, start, end),
          e);
    }
  }

  private static Optional<TimeRange> range(Path file, int number, String start, String end) {
    if (start.isEmpty() && end.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(new TimeRange(Double.parseDouble(start), Double.parseDouble(end)));
    } catch (IllegalArgumentException e) {
      throw new UserError(
          "%s:%d: the range is %s to %s, expected seconds with 0 <= start < end, or both empty"
              .formatted(file, number, start, end),
          e);
    }
  }

  /**
   * The path that a line has.
   *
   * @throws UserError if no file can be called that
   */
  static Path path(Path file, int number, Path folder, String text) {
    try {
      return folder.resolve(text).normalize();
    } catch (InvalidPathException e) {
      throw new UserError(
          "%s:%d: '%s' cannot name a file: %s"
              .formatted(file, number, shortened(text), e.getReason()),
          e);
    }
  }

  /**
   * The fields of a CSV line, or {@code null} if a quote is not closed or something follows it.
   * White space around fields does not count, within quotes it does.
   */
  static List<String> fields(String line) {
    List<String> fields = new ArrayList<>();
    int at = 0;
    while (true) {
      while (at < line.length() && Character.isWhitespace(line.charAt(at))) {
        at++;
      }
      int end;
      if (at < line.length() && line.charAt(at) == '"') {
        int close = closing(line, at + 1);
        end = line.indexOf(',', close < 0 ? 0 : close);
        end = end < 0 ? line.length() : end;
        if (close < 0 || !line.substring(close + 1, end).isBlank()) {
          return null;
        }
        fields.add(line.substring(at + 1, close).replace("\"\"", "\""));
      } else {
        end = line.indexOf(',', at);
        end = end < 0 ? line.length() : end;
        fields.add(line.substring(at, end).strip());
      }
      if (end == line.length()) {
        return fields;
      }
      at = end + 1;
    }
  }

  /** Where the quote that closes a field is: one that no other follows. -1: nowhere. */
  private static int closing(String line, int from) {
    int at = line.indexOf('"', from);
    while (at >= 0 && at + 1 < line.length() && line.charAt(at + 1) == '"') {
      at = line.indexOf('"', at + 2);
    }
    return at;
  }

  private static String shortened(String line) {
    return line.length() <= 80 ? line : line.substring(0, 77) + "...";
  }
}
