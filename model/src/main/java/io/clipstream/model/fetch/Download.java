package io.clipstream.model.fetch;

import io.clipstream.model.FileProblem;
import io.clipstream.model.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * A file on its way here: the bytes so far and their digest. Survives from one attempt to the next,
 * so that a later one can go on where an earlier broke off. One thread.
 */
abstract sealed class Download implements AutoCloseable permits TemporaryDownload, KeptDownload {
  private final Path path;
  private final FileChannel file;
  private final Optional<MessageDigest> digest;
  private final FetchProgress progress;
  private Optional<String> version = Optional.empty();
  private long bytes;
  private long limit;
  private long expected = -1;

  /**
   * @param file open for reading and writing; closed with the download
   */
  Download(Path path, FileChannel file, boolean withDigest, FetchProgress progress) {
    this.path = path;
    this.file = file;
    this.digest = withDigest ? Optional.of(Sha256.start()) : Optional.empty();
    this.progress = progress;
  }

  /**
   * Called when a file begins, instead of what was there before.
   *
   * @param length its bytes, -1 if the server does not say
   * @throws DiskFullException if there is no room for it
   */
  abstract void begins(long length);

  /**
   * Makes sure that there is room for this many bytes from the file's beginning on.
   *
   * @throws DiskFullException if there is none
   */
  abstract void makeRoom(long bytes);

  /** Called when what the bytes are part of changes. */
  abstract void remember(Optional<String> newVersion);

  Path path() {
    return path;
  }

  long bytes() {
    return bytes;
  }

  /** What tells the bytes' file from a changed one (If-Range); empty: they cannot be continued. */
  Optional<String> version() {
    return bytes > 0 ? version : Optional.empty();
  }

  /** Bytes the whole file has by the server's word, -1 if it did not say. */
  long expected() {
    return expected;
  }

  /** Bytes that the file may have. */
  long limit() {
    return limit;
  }

  /**
   * Forgets the bytes so far, for new ones.
   *
   * @param length bytes of the whole file, -1 if the server does not say
   * @param most bytes it may have if the server does not say
   * @param newVersion if the server can continue the file
   */
  void restart(long length, long most, Optional<String> newVersion) throws InterruptedException {
    forget();
    version = newVersion;
    remember(newVersion);
    expected = length;
    limit = length >= 0 ? length : most;
    begins(length);
    progress.at(bytes, expected);
  }

  /**
   * Goes on behind the bytes so far.
   *
   * @param length bytes of the whole file, -1 if the server does not say
   * @param most bytes it may have if no server ever said
   */
  void resume(long length, long most) {
    expected = expected >= 0 ? expected : length;
    limit = expected >= 0 ? expected : most;
    progress.at(bytes, expected);
  }

  /** Drops the bytes so far: they are part of nothing that the server has. */
  void forget() throws InterruptedException {
    try {
      file.truncate(0);
      file.position(0);
    } catch (IOException broken) {
      throw broken(broken);
    }
    digest.ifPresent(MessageDigest::reset);
    bytes = 0;
    version = Optional.empty();
  }

  /**
   * Takes over bytes that are in the file already.
   *
   * @param newVersion of what they are part of
   */
  void adopt(Optional<String> newVersion) throws InterruptedException {
    version = newVersion;
    try {
      bytes = file.size();
      file.position(0);
      ByteBuffer chunk = ByteBuffer.allocate(1 << 18);
      while (digest.isPresent() && file.read(chunk) >= 0) {
        digest.get().update(chunk.flip());
        chunk.clear();
      }
      file.position(bytes);
    } catch (IOException broken) {
      throw broken(broken);
    }
  }

  void write(byte[] buffer, int length) throws InterruptedException {
    makeRoom(bytes + length);
    ByteBuffer data = ByteBuffer.wrap(buffer, 0, length);
    try {
      while (data.hasRemaining()) {
        file.write(data);
      }
    } catch (IOException broken) {
      throw broken(broken);
    }
    digest.ifPresent(d -> d.update(buffer, 0, length));
    bytes += length;
    progress.at(bytes, expected);
  }

  /** SHA-256 of the bytes so far; only once, and only if asked for at the start. */
  String sha256() {
    return Sha256.hex(digest.orElseThrow());
  }

  void closeFile() throws IOException {
    file.close();
  }

  @Override
  public abstract void close();

  private InterruptedException broken(IOException broken) {
    if (broken instanceof ClosedByInterruptException) {
      Thread.interrupted();
      return new InterruptedException();
    }
    throw cannotWrite(path, broken, expected >= 0 ? expected : bytes + 1);
  }

  /** What to throw then. */
  static FetchSystemException cannotWrite(Path path, IOException broken, long needed) {
    String message = "cannot write to " + path + ": " + FileProblem.line(broken);
    if (OutOfFiles.isCauseOf(broken)) {
      return new OutOfFilesException(message, broken);
    }
    return Disk.isFull(broken)
        ? DiskFullException.ofDisk(message, broken, needed)
        : new FetchSystemException(message, broken);
  }
}
