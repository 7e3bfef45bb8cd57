package io.clipstream.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** A file that the user named for a result, which is written beside it and then moved there. */
public final class OutputFile {
  private static final Set<String> FULL = Set.of("No space left on device", "Disk quota exceeded");

  private OutputFile() {}

  /**
   * Where it is written, absolute: of a link, what it leads to.
   *
   * @throws UserError if a folder, a device or a pipe is there: the move would put a file in its
   *     place, and {@code /dev/null} would be gone
   */
  public static Path of(Path named) throws IOException {
    if (Files.isDirectory(named)) {
      throw new UserError(named + ": a folder is there, expected the name of a file to write");
    }
    if (Files.exists(named) && !Files.isRegularFile(named)) {
      throw new UserError(
          named + ": a device or pipe is there, expected the name of a file to write");
    }
    return Files.exists(named) ? named.toRealPath() : named.toAbsolutePath();
  }

  /** What went wrong while it was written, of the file that the user named and not of its part. */
  public static IOException told(Path named, Path part, IOException e) {
    String line = FileProblem.line(e);
    if (line.contains(part.toString())) {
      return new IOException(line.replace(part.toString(), named.toString()), e);
    }
    // Of a write Java tells the reason alone.
    return FULL.contains(String.valueOf(e.getMessage()))
        ? new IOException(named + ": " + line, e)
        : e;
  }
}
