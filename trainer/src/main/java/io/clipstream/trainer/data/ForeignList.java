package io.clipstream.trainer.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.clipstream.model.Printable;
import io.clipstream.model.TextFile;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.TimeRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Lists of videos as other tools have them:
 *
 * <ul>
 *   <li>lines of {@code PATH INDEX}, as PaddleVideo and MMAction2 use them, or, of folders of
 *       frames or videos, {@code PATH FRAMES INDEX} and {@code PATH OFFSET FRAMES INDEX}: all lines
 *       have as many numbers as the first. MMAction2 adds OFFSET to the number of the first
 *       picture, which is 1 unless its setting says 0; it and PaddleVideo take the first FRAMES
 *       pictures;
 *   <li>the CSV files of Kinetics, {@code label,youtube_id,time_start,time_end,split}, for files
 *       named {@code ID_000010_000020.mp4} in one folder or in one for each split or label;
 *   <li>a JSON array of objects with {@code path}, {@code label} and, where they matter, {@code
 *       split}, {@code source}, {@code start} and {@code end}, or {@code start_frame} and {@code
 *       end_frame}.
 * </ul>
 *
 * @param prefix folder that paths are relative to
 * @param options with the names of the labels in the order of their indices; empty if none were
 *     given
 */
record ForeignList(Path file, Path prefix, ListOptions options) {
  private static final String KINETICS = "label,youtube_id,time_start,time_end";

  /** What lines of so many numbers are, the path aside. */
  private static final List<String> FORMS =
      List.of("PATH INDEX", "PATH FRAMES INDEX", "PATH OFFSET FRAMES INDEX");

  private static final Pattern INDEXED = Pattern.compile(".*\\S\\s+\\d+\\s*");
  private static final Pattern INDEXED_WITHOUT_COMMA = Pattern.compile("[^,]*\\S\\s+\\d+\\s*");

  /** Of nothing that stands twice or behind the end is only the first seen. */
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * Whether the file is one of these, judged by its name and first line.
   *
   * @param named whether names of labels were given: a path may have a comma then
   */
  static boolean isOne(Path file, List<String> lines, boolean named) {
    Pattern indexed = named ? INDEXED : INDEXED_WITHOUT_COMMA;
    return file.toString().endsWith(".json")
        || lines.stream()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .findFirst()
            .filter(line -> isKinetics(line) || indexed.matcher(line).matches())
            .isPresent();
  }

