package io.clipstream.streams.cli;

import io.clipstream.model.TextFile;
import io.clipstream.model.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Names of classes, a label a line. */
final class LabelFile {
  private LabelFile() {}

  /**
   * The labels in the order of the file, without their numbers where every line begins with one.
   */
  static List<String> read(Path file) throws IOException {
    List<String> lines =
        TextFile.lines(file, "a label a line").stream()
            .map(String::strip)
            .filter(l -> !l.isEmpty())
            .toList();
    if (lines.isEmpty()) {
      throw new UserError(file + ": empty, expected a label a line");
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String[] parts = lines.get(i).split("\\s+", 2);
      if (parts.length < 2 || !parts[0].equals(Integer.toString(i))) {
        return lines;
      }
      names.add(parts[1]);
    }
    return names;
  }
}
