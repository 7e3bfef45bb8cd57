package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelChunks;
import io.clipstream.schemas.ModelRelease;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.zip.CRC32C;

/**
 * An artifact on disk of which the first chunks are there. Opened again, it keeps those that are
 * whole and have the release's checksums: after a crash of the machine, a file's end may be holes.
 * One thread.
 */
final class PartFile implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final Path path;
  private final ModelRelease release;
  private final ModelChunks chunks;
  private final FileChannel channel;
  private final CRC32C checksum = new CRC32C();
  private MessageDigest digest = FileDigest.newSha256();
  private int next;

  PartFile(Path path, ModelRelease release) throws IOException {
    this.path = path;
    this.release = release;
    this.chunks = release.getChunks();
    this.channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      takeUp();
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void takeUp() throws IOException {
    long size = channel.size();
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    while (!whole() && size - bytes() >= length(next)) {
      MessageDigest longer = copy(digest); // kept if the chunk is right
      checksum.reset();
      long at = bytes();
      for (int left = length(next); left > 0; ) {
        buffer.clear().limit(Math.min(left, BUFFER_BYTES));
        int n = channel.read(buffer, at);
        if (n < 0) {
          throw new IOException(path + " became shorter while it was read");
        }
        buffer.flip();
        checksum.update(buffer.duplicate());
        longer.update(buffer);
        at += n;
        left -= n;
      }
      if (!matches()) {
        break;
      }
      digest = longer;
      next++;
    }
    channel.truncate(bytes());
    channel.position(bytes());
  }

  private static MessageDigest copy(MessageDigest digest) {
    try {
      return (MessageDigest) digest.clone();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("Java's SHA-256 can be cloned", e);
    }
  }

  private boolean matches() {
    return (int) checksum.getValue() == chunks.getChecksums().get(next);
  }

  /** Index of the first chunk that is not there. */
  int next() {
    return next;
  }

  boolean whole() {
    return next == chunks.getChecksums().size();
  }

  /** Bytes that are there. */
  long bytes() {
    return whole() ? release.getBytes() : (long) next * chunks.getChunkBytes();
  }

  /** Bytes of a chunk, as the release has it. */
  int length(int index) {
    long before = (long) index * chunks.getChunkBytes();
    return (int) Math.min(chunks.getChunkBytes(), release.getBytes() - before);
  }

  /** Appends the next chunk if it has the release's checksum; else gives false. */
  boolean append(ByteBuffer data) throws IOException {
    checksum.reset();
    checksum.update(data.duplicate());
    if (!matches()) {
      return false;
    }
    digest.update(data.duplicate());
    while (data.hasRemaining()) {
      channel.write(data);
    }
    next++;
    return true;
  }

  /**
   * Makes it the file, on disk and at once, or deletes it if it has another digest than the
   * release.
   *
   * @return false if the digest is wrong
   */
  boolean become(Path file) throws IOException {
    if (!FileDigest.hex(digest).equals(release.getModel().getDigest())) {
      channel.close();
      Files.delete(path);
      return false;
    }
    channel.force(true);
    channel.close();
    Files.move(path, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return true;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
