package io.clipstream.model.fetch;

import io.clipstream.model.FileProblem;
import io.clipstream.model.Sha256;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A download that stays, whole or in part: what arrived before a break is continued by the next
 * attempt, also of a later process. One thread.
 *
 * <p>Beside the file lie {@code NAME.part}, what arrived so far; {@code NAME.part.version}, which
 * file of which address that is part of; and {@code NAME.lock}, locked by the process that
 * downloads.
 */
final class KeptDownload extends Download {
  private static final Logger log = LoggerFactory.getLogger(KeptDownload.class);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

  private final Path target;
  private final Path versionFile;
  private final String address;
  private final Lock lock;

  private KeptDownload(
      Path target,
      Path part,
      String address,
      FileChannel file,
      Lock lock,
      boolean withDigest,
      FetchProgress progress) {
    super(part, file, withDigest, progress);
    this.target = target;
    this.versionFile = beside(part, ".version");
    this.address = Sha256.of(address); // it may hold a signature
    this.lock = lock;
  }

  /**
   * Opens the download for one owner, waiting for others that download the same file.
   *
   * @param target where the whole file goes
   * @param address what is downloaded
   * @throws FetchFailure if another still has it when the time is up
   */
  static KeptDownload open(
      Path target,
      String address,
      boolean withDigest,
      FetchProgress progress,
      FetchClock clock,
      Deadline deadline)
      throws FetchFailure, InterruptedException {
    Lock lock = Lock.take(target.toAbsolutePath().normalize(), clock, deadline);
    try {
      Path part = beside(target, ".part");
      FileChannel file =
          FileChannel.open(
              part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      KeptDownload download =
          new KeptDownload(target, part, address, file, lock, withDigest, progress);
      lock = null;
      download.continueEarlier();
      return download;
    } catch (IOException broken) {
      throw new FetchSystemException(
          "cannot write to " + target + ": " + FileProblem.line(broken), broken);
    } finally {
      if (lock != null) {
        lock.close();
      }
    }
  }

  private void continueEarlier() throws IOException, InterruptedException {
    List<String> lines = Files.exists(versionFile) ? Files.readAllLines(versionFile) : List.of();
    if (lines.size() == 2 && lines.get(0).equals(address)) {
      adopt(Optional.of(lines.get(1)));
    } else {
      forget();
    }
  }

  /** Room is only bounded by the limit for one file: the caller chose the place. */
  @Override
  void begins(long length) {}

  @Override
  void makeRoom(long bytes) {}

  @Override
  void remember(Optional<String> newVersion) {
    try {
      if (newVersion.isPresent()) {
        Files.write(versionFile, List.of(address, newVersion.get()));
      } else {
        Files.deleteIfExists(versionFile);
      }
    } catch (IOException broken) {
      throw new FetchSystemException(
          "cannot write to " + versionFile + ": " + FileProblem.line(broken), broken);
    }
  }

  /** The file that is there already, if it has the digest. */
  Optional<LocalFile> present(ExpectedDigest digest) {
    try {
      return Files.isRegularFile(target) && digest.matches(Sha256.of(target))
          ? Optional.of(LocalFile.of(target))
          : Optional.empty();
    } catch (IOException broken) {
      throw new FetchSystemException(
          "cannot read " + target + ": " + FileProblem.line(broken), broken);
    }
  }

  /** Moves the whole file to its place, in one step. */
  LocalFile finish(int attempts) {
    try {
      closeFile();
      Files.move(
          path(), target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      Files.deleteIfExists(versionFile);
      Path real = target.toRealPath();
      return new LocalFile(real, attempts, LocalFile.Identity.of(real), () -> {});
    } catch (IOException broken) {
      throw new FetchSystemException(
          "cannot write to " + target + ": " + FileProblem.line(broken), broken);
    }
  }

  /** Leaves the bytes so far for the next, if there are any that can be continued. */
  @Override
  public void close() {
    try {
      closeFile();
      if (version().isEmpty()) {
        Files.deleteIfExists(path());
        Files.deleteIfExists(versionFile);
      }
    } catch (IOException left) {
      log.warn("Could not close {}: {}", path(), left.toString());
    } finally {
      lock.close();
    }
  }

  private static Path beside(Path file, String suffix) {
    return file.resolveSibling(file.getFileName() + suffix);
  }

  /** The right to download a file, for one thread of one process. */
  private record Lock(Path target, FileChannel file) implements AutoCloseable {
    /**
     * Files that this process downloads. Not left to the locks: closing any channel of a file drops
     * the locks that the process has on it (POSIX).
     */
    private static final Set<Path> MINE = ConcurrentHashMap.newKeySet();

    static Lock take(Path target, FetchClock clock, Deadline deadline)
        throws FetchFailure, InterruptedException {
      while (!MINE.add(target)) {
        await(target, clock, deadline);
      }
      Lock lock = null;
      boolean taken = false;
      try {
        Files.createDirectories(target.getParent());
        lock =
            new Lock(
                target,
                FileChannel.open(
                    beside(target, ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE));
        while (lock.file.tryLock() == null) {
          await(target, clock, deadline);
        }
        taken = true;
        return lock;
      } catch (IOException broken) {
        throw new FetchSystemException(
            "cannot lock " + target + ": " + FileProblem.line(broken), broken);
      } finally {
        if (!taken && lock != null) {
          lock.close();
        } else if (!taken) {
          MINE.remove(target);
        }
      }
    }

    private static void await(Path target, FetchClock clock, Deadline deadline)
        throws FetchFailure, InterruptedException {
      log.debug("Waiting for another download of {}", target);
      deadline.check();
      clock.sleep(LOOK_AGAIN);
    }

    @Override
    public void close() {
      try {
        file.close();
      } catch (IOException left) {
        log.warn("Could not release the lock of {}: {}", target, left.toString());
      } finally {
        MINE.remove(target);
      }
    }
  }
}