  /**
   * Reads the names of labels: a line each, with or without the index before it. Empty lines at the
   * end and lines that start with {@code #} are passed over.
   *
   * @throws UserError if there are none, an index is not the line's number, a name is there twice,
   *     or an empty line between others leaves it open which indices follow
   */
  static List<String> names(Path file) throws IOException {
    Map<String, Integer> names = new LinkedHashMap<>();
    List<String> lines = TextFile.lines(file, "the name of a label a line");
    int empty = 0;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() && empty == 0 && !names.isEmpty()) {
        empty = i + 1;
      }
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      if (empty > 0) {
        throw new UserError(
            "%s:%d: an empty line between names, so that it is open which index %s has; take it away"
                .formatted(file, empty, Printable.name(line)));
      }
      String[] parts = line.split("\\s+", 2);
      String name = line;
      if (parts.length == 2 && parts[0].matches("\\d+")) {
        if (!parts[0].matches("0*" + names.size())) {
          throw new UserError(
              "%s: label %s has index %s, expected %d"
                  .formatted(file, parts[1], parts[0], names.size()));
        }
        name = parts[1];
      }
      Integer other = names.putIfAbsent(name, i + 1);
      if (other != null) {
        throw new UserError(
            "%s:%d: the label %s is in line %d too, expected each once"
                .formatted(file, i + 1, Printable.name(name), other));
      }
    }
    if (names.isEmpty()) {
      throw new UserError(file + " names no label, expected the name of a label a line");
    }
    return List.copyOf(names.keySet());
  }

  /** With or without quotes around the columns. */
  private static boolean isKinetics(String line) {
    return line.replace("\"", "").startsWith(KINETICS);
  }

  ClipList read(List<String> lines) throws IOException {
    if (file.toString().endsWith(".json")) {
      return json(String.join("\n", lines));
    }
    List<ClipList.Entry> entries = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    boolean kinetics = lines.stream().anyMatch(ForeignList::isKinetics);
    int form = 0;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.isBlank() || line.startsWith("#") || isKinetics(line)) {
        continue;
      }
      if (!kinetics && form == 0) {
        form = form(line, i + 1);
      }
      ClipList.Entry entry = kinetics ? kinetics(line, i + 1) : indexed(line, i + 1, form);
      if (entry.series().isPresent() || Files.isRegularFile(entry.path())) {
        entries.add(entry);
      } else {
        missing.add(entry.path().toString());
      }
    }
    return new ClipList(file, entries, missing, List.of(), IncompleteFolders.lines(entries));
  }

  /** How many numbers the lines have behind their paths, by the first. */
  private int form(String first, int number) {
    int form = numbers(first);
    if (form > FORMS.size()) {
      throw new UserError(
          "%s:%d: %d numbers are behind the path, expected %s; several labels of a video are not read"
              .formatted(file, number, form, String.join(", ", FORMS)));
    }
    return Math.max(1, form);
  }

  /** Numbers at the end of a line; its first word is the path, or a part of it. */
  private static int numbers(String line) {
    String[] fields = line.strip().split("\\s+", -1);
    int numbers = 0;
    while (numbers < fields.length - 1 && fields[fields.length - 1 - numbers].matches("\\d+")) {
      numbers++;
    }
    return numbers;
  }

  private ClipList.Entry indexed(String line, int number, int form) {
    String expected = FORMS.get(form - 1);
    int numbers = numbers(line);
    if (numbers > form) {
      throw new UserError(
          "%s:%d: %d numbers are behind the path, in the lines before %d; expected %s in all, with one label each"
              .formatted(file, number, numbers, form, expected));
    }
    String[] fields = line.strip().split("\\s+", -1);
    int count = fields.length;
    if (numbers < form || !fields[count - 1].matches("\\d{1,6}")) {
      throw new UserError("%s:%d: expected %s: %s".formatted(file, number, expected, line));
    }
    int index = Integer.parseInt(fields[count - 1]);
    List<String> names = options.names();
    if (names.isEmpty()) {
      throw new UserError(
          file
              + " has indices of labels, expected a file with a name on each line too:"
              + " data.label-names of a recipe, --label-names of eval");
    }
    if (index >= names.size()) {
      throw new UserError(
          "%s:%d: label %d, expected 0 to %d: so many names of labels there are"
              .formatted(file, number, index, names.size() - 1));
    }
    String text = line.strip().replaceFirst("(\\s+\\d+){" + form + "}$", "");
    Path path = ListReader.path(file, number, prefix, text);
    if (form == 1) {
      return new ClipList.Entry(path, names.get(index), ClipList.NO_SPLIT, "", number);
    }
    int frames = frame(fields[count - 2], number);
    return new ClipList.Entry(
        path,
        names.get(index),
        ClipList.NO_SPLIT,
        "",
        number,
        Optional.empty(),
        Optional.of(
            form == 2
                ? FrameSpan.of(frames)
                : FrameSpan.of(frame(fields[count - 3], number), frames)),
        series(path));
  }

  private int frame(String digits, int number) {
    if (!digits.matches("0*\\d{1,9}")) {
      throw new UserError(
          "%s:%d: %s frames, expected at most %d".formatted(file, number, digits, FrameSpan.MOST));
    }
    return Integer.parseInt(digits);
  }

  private Optional<FrameSeries> series(Path path) {
    return Files.isDirectory(path) ? Optional.of(options.series()) : Optional.empty();
  }

  private ClipList.Entry kinetics(String line, int number) {
    List<String> fields = ListReader.fields(line);
    if (fields == null || fields.size() < 5) {
      throw new UserError("%s:%d: expected %s,split: %s".formatted(file, number, KINETICS, line));
    }
    String label = fields.get(0);
    String split = fields.get(4).equals("validate") ? "validation" : fields.get(4);
    String name;
    try {
      name =
          String.format(
              Locale.ROOT,
              "%s_%06d_%06d.mp4",
              fields.get(1),
              (int) Double.parseDouble(fields.get(2)),
              (int) Double.parseDouble(fields.get(3)));
    } catch (NumberFormatException e) {
      throw new UserError(
          "%s:%d: the times are %s and %s, expected seconds"
              .formatted(file, number, fields.get(2), fields.get(3)),
          e);
    }
    Path found = prefix.resolve(name);
    for (String folder :
        List.of(
            fields.get(4),
            label,
            label.replace(' ', '_'),
            fields.get(4) + "/" + label,
            fields.get(4) + "/" + label.replace(' ', '_'))) {
      Path there = prefix.resolve(folder).resolve(name);
      found = !Files.isRegularFile(found) && Files.isRegularFile(there) ? there : found;
    }
    return new ClipList.Entry(found, label, split, fields.get(1), number);
  }

  private ClipList json(String text) throws IOException {
    JsonNode array;
    try {
      array = JSON.readTree(text);
    } catch (MismatchedInputException e) { // a tree takes whatever is one value
      throw new UserError(file + " is no JSON: something follows behind its end", e);
    } catch (JacksonException e) {
      throw new UserError(file + " is no JSON: " + e.getOriginalMessage(), e);
    }
    if (!array.isArray()) {
      throw new UserError(file + " is no JSON array, expected objects with path and label in one");
    }
    List<ClipList.Entry> entries = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (JsonNode video : array) {
      if (text(video, "path").isEmpty() || text(video, "label").isEmpty()) {
        throw new UserError(file + ": expected path and label as texts: " + told(video));
      }
      int number = entries.size() + missing.size() + 1;
      Path path = ListReader.path(file, number, prefix, text(video, "path"));
      ClipList.Entry entry =
          new ClipList.Entry(
              path,
              text(video, "label"),
              text(video, "split"),
              text(video, "source"),
              0,
              range(video),
              frames(video),
              series(path));
      if (entry.range().isPresent() && entry.frames().isPresent()) {
        throw new UserError(
            file + ": a range in seconds and one in frames, expected one of them: " + told(video));
      }
      if (entry.series().isPresent() || Files.isRegularFile(path)) {
        entries.add(entry);
      } else {
        missing.add(entry.path().toString());
      }
    }
    return new ClipList(file, entries, missing, List.of(), IncompleteFolders.lines(entries));
  }

  /** A text of an object; empty if it has none, or null. */
  private String text(JsonNode video, String key) {
    JsonNode value = video.path(key);
    if (!value.isTextual() && !value.isMissingNode() && !value.isNull()) {
      throw new UserError("%s: expected %s as a text: %s".formatted(file, key, told(video)));
    }
    return value.isTextual() ? value.textValue() : "";
  }

  private Optional<TimeRange> range(JsonNode video) {
    JsonNode start = video.path("start");
    JsonNode end = video.path("end");
    if ((start.isMissingNode() || start.isNull()) && (end.isMissingNode() || end.isNull())) {
      return Optional.empty();
    }
    boolean fromTheStart = start.isMissingNode() || start.isNull();
    try {
      if (!end.isNumber() || (!fromTheStart && !start.isNumber())) {
        throw new IllegalArgumentException("no numbers");
      }
      return Optional.of(new TimeRange(fromTheStart ? 0 : start.asDouble(), end.asDouble()));
    } catch (IllegalArgumentException e) {
      throw new UserError(
          file + ": expected start and end in seconds with 0 <= start < end: " + told(video), e);
    }
  }

  private Optional<FrameSpan> frames(JsonNode video) {
    JsonNode start = video.path("start_frame");
    JsonNode end = video.path("end_frame");
    boolean fromTheStart = start.isMissingNode() || start.isNull();
    if (fromTheStart && (end.isMissingNode() || end.isNull())) {
      return Optional.empty();
    }
    try {
      if (!isFrame(end) || !(fromTheStart || isFrame(start))) {
        throw new IllegalArgumentException("no whole numbers");
      }
      return Optional.of(
          fromTheStart
              ? FrameSpan.of(end.intValue())
              : FrameSpan.between(start.intValue(), end.intValue()));
    } catch (IllegalArgumentException e) {
      throw new UserError(
          "%s: expected start_frame and end_frame as numbers from 0 with start < end: %s"
              .formatted(file, told(video)),
          e);
    }
  }

  /** A whole number, and not one of more bits, which {@code intValue} would cut off. */
  private static boolean isFrame(JsonNode value) {
    return value.canConvertToExactIntegral() && value.canConvertToInt();
  }

  private static String told(JsonNode video) {
    String text = video.toString();
    return text.length() <= 200 ? text : text.substring(0, 197) + "...";
  }
}
