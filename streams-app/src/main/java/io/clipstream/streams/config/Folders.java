package io.clipstream.streams.config;

import io.clipstream.model.Nearest;
import io.clipstream.model.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Folders that the user names, and temporary ones. */
public final class Folders {
  private Folders() {}

  /**
   * A folder that the user named, as an absolute path.
   *
   * @param what named it, for the message
   * @throws UserError if there is no such folder
   */
  public static Path named(String what, Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new UserError(
          what
              + " names "
              + folder
              + ", expected a folder that exists"
              + (Files.exists(folder) ? "" : Nearest.hint(folder)));
    }
    return folder.toAbsolutePath().normalize();
  }

  /** Deletes a folder and all that is in it. */
  public static void delete(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
