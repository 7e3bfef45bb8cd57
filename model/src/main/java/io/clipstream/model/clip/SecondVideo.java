package io.clipstream.model.clip;

import java.io.IOException;

/**
 * Whether another video begins where the one that is read ends, in the same file: FFmpeg reads the
 * first alone. Containers that FFmpeg goes on reading in, where another of their kind follows, are
 * not asked for that kind: Matroska, AVI, GIF, Ogg, MPEG streams and fragments of MP4. Reads
 * headers, no media.
 */
final class SecondVideo {
  private static final long PNG = 0x89504e470d0a1a0aL;
  private static final long WTV = 0xb7d800203749da11L;
  private static final int PACK = 0x1ba;
  private static final long GXF = 0x1bc;
  private static final int EBML = 0x1a45dfa3;

  private final FileBytes file;

  private SecondVideo(FileBytes file) {
    this.file = file;
  }

  /**
   * @param format of the first
   */
  static boolean follows(String format, FileBytes file)
      throws IOException, UnusableVideoException, InterruptedException {
    SecondVideo second = new SecondVideo(file);
    return switch (format) {
      case "mp4" -> second.behindMp4();
      case "flv" -> second.begins(second.endOfFlv());
      case "asf" -> second.begins(second.endOfAsf());
      case "avi" -> second.begins(StatedEnd.ofRiffs(file));
      case "wtv" -> second.begins(second.endOfWtv());
      case "apng" -> second.begins(StatedEnd.ofPng(file));
      case "matroska" -> {
        long end = MatroskaEnd.ofSegment(file);
        yield file.big(end, 4) != EBML && second.begins(end);
      }
      default -> false;
    };
  }

  /** Whether a container begins at a place. */
  private boolean begins(long at) throws IOException {
    return at > 0
        && (file.has(at + 4, "ftyp")
            || file.big(at, 4) == EBML
            || file.has(at, "FLV\1")
            || (file.has(at, "RIFF") && file.has(at + 8, "AVI "))
            || file.big(at, 8) == AsfPackets.HEADER
            || file.has(at, "OggS\0")
            || file.has(at, ".RMF\0\0\0")
            || file.has(at, "DKIF\0\0")
            || file.has(at, "YUV4MPEG2 ")
            || file.has(at, "nut/multimedia container\0")
            || file.has(at, "GIF87a")
            || isProgramStream(at)
            || file.big(at, 8) == StatedEnd.MXF_KEY
            || file.big(at, 6) == GXF
            || isTransportStream(at)
            || file.big(at, 8) == PNG
            || file.big(at, 8) == WTV
            || file.has(at, "GIF89a"));
  }

  /** A pack by its code and the bits that are always set (ISO/IEC 13818-1, 2.5.3.3; 11172-1). */
  private boolean isProgramStream(long at) throws IOException {
    boolean newer =
        (file.u8(at + 4) & 0xc4) == 0x44
            && (file.u8(at + 6) & 4) != 0
            && (file.u8(at + 8) & 4) != 0
            && (file.u8(at + 9) & 1) != 0
            && (file.u8(at + 12) & 3) == 3;
    boolean older =
        (file.u8(at + 4) & 0xf1) == 0x21
            && (file.u8(at + 6) & 1) != 0
            && (file.u8(at + 8) & 1) != 0;
    return file.big(at, 4) == PACK && (newer || older);
  }

  /** Packets of 188 bytes, or of 192 with a time before. */
  private boolean isTransportStream(long at) throws IOException {
    boolean plain = true;
    boolean timed = true;
    for (int packet = 0; packet < 4; packet++) {
      plain &= file.u8(at + 188L * packet) == 0x47;
      timed &= file.u8(at + 4 + 192L * packet) == 0x47;
    }
    return plain || timed;
  }

  private boolean behindMp4() throws IOException, UnusableVideoException, InterruptedException {
    boolean index = false;
    long at = 0;
    for (int steps = 0; at + 8 <= file.size() && StatedEnd.mayStep(steps); steps++) {
      long size = file.big(at, 4);
      size = size == 1 ? file.big(at + 8, 8) : size;
      if (file.has(at + 4, "moof")) {
        return false; // fragments: more of them are read, whatever is between
      }
      if (index && begins(at)) {
        return true;
      }
      index |= file.has(at + 4, "moov");
      if (size < 8 || at + size < 0) {
        return false;
      }
      at += size;
    }
    return false;
  }

  /** Where its tags end. */
  private long endOfFlv() throws IOException, UnusableVideoException, InterruptedException {
    long at = file.big(5, 4) + 4;
    for (int steps = 0; at + 11 <= file.size() && StatedEnd.mayStep(steps); steps++) {
      int type = file.u8(at) & 0x1f;
      if ((type != 8 && type != 9 && type != 18) || begins(at)) {
        return at;
      }
      at += 11 + file.big(at + 1, 3) + 4;
    }
    return 0;
  }

  /** Its header says in which sector. */
  private long endOfWtv() throws IOException {
    return file.little(0x5c, 4) << 12;
  }

  /** Where its objects end; of a broadcast what follows is read. */
  private long endOfAsf() throws IOException, UnusableVideoException, InterruptedException {
    long at = 0;
    for (int steps = 0; at + 24 <= file.size() && StatedEnd.mayStep(steps); steps++) {
      if (steps > 0 && begins(at)) {
        return at;
      }
      long size = file.little(at + 16, 8);
      if (size < 24 || at + size < 0) {
        return 0;
      }
      at += size;
    }
    return 0;
  }
}
