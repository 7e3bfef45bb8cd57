package io.clipstream.model;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder for files that live no longer than this process, readable by its user alone. All
 * threads.
 *
 * <p>It holds a lock on a file in it for as long as it lives. Whoever makes one removes those of
 * its kind whose lock nobody holds, left behind by crashed processes: names that do not follow this
 * class's pattern are never touched.
 */
public final class SessionFolder implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SessionFolder.class);
  private static final String UUID_PATTERN = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
  private static final String VIDEO = "video-";
  private static final String LOCK = "lock";

  /**
   * Sessions of this process. Even looking at their locks would release them: closing any channel
   * of a file drops the locks that the process has on it (POSIX).
   */
  private static final Set<Path> LIVE = ConcurrentHashMap.newKeySet();

  private final Path session;
  private final FileChannel lockFile;
  private final AtomicLong names = new AtomicLong();

  /**
   * Makes one, and the directory if need be.
   *
   * @param kind what the folder's name begins with, without wildcards
   */
  @SuppressWarnings("try") // the lock is held, never asked
  public SessionFolder(Path directory, String kind) throws IOException {
    Files.createDirectories(directory);
    Path real = directory.toRealPath();
    // One at a time over all processes, or one would sweep the folder another is just making.
    synchronized (SessionFolder.class) {
      try (FileChannel door =
              FileChannel.open(
                  real.resolve(kind + "start.lock"),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          FileLock entered = door.lock()) {
        sweep(real, kind);
        this.session = Files.createDirectory(real.resolve(kind + UUID.randomUUID()));
        LIVE.add(session);
        restrict(session);
        this.lockFile =
            FileChannel.open(
                session.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        lockFile.lock();
      }
    }
  }

  public Path path() {
    return session;
  }

  /** The name of a file that does not exist yet. */
  public Path newFile() {
    return session.resolve(VIDEO + names.incrementAndGet());
  }

  /** Removes the folder and whatever was not closed. */
  @Override
  public void close() {
    try {
      lockFile.close();
      remove(session);
      LIVE.remove(session);
    } catch (IOException left) {
      log.warn("Could not remove {}: {}; the next start will", session, left.toString());
    }
  }

  private static void sweep(Path directory, String kind) throws IOException {
    Pattern name = Pattern.compile(Pattern.quote(kind) + UUID_PATTERN);
    try (DirectoryStream<Path> old = Files.newDirectoryStream(directory, kind + "*")) {
      for (Path folder : old) {
        try {
          if (isSession(folder, name) && !LIVE.contains(folder) && isAbandoned(folder)) {
            log.info("Removing {}, left behind by a process that ended without closing", folder);
            remove(folder);
          }
        } catch (IOException notOurs) {
          // Another user's, or somebody put files into it. It does no harm.
          log.warn("Could not remove {}: {}", folder, notOurs.toString());
        }
      }
    }
  }

  private static boolean isSession(Path folder, Pattern name) {
    return name.matcher(folder.getFileName().toString()).matches()
        && Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean isAbandoned(Path folder) throws IOException {
    Path lock = folder.resolve(LOCK);
    if (!Files.isRegularFile(lock, LinkOption.NOFOLLOW_LINKS)) {
      return true;
    }
    try (FileChannel file = FileChannel.open(lock, StandardOpenOption.WRITE);
        FileLock held = file.tryLock()) {
      return held != null;
    }
  }

  private static void remove(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.startsWith(VIDEO) || name.equals(LOCK)) {
          Files.deleteIfExists(file);
        }
      }
    }
    Files.deleteIfExists(folder);
  }

  private static void restrict(Path folder) throws IOException {
    Set<PosixFilePermission> ownerOnly = PosixFilePermissions.fromString("rwx------");
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(folder, ownerOnly);
    }
  }
}
