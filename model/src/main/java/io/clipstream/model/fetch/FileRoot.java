package io.clipstream.model.fetch;

import io.clipstream.model.FileProblem;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;

/**
 * A folder whose files may be read, and whether it is the one that is meant: a mount that went away
 * leaves nothing, or the empty folder that it lay on. Known by its device and inode, those of the
 * start or of the last time that a file was read there; or by a marker, a file that must be in it.
 * One that is not there at the start may come later. All threads.
 */
final class FileRoot {
  private final Path folder;
  private final Optional<String> marker;

  /** Null until it was there. */
  private volatile Path real;

  /** Device and inode; null until it was there. */
  private volatile Object known;

  /**
   * Looks at nothing yet.
   *
   * @param folder absolute
   * @param marker name of the file that must be in it
   */
  FileRoot(Path folder, Optional<String> marker) {
    this.folder = folder.normalize();
    this.marker = marker;
  }

  /**
   * Remembers which folder it is; for the start.
   *
   * @throws IOException if it cannot be reached
   * @throws FetchSystemException if it is no folder
   */
  void find() throws IOException {
    Path found = folder.toRealPath();
    if (!Files.isDirectory(found)) {
      throw new FetchSystemException("file root " + folder + " is not a folder");
    }
    known = key();
    real = found;
  }

  Path folder() {
    return folder;
  }

  Origin origin() {
    return new Origin(Origin.Kind.ROOT, folder.toString());
  }

  /** Whether the path lies in it by its name, or by the last that was known of where that leads. */
  boolean names(Path path) {
    return path.startsWith(folder) || led(path);
  }

  /** Whether a path without links lies in what it led to when that was last looked at. */
  boolean led(Path realPath) {
    Path last = real;
    return last != null && realPath.startsWith(last);
  }

  /** Whether a path without links lies in it. Asked anew, as what it is linked to may change. */
  boolean holds(Path realPath) throws IOException {
    real = folder.toRealPath();
    return realPath.startsWith(real);
  }

  /** What a file of it was read from is the right folder. */
  void prove(Object key) {
    known = key;
  }

  /** Device and inode. */
  Object key() throws IOException {
    return Objects.requireNonNullElse(
        Files.readAttributes(folder, BasicFileAttributes.class).fileKey(), "");
  }

  /** What is wrong with it, such as "lacks its marker x"; empty: it is in order. */
  Optional<String> trouble() {
    try {
      Object key = key();
      if (!Files.isDirectory(folder)) {
        return Optional.of("is no folder any more");
      }
      if (!Files.isReadable(folder) || !Files.isExecutable(folder)) {
        return Optional.of("may not be read by this user");
      }
      if (marker.isPresent()) {
        return Files.exists(folder.resolve(marker.get()))
            ? Optional.empty()
            : Optional.of("lacks its marker " + marker.get());
      }
      if (known == null) { // It came after the start, or only the folder that it will be on.
        return isEmpty(folder) ? Optional.of("is empty: is a mount missing?") : Optional.empty();
      }
      return key.equals(known)
          ? Optional.empty()
          : Optional.of("is another folder than before: is a mount missing?");
    } catch (IOException gone) {
      return Optional.of("cannot be reached: " + FileProblem.of(gone));
    }
  }

  static boolean isEmpty(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      return !files.iterator().hasNext();
    }
  }
}
