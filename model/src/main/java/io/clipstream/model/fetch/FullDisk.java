package io.clipstream.model.fetch;

import io.clipstream.model.Sha256;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of downloads that met a full disk, or found no room in what all of them may take.
 * Each has given back what it wrote, and keeps no smaller ones waiting. They wait here and try
 * again one after another, as together they would fill the disk again and none would ever finish;
 * or with a caller who comes again: then nothing is asked of a server before there is room for all
 * that try. All threads.
 */
final class FullDisk {
  private static final Logger log = LoggerFactory.getLogger(FullDisk.class);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /** Others that were handed back ask their server once more before they are again. */
  private static final int REMEMBERED = 20_000;

  private final Disk disk;
  private final WorkDirectory work;
  private final FetchClock clock;
  private final Semaphore turn = new Semaphore(1, true);

  /** Bytes that files need which were handed back, by their addresses' digests. */
  private final Map<String, Long> handedBack =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > REMEMBERED;
        }
      };

  /** Bytes that those need which come again and are downloaded now. */
  private long admitted;

  /** Whether a full disk was told, and when it was last: not for each download that meets it. */
  private boolean told;

  private long toldAt;

  /** A download from its beginning; leaves nothing where it fails. */
  interface Attempt {
    FetchResult run() throws FetchFailure, InterruptedException;
  }

  FullDisk(Disk disk, WorkDirectory work, FetchClock clock) {
    this.disk = disk;
    this.work = work;
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

  /**
   * Downloads if there is room, or answers {@link Fault#DISK}, at once where it did so before.
   *
   * @param address of the file
   */
  FetchResult tryRun(String address, Attempt download) throws FetchFailure, InterruptedException {
    String key = Sha256.of(address);
    Optional<Long> needed = needed(key);
    if (needed.isPresent() && !admit(needed.get())) {
      return noRoom();
    }
    try {
      FetchResult result = download.run();
      remember(key, Optional.empty());
      return result;
    } catch (DiskFullException full) {
      tell(full);
      remember(key, Optional.of(full.needed()));
      return noRoom();
    } finally {
      needed.ifPresent(this::isOver);
    }
  }

  /** Whether there is room beside what others need that come again. */
  private synchronized boolean admit(long needed) {
    boolean room = free() - admitted >= needed;
    admitted += room ? needed : 0;
    return room;
  }

  private synchronized void isOver(long needed) {
    admitted -= needed;
  }

  private synchronized Optional<Long> needed(String key) {
    return Optional.ofNullable(handedBack.get(key));
  }

  private synchronized void remember(String key, Optional<Long> needed) {
    handedBack.remove(key);
    needed.ifPresent(bytes -> handedBack.put(key, bytes));
  }

  private static FetchResult noRoom() {
    String problem = "there is no room for it where downloads lie";
    return new FetchResult.Unavailable(
        Fault.DISK, FetchReason.FETCH_FAILED, problem, problem, 1, Optional.empty());
  }

  private synchronized void tell(DiskFullException full) {
    if (full.isOfShareAlone()) {
      log.debug("A download waits for room: {}", full.getMessage());
      return; // So they are held back, where they come faster than they are decoded.
    }
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
          work.session(),
          Sizes.bytes(wanted));
    }
  }

  private long free() {
    try {
      return Math.min(disk.free(work.session()), work.free());
    } catch (IOException broken) {
      throw new FetchSystemException(work.session() + " cannot be used: " + broken, broken);
    }
  }
}
