package io.clipstream.model.clip;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A file's bytes at any place, for those who step over its structures: one window of it is in
 * memory. What lies outside the file reads as 0. One thread.
 */
final class FileBytes implements Bytes<IOException>, AutoCloseable {
  private static final int WINDOW = 4096;

  /** For those who read a file through. */
  private static final int LARGE_WINDOW = 1 << 16;

  private final FileChannel channel;
  private final long size;
  private final ByteBuffer window;
  private long start; // of the window

  FileBytes(Path file) throws IOException {
    this(file, false);
  }

  /**
   * @param through whether most of the file is read, and not a structure here and there
   */
  FileBytes(Path file, boolean through) throws IOException {
    window = ByteBuffer.allocate(through ? LARGE_WINDOW : WINDOW);
    channel = FileChannel.open(file);
    size = channel.size();
    window.limit(0);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int u8(long at) throws IOException {
    if (at < 0 || at >= size) {
      return 0;
    }
    if (at < start || at >= start + window.limit()) {
      window.clear();
      start = at < start ? Math.max(0, at - window.capacity() + 1) : at; // read backwards, too
      while (window.hasRemaining() && channel.read(window, start + window.position()) > 0) {
        // until full or at the end
      }
      window.flip();
    }
    return at < start + window.limit() ? window.get((int) (at - start)) & 0xff : 0;
  }

  /** Up to eight bytes, the highest first. */
  long big(long at, int bytes) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value = value << 8 | u8(at + i);
    }
    return value;
  }

  /** Up to eight bytes, the lowest first. */
  long little(long at, int bytes) throws IOException {
    long value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      value = value << 8 | u8(at + i);
    }
    return value;
  }

  /** Whether the bytes of a text are there, each as one byte. */
  boolean has(long at, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i < bytes.length; i++) {
      if (at + i >= size || u8(at + i) != (bytes[i] & 0xff)) {
        return false;
      }
    }
    return true;
  }

  /** Whether there are four characters, as types of boxes and chunks are. */
  boolean hasType(long at) throws IOException {
    for (int i = 0; i < 4; i++) {
      int character = u8(at + i);
      if (character < ' ' || (character > '~' && character != 0xa9)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
