package io.clipstream.model.clip;

import java.io.IOException;
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

  private static final int JPEG_START = 0xffd8;

  /** The type of the last chunk, which has no data, and its checksum (ISO 15948, 11.2.5). */
  private static final long PNG_END = 0x49454e44ae426082L;

  /**
   * Reads the size.
   *
   * @return empty if it is neither a JPEG nor a PNG, or is cut off before its size
   */
  public static Optional<StillPicture> of(Path file) throws IOException {
    try (FileBytes bytes = new FileBytes(file)) {
      if (bytes.size() >= 24 && bytes.big(0, 8) == PNG_SIGNATURE) {
        return sized(Format.PNG, (int) bytes.big(16, 4), (int) bytes.big(20, 4));
      }
      if (bytes.big(0, 2) != JPEG_START) {
        return Optional.empty();
      }
      JpegHeader header = JpegHeader.of(bytes);
      return sized(Format.JPEG, header.width(), header.height());
    }
  }

  private static Optional<StillPicture> sized(Format format, int width, int height) {
    return width > 0 && height > 0
        ? Optional.of(new StillPicture(format, width, height))
        : Optional.empty();
  }

  /**
   * Whether the file has the end of its picture: what is cut off has not. More may follow it. The
   * segments of a JPEG before its own data may hold other pictures; its data holds no end but its
   * own (ISO 10918-1, B.1.1.5).
   */
  public static boolean hasEnd(Path file, Format format) throws IOException {
    try (FileBytes bytes = new FileBytes(file)) {
      return format == Format.PNG
          ? has(bytes, 0, PNG_END, -1L)
          : has(bytes, JpegHeader.of(bytes).end(), 0xffd9, 0xffff);
    }
  }

  /** Whether some bytes come from a place on, which are the last ones of a number. */
  private static boolean has(FileBytes bytes, long from, long wanted, long mask)
      throws IOException {
    long last = 0;
    for (long at = from; at < bytes.size(); at++) {
      last = last << Byte.SIZE | bytes.u8(at);
      if ((last & mask) == wanted) {
        return true;
      }
    }
    return false;
  }

  @Override
  public String toString() {
    return "%s of %d x %d".formatted(format, width, height);
  }
}
