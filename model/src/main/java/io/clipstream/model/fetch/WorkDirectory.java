package io.clipstream.model.fetch;

import io.clipstream.model.FileProblem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where downloads lie, and how much room they may take together. All threads.
 *
 * <p>Every fetcher has a session folder of its own inside the directory, readable by its user
 * alone, and holds a lock on a file in it for as long as it lives. At start the folders whose lock
 * nobody holds, left behind by crashed processes, are removed: names that do not follow this
 * class's pattern are never touched.
 */
final class WorkDirectory implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(WorkDirectory.class);
  private static final String SESSION = "clipstream-fetch-";
  private static final Pattern SESSION_NAME =
      Pattern.compile(SESSION + "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  private static final String VIDEO = "video-";
  private static final String LOCK = "lock";

  /** Room is counted in units of this many bytes, since a semaphore counts in int. */
  private static final int UNIT = 1 << 16;

  /**
   * Sessions of this process. Even looking at their locks would release them: closing any channel
   * of a file drops the locks that the process has on it (POSIX).
   */
  private static final Set<Path> LIVE = ConcurrentHashMap.newKeySet();

  private final Path session;
  private final FileChannel lockFile;
  private final Semaphore room;
  private final int units;
  private final AtomicLong names = new AtomicLong();

  @SuppressWarnings("try") // the lock is held, never asked
  WorkDirectory(Path directory, long maxBytes) {
    this.units = (int) Math.min(Integer.MAX_VALUE, units(maxBytes));
    this.room = new Semaphore(units);
    try {
      Files.createDirectories(directory);
      Path real = directory.toRealPath();
      // One at a time over all processes, or one would sweep the folder another is just making.
      synchronized (WorkDirectory.class) {
        try (FileChannel door =
                FileChannel.open(
                    real.resolve(SESSION + "start.lock"),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE);
            FileLock entered = door.lock()) {
          sweep(real);
          this.session = Files.createDirectory(real.resolve(SESSION + UUID.randomUUID()));
          LIVE.add(session);
          restrict(session);
          this.lockFile =
              FileChannel.open(
                  session.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          lockFile.lock();
        }
      }
    } catch (FileAlreadyExistsException notAFolder) {
      throw new FetchSystemException(
          "work directory " + directory + " is a file; a folder is needed", notAFolder);
    } catch (IOException broken) {
      throw new FetchSystemException(
          "work directory "
              + directory
              + " cannot be used: "
              + FileProblem.line(broken)
              + "; name another with pipeline.work-directory",
          broken);
    }
  }

  Path session() {
    return session;
  }

  /** The name of a file that does not exist yet. */
  Path newFile() {
    return session.resolve(VIDEO + names.incrementAndGet());
  }

  /** Takes this much room if it is there now. */
  boolean tryTake(long bytes) {
    return room.tryAcquire(boundedUnits(bytes));
  }

  /** Gives room back, so that {@code held} bytes become {@code kept}. */
  void giveBack(long held, long kept) {
    room.release(boundedUnits(held) - boundedUnits(kept));
  }

  /** Bytes nobody holds, in whole units. */
  long free() {
    return (long) room.availablePermits() * UNIT;
  }

  /** Removes the session folder and whatever was not closed. */
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

  private int boundedUnits(long bytes) {
    return (int) Math.min(units, units(bytes));
  }

  private static long units(long bytes) {
    return bytes / UNIT + (bytes % UNIT == 0 ? 0 : 1);
  }

  private static void sweep(Path directory) throws IOException {
    try (DirectoryStream<Path> old = Files.newDirectoryStream(directory, SESSION + "*")) {
      for (Path folder : old) {
        try {
          if (isSession(folder) && !LIVE.contains(folder) && isAbandoned(folder)) {
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

  private static boolean isSession(Path folder) {
    return SESSION_NAME.matcher(folder.getFileName().toString()).matches()
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
