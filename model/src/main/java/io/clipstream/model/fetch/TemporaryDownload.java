package io.clipstream.model.fetch;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A download into the work directory, which lends it room as its bytes come, until its file is
 * closed: what only announces itself keeps none from others. One thread.
 */
final class TemporaryDownload extends Download {
  private static final Logger log = LoggerFactory.getLogger(TemporaryDownload.class);

  /** Bytes, more than are read at a time. */
  private static final long FIRST_ROOM = 1 << 20;

  private final WorkDirectory work;
  private long held;
  private boolean handedOver;

  private TemporaryDownload(
      WorkDirectory work, Path path, FileChannel file, boolean withDigest, FetchProgress progress) {
    super(path, file, withDigest, progress);
    this.work = work;
  }

  static TemporaryDownload open(
      WorkDirectory work, Disk disk, boolean withDigest, FetchProgress progress) {
    Path path = work.newFile();
    try {
      return new TemporaryDownload(work, path, disk.create(path), withDigest, progress);
    } catch (IOException broken) {
      throw cannotWrite(work.session(), broken, 1);
    }
  }

  @Override
  void begins(long length) {
    work.giveBack(held, 0);
    held = 0;
    if (length > work.free()) {
      throw DiskFullException.ofShare(length);
    }
  }

  @Override
  void makeRoom(long bytes) {
    if (bytes > held) {
      long more = Math.min(limit(), Math.max(2 * held, FIRST_ROOM));
      if (!work.tryTake(more - held)) {
        throw DiskFullException.ofShare(expected() < 0 ? more : expected());
      }
      held = more;
    }
  }

  @Override
  void remember(Optional<String> newVersion) {
    // The file does not outlive this process.
  }

  /** The finished file, which from now on belongs to the result. */
  LocalFile handOver(int attempts) {
    LocalFile.Identity identity;
    try {
      closeFile();
      identity = LocalFile.Identity.of(path());
    } catch (IOException broken) {
      throw cannotWrite(path(), broken, bytes());
    }
    work.giveBack(held, bytes());
    held = bytes();
    handedOver = true;
    return new LocalFile(path(), attempts, identity, this::remove);
  }

  /** Deletes the file unless it was handed over. */
  @Override
  public void close() {
    if (!handedOver) {
      remove();
    }
  }

  private void remove() {
    try {
      closeFile();
      Files.deleteIfExists(path());
    } catch (IOException left) {
      log.warn("Could not delete {}: {}", path(), left.toString());
    }
    work.giveBack(held, 0);
    held = 0;
  }
}
