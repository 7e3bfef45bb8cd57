package io.clipstream.model.clip;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What the bytes of a picture's file say of it, without decoding one.
 *
 * @param format what it is encoded in
 * @param width in pixels
 * @param height in pixels
 */
public record StillPicture(Format format, int width, int height) {
  /** Formats that are read. */
  public enum Format {
    JPEG,
    PNG
  }

  private static final long PNG_SIGNATURE = 0x89504e470d0a1a0aL;

  /** Segments of a JPEG before its size; real ones have some dozens at most. */
  private static final int MOST_SEGMENTS = 1000;

  /** The type of the last chunk, which has no data, and its checksum (ISO 15948, 11.2.5). */
  private static final long PNG_END = 0x49454e44ae426082L;

  private static final int BUFFER = 1 << 16;

  /**
   * Reads the size.
   *
   * @return empty if it is neither a JPEG nor a PNG, or is cut off before its size
   */
  public static Optional<StillPicture> of(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer head = bytes(channel, 0, 24);
      if (head.remaining() >= 24 && head.getLong(0) == PNG_SIGNATURE) {
        return sized(Format.PNG, head.getInt(16), head.getInt(20));
      }
      return head.remaining() >= 2 && head.getShort(0) == (short) 0xffd8
          ? jpeg(channel)
          : Optional.empty();
    }
  }

  /** Walks over the segments to the one with the size (ISO 10918-1, B.1.1.4 and B.2.2). */
  private static Optional<StillPicture> jpeg(FileChannel channel) throws IOException {
    long at = 2;
    for (int i = 0; i < MOST_SEGMENTS; i++) {
      ByteBuffer segment = bytes(channel, at, 9);
      if (segment.remaining() < 4 || (segment.get(0) & 0xff) != 0xff) {
        return Optional.empty();
      }
      int marker = segment.get(1) & 0xff;
      if (marker == 0xff) { // a byte that fills
        at++;
        continue;
      }
      boolean hasSize =
          marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
      if (hasSize && segment.remaining() == 9) {
        return sized(Format.JPEG, segment.getShort(7) & 0xffff, segment.getShort(5) & 0xffff);
      }
      if (hasSize || marker == 0xda) { // the picture's own data
        return Optional.empty();
      }
      at += 2 + (segment.getShort(2) & 0xffff);
    }
    return Optional.empty();
  }

  private static Optional<StillPicture> sized(Format format, int width, int height) {
    return width > 0 && height > 0
        ? Optional.of(new StillPicture(format, width, height))
        : Optional.empty();
  }

  /** Whether the file has the end of its picture: what is cut off has not. More may follow it. */
  public static boolean hasEnd(Path file, Format format) throws IOException {
    try (InputStream bytes = Files.newInputStream(file);
        DataInputStream in = new DataInputStream(new BufferedInputStream(bytes, BUFFER))) {
      if (format == Format.PNG) {
        return hasNext(in, PNG_END, -1L);
      }
      passOverSegments(in);
      return hasNext(in, 0xffd9, 0xffff);
    } catch (EOFException e) {
      return false;
    }
  }

  /**
   * Goes to a JPEG's own data, which holds no end but its own (ISO 10918-1, B.1.1.5). There may be
   * other pictures in the segments before it.
   */
  private static void passOverSegments(DataInputStream in) throws IOException {
    in.skipNBytes(2);
    while (in.readUnsignedByte() == 0xff) {
      int marker = in.readUnsignedByte();
      while (marker == 0xff) { // bytes that fill
        marker = in.readUnsignedByte();
      }
      in.skipNBytes(Math.max(0, in.readUnsignedShort() - 2));
      if (marker == 0xda) {
        return;
      }
    }
    // Damaged, which is not for here to tell.
  }

  /** Whether some bytes come, which are the last ones of a number. */
  private static boolean hasNext(InputStream in, long wanted, long mask) throws IOException {
    long last = 0;
    for (int next = in.read(); next >= 0; next = in.read()) {
      last = last << Byte.SIZE | next;
      if ((last & mask) == wanted) {
        return true;
      }
    }
    return false;
  }

  private static ByteBuffer bytes(FileChannel channel, long at, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining() && channel.read(bytes, at + bytes.position()) >= 0) {
      // until full or at the end
    }
    return bytes.flip();
  }

  @Override
  public String toString() {
    return "%s of %d x %d".formatted(format, width, height);
  }
}
