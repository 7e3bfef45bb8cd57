package io.clipstream.trainer;

import io.clipstream.model.Nearest;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A data set: videos with their labels, read from a CSV file of {@code path,label[,split][,source]}
 * lines (RFC 4180 quotes). Paths are relative to the folder of the list. A first line {@code
 * path,label…}, empty lines and lines that start with {@code #} are passed over.
 *
 * @param file where the list was read from
 * @param entries in the order of the file
 */
public record ClipList(Path file, List<Entry> entries) {
  /** The split of entries that name none. */
  public static final String NO_SPLIT = "";

  /**
   * One video.
   *
   * @param path of the video file
   * @param label name of its class
   * @param split which part of the data it belongs to, such as {@code train}, or empty
   * @param source what it was made from, such as a photograph, or empty
   * @param line of the list, from 1
   */
  public record Entry(Path path, String label, String split, String source, int line) {}

  public ClipList {
    entries = List.copyOf(entries);
  }

  /**
   * Reads a list and checks that its videos exist.
   *
   * @throws IllegalArgumentException if the list is wrong: one line that names file and line
   */
  public static ClipList read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "no list of videos at "
              + file
              + "; expected a CSV file of path,label[,split][,source]"
              + Nearest.hint(file));
    }
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (MalformedInputException e) {
      throw new IllegalArgumentException(
          file + " is not UTF-8 text; expected a CSV file of path,label[,split][,source]", e);
    }
    Path folder = file.toAbsolutePath().getParent();
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.isBlank() || line.startsWith("#") || (i == 0 && line.startsWith("path,label"))) {
        continue;
      }
      Entry entry = parse(file, i + 1, line, folder);
      if (!Files.isRegularFile(entry.path)) {
        throw new IllegalArgumentException(
            file + ":" + (i + 1) + ": no video at " + entry.path + Nearest.hint(entry.path));
      }
      entries.add(entry);
    }
    if (entries.isEmpty()) {
      throw new IllegalArgumentException(
          file + " names no video; expected lines of path,label[,split][,source]");
    }
    return new ClipList(file, entries);
  }

  private static Entry parse(Path file, int number, String line, Path folder) {
    List<String> fields = fields(line);
    if (fields == null) {
      throw new IllegalArgumentException(
          file + ":" + number + ": a quote is not closed: " + shortened(line));
    }
    if (fields.size() < 2 || fields.size() > 4) {
      throw new IllegalArgumentException(
          "%s:%d: %d fields, expected path,label[,split][,source]: %s"
              .formatted(file, number, fields.size(), shortened(line)));
    }
    if (fields.get(0).isEmpty() || fields.get(1).isEmpty()) {
      throw new IllegalArgumentException(
          "%s:%d: the %s is empty, expected path,label[,split][,source]"
              .formatted(file, number, fields.get(0).isEmpty() ? "path" : "label"));
    }
    return new Entry(
        folder.resolve(fields.get(0)).normalize(),
        fields.get(1),
        fields.size() > 2 ? fields.get(2) : NO_SPLIT,
        fields.size() > 3 ? fields.get(3) : "",
        number);
  }

  /** The fields of a CSV line, or {@code null} if a quote is not closed. */
  private static List<String> fields(String line) {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (quoted) {
        if (c != '"') {
          field.append(c);
        } else if (i + 1 < line.length() && line.charAt(i + 1) == '"') {
          field.append(c);
          i++;
        } else {
          quoted = false;
        }
      } else if (c == '"' && field.isEmpty()) {
        quoted = true;
      } else if (c == ',') {
        fields.add(field.toString().strip());
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
    fields.add(field.toString().strip());
    return quoted ? null : fields;
  }

  /** The entries of one split; an empty name means all. */
  public List<Entry> split(String name) {
    if (name.isEmpty()) {
      return entries;
    }
    List<Entry> part = entries.stream().filter(e -> e.split.equals(name)).toList();
    if (part.isEmpty()) {
      TreeSet<String> known = new TreeSet<>();
      entries.forEach(e -> known.add(name(e.split)));
      throw new IllegalArgumentException(
          file + " has no videos in split " + name + "; it has " + String.join(", ", known));
    }
    return part;
  }

  /**
   * Checks that two splits have nothing in common: no video and no source.
   *
   * @throws IllegalArgumentException naming what they share
   */
  public void requireDisjoint(String one, String other) {
    Map<String, Entry> seen = new HashMap<>();
    for (Entry entry : split(one)) {
      seen.put("video " + entry.path, entry);
      seen.put("source " + entry.source, entry);
    }
    for (Entry entry : split(other)) {
      for (String key : List.of("video " + entry.path, "source " + entry.source)) {
        Entry shared = seen.get(key);
        if (shared != null && !key.equals("source ")) {
          throw new IllegalArgumentException(
              "%s:%d: %s is in split %s and on line %d in split %s; keep it in one"
                  .formatted(file, entry.line, key, name(other), shared.line, name(one)));
        }
      }
    }
  }

  /**
   * Index of each entry's label in {@code labels}.
   *
   * @throws IllegalArgumentException if a label is not among them
   */
  public int[] classes(List<Entry> part, List<String> labels) {
    int[] classes = new int[part.size()];
    for (int i = 0; i < classes.length; i++) {
      classes[i] = labels.indexOf(part.get(i).label);
      if (classes[i] < 0) {
        throw new IllegalArgumentException(
            "%s:%d: label %s is not one of %s"
                .formatted(file, part.get(i).line, part.get(i).label, String.join(", ", labels)));
      }
    }
    return classes;
  }

  /** Writes a list that {@link #read} reads; paths are written relative to the list's folder. */
  public void write() throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Path whole = folder.resolve(file.getFileName() + ".part");
    try (BufferedWriter out = Files.newBufferedWriter(whole)) {
      out.write("path,label,split,source\n");
      for (Entry entry : entries) {
        out.write(
            String.join(
                ",",
                quoted(folder.relativize(entry.path.toAbsolutePath()).toString()),
                quoted(entry.label),
                quoted(entry.split),
                quoted(entry.source)));
        out.write('\n');
      }
    }
    Files.move(whole, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  private static String quoted(String field) {
    return field.contains(",") || field.contains("\"")
        ? '"' + field.replace("\"", "\"\"") + '"'
        : field;
  }

  private static String name(String split) {
    return split.isEmpty() ? "(none)" : split;
  }

  private static String shortened(String line) {
    return line.length() <= 80 ? line : line.substring(0, 77) + "...";
  }
}
