package io.clipstream.model.fetch;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where downloads wait that met a full disk. Each has given back what it wrote; they try again one
 * after another, as together they would fill the disk again and none would ever finish. One that
 * needs more than is free keeps no smaller ones waiting. All threads.
 */
final class FullDisk {
  private static final Logger log = LoggerFactory.getLogger(FullDisk.class);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final Disk disk;
  private final Path folder;
  private final FetchClock clock;
  private final Semaphore turn = new Semaphore(1, true);

  /** Whether a full disk was told, and when it was last: not for each download that meets it. */
  private boolean told;

  private long toldAt;

  /** A download from its beginning; leaves nothing where it fails. */
  interface Attempt {
    FetchResult run() throws FetchFailure, InterruptedException;
  }

  FullDisk(Disk disk, Path folder, FetchClock clock) {
    this.disk = disk;
    this.folder = folder;
    this.clock = clock;
  }

  /**
   * Downloads, however long the disk stays full.
   *
   * @param checkOpen throws once nobody wants the file any more
   */
  FetchResult await(Runnable checkOpen, Attempt download)
      throws FetchFailure, InterruptedException {
    try {
      return download.run();
    } catch (DiskFullException full) {
      return retry(full, checkOpen, download);
    }
  }

  private FetchResult retry(DiskFullException first, Runnable checkOpen, Attempt download)
      throws FetchFailure, InterruptedException {
    DiskFullException full = first;
    Duration pause = FIRST_PAUSE;
    while (true) {
      tell(full);
      clock.sleep(pause);
      checkOpen.run();
      turn.acquire();
      try {
        if (free() >= full.needed()) {
          return download.run();
        }
      } catch (DiskFullException again) {
        full = again;
        Duration twice = pause.multipliedBy(2);
        pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
      } finally {
        turn.release();
      }
    }
  }

  private synchronized void tell(DiskFullException full) {
    long now = clock.nanos();
    if (!told || now - toldAt >= LONGEST_PAUSE.toNanos()) {
      told = true;
      toldAt = now;
      log.warn("Downloads wait, as the disk is full: {}", full.getMessage());
    }
  }

  /** Says so at a start. */
  void compare(long wanted) {
    long free = free();
    if (free < wanted) {
      log.warn(
          "{} are free at {}, less than the {} that downloads may take: they wait when it is full",
          Sizes.bytes(free),
          folder,
          Sizes.bytes(wanted));
    }
  }

  private long free() {
    try {
      return disk.free(folder);
    } catch (IOException broken) {
      throw new FetchSystemException(folder + " cannot be used: " + broken, broken);
    }
  }
}
