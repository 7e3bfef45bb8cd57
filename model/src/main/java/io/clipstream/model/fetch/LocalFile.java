package io.clipstream.model.fetch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A fetched file, open to one owner. Closing deletes a temporary download and gives its disk space
 * back; a user's own file and a download that is kept are never touched. All threads; closing twice
 * does nothing more.
 */
public final class LocalFile implements AutoCloseable {
  private final Path path;
  private final long bytes;
  private final int attempts;
  private final Identity identity;
  private final Runnable release;
  private final AtomicBoolean closed = new AtomicBoolean();

  LocalFile(Path path, int attempts, Identity identity, Runnable release) {
    this.path = path;
    this.bytes = identity.bytes();
    this.attempts = attempts;
    this.identity = identity;
    this.release = release;
  }

  /**
   * A user's own file, without any check of where it lies: for files that a person named on the
   * command line.
   */
  public static LocalFile of(Path file) throws IOException {
    Path real = file.toRealPath();
    return new LocalFile(real, 1, Identity.of(real), () -> {});
  }

  /** The file, with every symbolic link resolved. */
  public Path path() {
    return path;
  }

  public long bytes() {
    return bytes;
  }

  /** How many attempts it took, at least 1. */
  public int attempts() {
    return attempts;
  }

  /**
   * Whether {@link #path} still names the very file that was checked (and whose digest was
   * compared), with the same size and time of change. Ask after reading a file that others can
   * write; a download lies in a folder of its own and does not change.
   */
  public boolean unchanged() {
    try {
      return path.toRealPath().equals(path) && Identity.of(path).equals(identity);
    } catch (IOException gone) {
      return false;
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      release.run();
    }
  }

  @Override
  public String toString() {
    return path + " (" + bytes + " bytes)";
  }

  /** What tells one file from another that took its name. {@code fileKey} is device and inode. */
  record Identity(Object fileKey, long bytes, FileTime modified) {
    static Identity of(Path real) throws IOException {
      return of(Files.readAttributes(real, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
    }

    static Identity of(BasicFileAttributes attributes) {
      return new Identity(
          Objects.requireNonNullElse(attributes.fileKey(), ""),
          attributes.size(),
          attributes.lastModifiedTime());
    }
  }
}
