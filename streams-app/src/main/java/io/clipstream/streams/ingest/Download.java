package io.clipstream.streams.ingest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A video on its way into a temporary file: the bytes so far, their digest, and the room on disk
 * they hold. Survives from one attempt to the next, so that a later one can go on where an earlier
 * broke off. One thread.
 */
final class Download implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Download.class);

  private final WorkDirectory work;
  private final Path path;
  private final FileChannel file;
  private final Optional<MessageDigest> digest;
  private long bytes;
  private long held;
  private long expected = -1;
  private Optional<String> version = Optional.empty();
  private boolean handedOver;

  Download(WorkDirectory work, boolean withDigest) {
    this.work = work;
    this.path = work.newFile();
    this.digest = withDigest ? Optional.of(Digests.sha256()) : Optional.empty();
    try {
      this.file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException broken) {
      throw new FetchSystemException("cannot write to " + work.session() + ": " + broken, broken);
    }
  }

  long bytes() {
    return bytes;
  }

  /** The strong entity tag of what the bytes are part of; empty: they cannot be continued. */
  Optional<String> version() {
    return bytes > 0 ? version : Optional.empty();
  }

  /** Bytes the whole file has by the server's word, -1 if it did not say. */
  long expected() {
    return expected;
  }

  /** Bytes there is room for. */
  long held() {
    return held;
  }

  /**
   * Forgets the bytes so far and takes room for new ones.
   *
   * @param length bytes of the whole file, -1 if the server does not say
   * @param most bytes it may have if the server does not say
   * @param newVersion the strong entity tag, if the server has one and continues files
   */
  void restart(long length, long most, Optional<String> newVersion, Deadline deadline)
      throws InterruptedException {
    try {
      file.truncate(0);
    } catch (ClosedByInterruptException interrupted) {
      throw interrupted();
    } catch (IOException broken) {
      throw new FetchSystemException("cannot write to " + path + ": " + broken, broken);
    }
    digest.ifPresent(MessageDigest::reset);
    bytes = 0;
    version = newVersion;
    work.giveBack(held, 0);
    held = 0;
    expected = length;
    long room = length >= 0 ? length : most;
    if (!work.tryTake(room)) {
      LOG.debug("Waiting for {} of room for downloads", Sizes.bytes(room));
      long before = System.nanoTime();
      work.take(room);
      deadline.extend(System.nanoTime() - before);
    }
    held = room;
  }

  void write(byte[] buffer, int length) throws InterruptedException {
    ByteBuffer data = ByteBuffer.wrap(buffer, 0, length);
    try {
      while (data.hasRemaining()) {
        file.write(data);
      }
    } catch (ClosedByInterruptException interrupted) {
      throw interrupted();
    } catch (IOException broken) {
      throw new FetchSystemException("cannot write to " + path + ": " + broken, broken);
    }
    digest.ifPresent(d -> d.update(buffer, 0, length));
    bytes += length;
  }

  /** SHA-256 of the bytes so far in hex; only once, and only if asked for at the start. */
  String sha256() {
    return HexFormat.of().formatHex(digest.orElseThrow().digest());
  }

  /** The finished file, which from now on belongs to the result. */
  LocalVideo handOver(int attempts) {
    LocalVideo.Identity identity;
    try {
      file.close();
      identity = LocalVideo.Identity.of(path);
    } catch (IOException broken) {
      throw new FetchSystemException("cannot write to " + path + ": " + broken, broken);
    }
    work.giveBack(held, bytes);
    held = bytes;
    handedOver = true;
    return new LocalVideo(path, attempts, identity, this::remove);
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
      file.close();
      Files.deleteIfExists(path);
    } catch (IOException left) {
      LOG.warn("Could not delete {}: {}", path, left.toString());
    }
    work.giveBack(held, 0);
    held = 0;
  }

  private static InterruptedException interrupted() {
    Thread.interrupted();
    return new InterruptedException();
  }
}
