package io.clipstream.streams.cli;

import io.clipstream.streams.config.Folders;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The temporary folder of a demo, deleted when it is closed. A demo holds a lock on a file in its
 * folder for as long as it lives; folders whose lock nobody holds, of demos that were killed, are
 * deleted when another one is made.
 */
final class DemoFolder implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DemoFolder.class);
  private static final String PREFIX = "clipstream-demo-";
  private static final String LOCK = "lock";

  /** Of this process: looking at their locks would release them (POSIX). */
  private static final Set<Path> LIVE = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final FileChannel lock;

  private DemoFolder(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /** A new folder in one of temporary files, readable by its user alone. */
  static DemoFolder create(Path temporary) throws IOException {
    Path path = Files.createTempDirectory(temporary, PREFIX).toRealPath();
    LIVE.add(path);
    sweep(path);
    // Locked before it has the name that others look for.
    Path unnamed = path.resolve("lock.new");
    FileChannel lock =
        FileChannel.open(unnamed, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    var unused = lock.lock();
    Files.move(unnamed, path.resolve(LOCK));
    return new DemoFolder(path, lock);
  }

  Path path() {
    return path;
  }

  private static void sweep(Path mine) throws IOException {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(mine.getParent(), PREFIX + "*")) {
      for (Path folder : folders) {
        try {
          if (!LIVE.contains(folder) && isAbandoned(folder, mine)) {
            Folders.delete(folder);
          }
        } catch (IOException stays) { // It does no harm.
          log.debug("{} was not deleted: {}", folder, stays.toString());
        }
      }
    }
  }

  private static boolean isAbandoned(Path folder, Path mine) throws IOException {
    Path lock = folder.resolve(LOCK);
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
        || !Files.isRegularFile(lock, LinkOption.NOFOLLOW_LINKS)
        || !Files.getOwner(folder).equals(Files.getOwner(mine))) {
      return false;
    }
    try (FileChannel file = FileChannel.open(lock, StandardOpenOption.WRITE);
        FileLock free = file.tryLock()) {
      return free != null;
    }
  }

  @Override
  public void close() throws IOException {
    lock.close();
    Folders.delete(path);
    LIVE.remove(path);
  }
}
