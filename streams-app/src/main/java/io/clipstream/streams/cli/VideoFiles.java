package io.clipstream.streams.cli;

import io.clipstream.model.FileProblem;
import io.clipstream.model.Nearest;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.VideoDecoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * The files that arguments of a command line name: files as they are, the videos of folders, and
 * the matches of globs that the shell did not expand.
 *
 * <p>A folder stands for the files directly in it whose names end as those of videos do; a glob for
 * every file that matches. Both are sorted by name and leave hidden files out. A path that exists
 * is never taken for a glob.
 */
final class VideoFiles {
  static final String NO_MATCH = "no file matches";

  private VideoFiles() {}

  /**
   * @param path of a file; of the argument itself where there is none
   * @param problem one line that says why there is none, or empty
   */
  record Found(Path path, String problem) {}

  /** Everything that the arguments name, in their order; at least one entry an argument. */
  static List<Found> find(List<Path> arguments) {
    List<Found> found = new ArrayList<>();
    for (Path argument : arguments) {
      try {
        add(found, argument);
      } catch (IOException e) { // of a folder; the others may be readable
        found.add(new Found(argument, "it cannot be read: " + FileProblem.of(e)));
      } catch (UncheckedIOException e) {
        found.add(new Found(argument, "it cannot be read: " + FileProblem.of(e.getCause())));
      }
    }
    return found;
  }

  private static void add(List<Found> found, Path argument) throws IOException {
    if (argument.toString().isEmpty()) { // Of a script's variable, perhaps; not this folder.
      throw new UserError("an argument is empty, expected a video");
    }
    if (Files.isDirectory(argument)) {
      add(found, argument, videosIn(argument), "no video in this folder");
    } else if (!Files.exists(argument) && isGlob(argument.toString())) {
      add(found, argument, matches(argument), NO_MATCH);
    } else if (Files.isRegularFile(argument)) {
      found.add(new Found(argument, ""));
    } else if (Files.exists(argument)) {
      found.add(new Found(argument, "neither a file nor a folder"));
    } else {
      found.add(new Found(argument, FileProblem.missing(argument) + Nearest.hint(argument)));
    }
  }

  private static void add(List<Found> found, Path argument, List<Path> files, String none) {
    if (files.isEmpty()) {
      found.add(new Found(argument, none));
    }
    files.forEach(file -> found.add(new Found(file, "")));
  }

  private static List<Path> videosIn(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(
              file ->
                  !isHidden(file) && VideoDecoder.isVideoName(file) && Files.isRegularFile(file))
          .sorted()
          .toList();
    }
  }

  /** Follows links; a folder that cannot be read has no match. */
  private static List<Path> matches(Path glob) throws IOException {
    PathMatcher matcher;
    try {
      matcher = glob.getFileSystem().getPathMatcher("glob:" + glob);
    } catch (PatternSyntaxException e) {
      throw new UserError(
          "glob is '" + glob + "', expected for example 'videos/*.mp4': " + e.getDescription(), e);
    }
    Path root = glob.isAbsolute() ? glob.getRoot() : Path.of("");
    int plain = 0;
    while (!isGlob(glob.getName(plain).toString())) {
      root = root.resolve(glob.getName(plain++));
    }
    // "**" and groups such as {a/b,c} may cross folders, other patterns have one part a folder.
    boolean deep = glob.toString().contains("**") || glob.toString().contains("{");
    int depth = deep ? Integer.MAX_VALUE : glob.getNameCount() - plain;
    Path start = root;
    List<Path> files = new ArrayList<>();
    Files.walkFileTree(
        start,
        EnumSet.of(FileVisitOption.FOLLOW_LINKS),
        depth,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return !folder.equals(start) && isHidden(folder)
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (attributes.isRegularFile() && !isHidden(file) && matcher.matches(file)) {
              files.add(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
          }
        });
    files.sort(null);
    return files;
  }

  private static boolean isGlob(String text) {
    return text.chars().anyMatch(c -> "*?[{".indexOf(c) >= 0);
  }

  private static boolean isHidden(Path file) {
    return file.getFileName().toString().startsWith(".");
  }
}
