package io.clipstream.model.clip;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * What a file is that FFmpeg's probes do not know: they count what fits against what does not, of
 * which there may be much in a file that begins or ends with other bytes, and MPEG-TS of some ten
 * packets is none for them. Pure but for reading.
 */
final class UnprobedFormat {
  /** As many first bytes may be of something else. */
  private static final int LEAD = 1 << 14;

  private static final int PACKETS = 6;

  /** Packets of a file that has no more. */
  private static final int LEAST = 4;

  private UnprobedFormat() {}

  /** FFmpeg's name of the format; empty if it is not known here either. */
  static String of(Path file) {
    try (FileBytes bytes = new FileBytes(file)) {
      if (bytes.big(0, 3) == 0xffd8ff) {
        return "mjpeg";
      }
      return isTransportStream(bytes) ? "mpegts" : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Packets of 188 bytes, or of 192 with a time before. */
  private static boolean isTransportStream(FileBytes bytes) throws IOException {
    for (int first = 0; first < LEAD; first++) {
      if (bytes.u8(first) == 0x47 && (follow(bytes, first, 188) || follow(bytes, first, 192))) {
        return true;
      }
    }
    return false;
  }

  private static boolean follow(FileBytes bytes, int first, int size) throws IOException {
    for (int i = 0; i < PACKETS; i++) {
      long at = first + (long) i * size;
      if (at == bytes.size() && i >= LEAST) {
        return true;
      }
      if (bytes.u8(at) != 0x47 || (bytes.u8(at + 3) & 0x30) == 0) { // says what is in it
        return false;
      }
    }
    return true;
  }
}
