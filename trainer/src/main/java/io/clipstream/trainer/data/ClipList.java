package io.clipstream.trainer.data;

import io.clipstream.model.Count;
import io.clipstream.model.Nearest;
import io.clipstream.model.Printable;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.TimeRange;
import java.io.BufferedWriter;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A data set: videos with their labels, read from a CSV file of {@code
 * path,label[,split][,source][,start,end][,start_frame,end_frame]} lines (RFC 4180 quotes, within a
 * line), or from a folder for each label ({@link ClipFolder}). Paths are relative to the folder of
 * the list, of videos or of folders of frames; start and end are seconds, start_frame and end_frame
 * count frames from 0, all empty for the whole video. A first line {@code path,label…}, empty lines
 * and lines that start with {@code #} are passed over.
 *
 * @param file where the list was read from, or the folder of folders
 * @param entries in the order of the file
 * @param missing videos that other tools' lists name and that are not there; in a list of ours each
 *     is an error
 * @param passedOver files in a folder of folders that are taken for no videos
 * @param incomplete folders that lack frames, one line each
 */
public record ClipList(
    Path file,
    List<Entry> entries,
    List<String> missing,
    List<String> passedOver,
    List<String> incomplete) {
  /** Labels that a message names at most. */
  private static final int TOLD = 20;

  /** The split of entries that name none. */
  public static final String NO_SPLIT = "";

  /**
   * One video.
   *
   * @param path of the video file, or of the folder of its frames
   * @param label name of its class
   * @param split which part of the data it belongs to, such as {@code train}, or empty
   * @param source what it was made from, such as a photograph, or empty
   * @param line of the list, from 1; 0 if there is none
   * @param range of the video that the label holds for; empty: all of it
   * @param frames that the label holds for, instead of a range; empty: all
   * @param series how the pictures of a folder are a video; empty: it is a file
   */
  public record Entry(
      Path path,
      String label,
      String split,
      String source,
      int line,
      Optional<TimeRange> range,
      Optional<FrameSpan> frames,
      Optional<FrameSeries> series) {
    /** A whole video. */
    public Entry(Path path, String label, String split, String source, int line) {
      this(path, label, split, source, line, Optional.empty());
    }

    /** A video file, or a part of it. */
    public Entry(
        Path path, String label, String split, String source, int line, Optional<TimeRange> range) {
      this(path, label, split, source, line, range, Optional.empty(), Optional.empty());
    }

    public Entry {
      if (!ModelManifest.isLabel(label)) {
        throw new UserError(
            "%s%s: the label is '%s', expected text without control characters"
                .formatted(path, line > 0 ? " in line " + line : "", Printable.name(label)));
      }
    }

    /** The same with another label. */
    public Entry as(String newLabel) {
      return new Entry(path, newLabel, split, source, line, range, frames, series);
    }

    /** The same in another split. */
    public Entry in(String newSplit) {
      return new Entry(path, label, newSplit, source, line, range, frames, series);
    }

    /** What stands behind its path for the part that it is: {@code #1.5-3.0}; empty: it is all. */
    public String part() {
      String frame = frames.map(span -> "#" + span).orElse("");
      return range.map(time -> "#" + time.startSeconds() + "-" + time.endSeconds()).orElse(frame);
    }
  }

  public ClipList {
    entries = List.copyOf(entries);
    missing = List.copyOf(missing);
    passedOver = List.copyOf(passedOver);
    incomplete = List.copyOf(incomplete);
  }

  /** A list of which no folder lacks a frame. */
  public ClipList(Path file, List<Entry> entries, List<String> missing, List<String> passedOver) {
    this(file, entries, missing, passedOver, List.of());
  }

  /** A list of which no file is passed over. */
  public ClipList(Path file, List<Entry> entries, List<String> missing) {
    this(file, entries, missing, List.of());
  }

  /** A list of which no video is missing. */
  public ClipList(Path file, List<Entry> entries) {
    this(file, entries, List.of());
  }

  /**
   * Reads a list and checks that its videos exist.
   *
   * @throws UserError if the list is wrong, naming file and line
   */
  public static ClipList read(Path file) throws IOException {
    return ListReader.read(file, ListOptions.NONE);
  }

  /** The same with other entries, such as those in splits. */
  ClipList with(List<Entry> others) {
    return new ClipList(file, others, missing, passedOver, incomplete);
  }

  /**
   * What the user should know of files that are no videos, one line.
   *
   * @return empty if there are none
   */
  public Optional<String> passedOverLine() {
    return passedOver.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "passed over %s, no video by name or beside the labels' folders, such as %s"
                .formatted(Count.of(passedOver.size(), "file"), Printable.name(passedOver.get(0))));
  }

  /**
   * How its folders of frames are taken, one line.
   *
   * @param setting that says so
   * @return empty if there are none
   */
  public Optional<String> framesLine(String setting) {
    long folders = entries.stream().filter(entry -> entry.series.isPresent()).count();
    return entries.stream()
        .flatMap(entry -> entry.series.stream())
        .findFirst()
        .map(
            series ->
                "folders of frames among the videos: %d, taken as %s frames a second (%s)"
                    .formatted(folders, plain(series.framesPerSecond()), setting));
  }

  /** The labels that there are, sorted. */
  public List<String> labels() {
    return entries.stream().map(Entry::label).distinct().sorted().toList();
  }

  /** Whether no entry names its split. */
  public boolean unsplit() {
    return entries.stream().allMatch(entry -> entry.split.equals(NO_SPLIT));
  }

  /** The folder that paths are told relative to. */
  public Path folder() {
    Path absolute = file.toAbsolutePath();
    return Files.isDirectory(absolute) ? absolute : absolute.getParent();
  }

  /** Path of an entry relative to {@link #folder}, with its range if it has one. */
  public String name(Entry entry) {
    return folder().relativize(entry.path.toAbsolutePath()) + entry.part();
  }

  /** Where an entry is written: {@code FILE:LINE}, or its own path. */
  private String place(Entry entry) {
    return entry.line > 0 ? file + ":" + entry.line : entry.path.toString();
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
      throw new UserError(
          file + " has no videos in split " + name + "; it has " + String.join(", ", known));
    }
    return part;
  }

  /**
   * Checks that two splits have nothing in common: no video and no source.
   *
   * @throws UserError naming what they share
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
          throw new UserError(
              "%s: %s is in split %s and %s in split %s; keep it in one"
                  .formatted(
                      place(entry),
                      key,
                      name(other),
                      shared.line > 0 ? "on line " + shared.line : "as " + shared.path,
                      name(one)));
        }
      }
    }
  }

  /**
   * Index of each entry's label in {@code labels}.
   *
   * @throws UserError if a label is not among them
   */
  public int[] classes(List<Entry> part, List<String> labels) {
    int[] classes = new int[part.size()];
    for (int i = 0; i < classes.length; i++) {
      classes[i] = labels.indexOf(part.get(i).label);
      if (classes[i] < 0) {
        throw new UserError(
            "%s: label %s is not one of %s%s"
                .formatted(
                    place(part.get(i)),
                    part.get(i).label,
                    some(labels),
                    Nearest.hint(part.get(i).label, labels)));
      }
    }
    return classes;
  }

  private static String some(List<String> labels) {
    String first = String.join(", ", labels.subList(0, Math.min(TOLD, labels.size())));
    return labels.size() > TOLD ? "%s and %d more".formatted(first, labels.size() - TOLD) : first;
  }

  /** Writes a list that {@link #read} reads; paths are written relative to the list's folder. */
  public void write() throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Path whole = folder.resolve(file.getFileName() + ".part");
    boolean frames = entries.stream().anyMatch(entry -> entry.frames.isPresent());
    boolean ranges = frames || entries.stream().anyMatch(entry -> entry.range.isPresent());
    try (BufferedWriter out = Files.newBufferedWriter(whole)) {
      out.write("path,label,split,source" + (ranges ? ",start,end" : ""));
      out.write((frames ? ",start_frame,end_frame" : "") + "\n");
      for (Entry entry : entries) {
        out.write(
            String.join(
                ",",
                quoted(folder.relativize(entry.path.toAbsolutePath()).toString()),
                quoted(entry.label),
                quoted(entry.split),
                quoted(entry.source)));
        if (ranges) {
          out.write(
              entry.range.map(r -> "," + r.startSeconds() + "," + r.endSeconds()).orElse(",,"));
        }
        if (frames) {
          out.write(entry.frames.map(ClipList::columns).orElse(",,"));
        }
        out.write('\n');
      }
    }
    Files.move(whole, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  private static String plain(double number) {
    return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }

  private static String columns(FrameSpan span) {
    boolean counted = span.first().isPresent() && span.count() > 0;
    return "," + (counted ? span.first().getAsInt() + "," + span.end() : "," + span.count());
  }

  private static String quoted(String field) {
    return field.contains(",")
            || field.contains("\"")
            || field.startsWith("#")
            || !field.equals(field.strip())
        ? '"' + field.replace("\"", "\"\"") + '"'
        : field;
  }

  private static String name(String split) {
    return split.isEmpty() ? "(none)" : split;
  }
}
