package io.clipstream.streams.live;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers on disk which artifacts a process died of while it loaded them, so that none kills it
 * again at each start. A load is marked by a file {@code DIGEST.UUID.loading} in the folder of the
 * model cache, locked by the process that loads and removed when the load has ended, well or badly.
 * A mark that nobody locks is of a process that died. All threads, any number of processes.
 */
final class LoadMarks implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LoadMarks.class);
  private static final Duration LIFE = Duration.ofDays(7);

  /** Marks of this process: a file that it opens again would lose its lock when that is closed. */
  private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final int mostDeaths;
  private final Set<Mark> marks = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * @param folder of the model cache, which exists
   * @param mostDeaths of processes while they loaded an artifact, after which it is refused; at
   *     least 1
   */
  LoadMarks(Path folder, int mostDeaths) {
    this.folder = folder;
    this.mostDeaths = mostDeaths;
  }

  /**
   * Marks a load that begins.
   *
   * @throws IOException if the artifact is refused, one line, or the mark cannot be written
   */
  Mark begin(String digest) throws IOException {
    List<Path> dead = dead(digest);
    if (dead.size() >= mostDeaths) {
      throw new IOException(
          "the process died "
              + dead.size()
              + " times while it loaded this artifact, at most "
              + mostDeaths
              + " are allowed (rollout.load-deaths): to try again remove "
              + folder.resolve(digest.substring(0, 12) + "*.loading"));
    }
    Mark mark = new Mark(digest);
    if (closed) {
      mark.close();
      throw new IOException("the instance ends");
    }
    return mark;
  }

  /** Marks of processes that died, but for those of long ago, which go. */
  private List<Path> dead(String digest) throws IOException {
    List<Path> dead = new ArrayList<>();
    Instant old = Instant.now().minus(LIFE);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, digest + ".*.loading")) {
      for (Path file : files) {
        if (!OWN.contains(file) && !locked(file)) {
          if (Files.getLastModifiedTime(file).toInstant().isBefore(old)) {
            Files.deleteIfExists(file);
          } else {
            dead.add(file);
          }
        }
      }
    }
    return dead;
  }

  private static boolean locked(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      return lock == null;
    } catch (NoSuchFileException e) { // its load has just ended
      return true;
    }
  }

  /** The process ends in good order: what it was still loading did not kill it. */
  @Override
  public void close() {
    closed = true;
    marks.forEach(Mark::close);
  }

  /** One load. */
  final class Mark implements AutoCloseable {
    private final String digest;
    private final Path file;
    private final FileChannel channel;

    private Mark(String digest) throws IOException {
      this.digest = digest;
      String name = digest + "." + UUID.randomUUID();
      file = folder.resolve(name + ".loading");
      Path unlocked = folder.resolve(name + ".new");
      channel = FileChannel.open(unlocked, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      OWN.add(file);
      marks.add(this);
      try {
        var unused = channel.lock(); // until the channel is closed
        Files.move(unlocked, file, StandardCopyOption.ATOMIC_MOVE);
        channel.force(true);
      } catch (IOException e) {
        close();
        throw e;
      }
    }

    /** It serves now: deaths before were chance. */
    void loaded() {
      try {
        for (Path file : dead(digest)) {
          Files.deleteIfExists(file);
        }
      } catch (IOException e) {
        log.warn("Marks of loads cannot be removed: {}", e.toString());
      }
    }

    /** The load has ended. */
    @Override
    public void close() {
      if (marks.remove(this)) {
        try {
          Files.deleteIfExists(file);
          channel.close();
        } catch (IOException e) {
          log.warn("The mark of a load cannot be removed: {}", e.toString());
        }
        OWN.remove(file);
      }
    }
  }
}
