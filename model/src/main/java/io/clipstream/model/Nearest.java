package io.clipstream.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the known name that a mistyped one was meant to be. */
public final class Nearest {
  private Nearest() {}

  /** The other known name with the fewest edits, if it is near enough to be meant. */
  public static Optional<String> to(String typed, Collection<String> known) {
    String lower = typed.toLowerCase(Locale.ROOT);
    int limit = Math.max(2, typed.length() / 3);
    return known.stream()
        .filter(name -> !name.equals(typed)) // That it is there did not help.
        .filter(name -> distance(lower, name.toLowerCase(Locale.ROOT)) <= limit)
        .min(Comparator.comparingInt(name -> distance(lower, name.toLowerCase(Locale.ROOT))));
  }

  /** {@code ", did you mean NAME?"}, or nothing. */
  public static String hint(String typed, Collection<String> known) {
    return to(typed, known).map(name -> ", did you mean " + name + "?").orElse("");
  }

  /** {@code ", did you mean FILE?"} for a file that is not there, from its folder; or nothing. */
  public static String hint(Path missing) {
    Path folder = missing.toAbsolutePath().getParent();
    if (folder == null
        || !Files.isDirectory(folder)
        || missing.getFileName() == null
        || Files.exists(missing, LinkOption.NOFOLLOW_LINKS)) { // of another kind: no other is meant
      return "";
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<String> names = files.limit(10_000).map(file -> file.getFileName().toString()).toList();
      return to(missing.getFileName().toString(), names)
          .map(name -> ", did you mean " + missing.resolveSibling(name) + "?")
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }

  /** Levenshtein's distance: insertions, deletions and substitutions. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitute = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitute, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
