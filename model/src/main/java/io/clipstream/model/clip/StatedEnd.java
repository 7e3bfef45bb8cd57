package io.clipstream.model.clip;

import java.io.IOException;

/**
 * How many bytes a file lacks at its end, by what its container says of itself: the sizes and
 * counts of its parts that hold pictures and sound. An index or a trailer behind them is not
 * missed, nor is anything where a container does not state sizes, as of live streams. Reads
 * headers, no media.
 */
final class StatedEnd {
  /** Bytes from one packet to the next that headers and the like may take. */
  static final int BETWEEN_PACKETS = 256;

  /** A container that promises more than this many times what is there lies. */
  static final int MOST_OVER = 1 << 20;

  /** Structures that are stepped over at most; a file of more is not looked at to its end. */
  private static final int MOST_STEPS = 1 << 20;

  private static final int MOST_ZEROS = 64;
  static final long MXF_KEY = 0x060e2b3402050101L;
  private static final int UNKNOWN_RIFF = 0xfffffff0;

  private final FileBytes file;
  private long unreadable;

  private StatedEnd(FileBytes file) {
    this.file = file;
  }

  /**
   * @param read where the last packet ends that was read
   * @return bytes that are missing at least; 0 if the file is whole, or nothing tells that it is
   *     not
   */
  static long missing(String format, FileBytes file, long read)
      throws IOException, UnusableVideoException, InterruptedException {
    StatedEnd stated = new StatedEnd(file);
    long end =
        switch (format) {
          case "matroska" -> MatroskaEnd.of(file);
          case "mp4" -> stated.mp4();
          case "avi" -> stated.avi();
          case "asf" -> AsfPackets.of(file).end();
          case "flv" -> stated.flv();
          case "mxf" -> stated.mxf();
          case "ogg" -> OggPage.last(file).end();
          case "rm" -> stated.realMedia();
          case "gif" -> stated.gif();
          case "apng" -> ofPng(file);
          case "mpegts" -> TransportPackets.of(file).statedEnd();
          case "mpeg" -> ProgramStreamEnd.of(file);
          // Frames alone: of one that is cut off, FFmpeg shows none, or one with the last's data.
          case "dv", "yuv4mpegpipe" -> read == file.size() ? 0 : file.size() + 1;
          default -> 0;
        };
    return end > file.size() && end / MOST_OVER <= file.size() ? end - file.size() : 0;
  }

  /**
   * Bytes of media that cannot be read, at least, as they are not what has to be there: packets of
   * ASF that do not begin as the first does, pages of Ogg whose checksum is wrong, what in clusters
   * of Matroska is no element, what follows a tag of FLV that does not end as it should, what
   * follows a picture of GIF and is no block, and what follows something among fragments of MP4 or
   * chunks of AVI that is none.
   *
   * @param read where the last packet ends that was read
   */
  static long unreadable(String format, FileBytes file, long read)
      throws IOException, UnusableVideoException, InterruptedException {
    StatedEnd stated = new StatedEnd(file);
    return switch (format) {
      case "asf" -> AsfPackets.of(file).unreadable(read);
      case "ogg" -> OggPage.unreadable(file);
      case "matroska" -> MatroskaEnd.unreadable(file, read);
      case "flv" -> FlvTags.unreadable(file, read);
      case "avi" -> AviChunks.unreadable(file, read);
      case "gif" -> stated.gif() == 0 ? stated.unreadable : 0;
      case "mp4" -> stated.mp4() <= file.size() ? stated.unreadable : 0;
      default -> 0;
    };
  }

  /**
   * Whether there are more bytes behind the last packet that was read than there should be, where
   * packets follow each other.
   *
   * @param read where the last packet ends; earlier where packets are laced
   */
  static boolean goesOn(String format, FileBytes file, long read)
      throws IOException, UnusableVideoException, InterruptedException {
    long end =
        switch (format) {
          case "flv" -> file.size();
          case "matroska" -> MatroskaEnd.ofClusters(file);
          default -> 0;
        };
    return end > read + BETWEEN_PACKETS;
  }

  /** A step over a structure, of which a hostile file may have many. */
  static boolean mayStep(int steps) throws UnusableVideoException, InterruptedException {
    Deadline.check();
    return steps < MOST_STEPS;
  }

  /**
   * Of fragments, which no index lists: those that a segment index counts, and header and data of
   * the last, as its pictures may be in front of sound. What an index lists of the others, who
   * reads packets misses.
   */
  private long mp4() throws IOException, UnusableVideoException, InterruptedException {
    long end = 0;
    long at = 0;
    boolean fragments = false;
    for (int steps = 0; at + 8 <= file.size() && mayStep(steps); steps++) {
      long size = file.big(at, 4);
      int header = size == 1 ? 16 : 8;
      size = size == 1 ? file.big(at + 8, 8) : size;
      boolean media = file.has(at + 4, "moof") || file.has(at + 4, "mdat");
      boolean none = !file.hasType(at + 4) || (at + size > file.size() && !media);
      if (size < header || fragments && none) { // to the end of the file, or no box: FFmpeg ends
        boolean zeros = file.big(at + 4, 4) == 0;
        boolean lost = zeros ? !isPadding(at, end) : none && has("mdat", at);
        unreadable = fragments && lost ? file.size() - at : 0;
        break;
      }
      if (file.has(at + 4, "sidx")) {
        end = Math.max(end, segments(at + header, at + size));
      } else if (media && (fragments || file.has(at + 4, "moof"))) {
        fragments = true;
        end = Math.max(end, at + size);
      }
      at += size;
      if (at < 0) {
        break;
      }
    }
    return end;
  }

  /**
   * Whether there are nothing but zeros from a place on, or but them and an index of fragments.
   *
   * @param end of the last media: if zeros begin in them, it is more than space made in advance
   */
  private boolean isPadding(long from, long end)
      throws IOException, UnusableVideoException, InterruptedException {
    if (from == end && file.big(from - 8, 8) == 0) {
      return false;
    }
    for (long at = from; at < file.size(); at += 8) {
      if ((at & 0xffff) < 8) {
        Deadline.check();
      }
      if (file.big(at, 8) != 0) {
        boolean index = false;
        for (long box = at - 8; box < at + 8; box++) {
          index |= file.has(box + 4, "mfra") && box + file.big(box, 4) == file.size();
        }
        return index;
      }
    }
    return true;
  }

  /** Whether a text is anywhere from a place on. */
  private boolean has(String text, long from)
      throws IOException, UnusableVideoException, InterruptedException {
    for (long at = from; at < file.size(); at++) {
      if ((at & 0xffff) == 0) {
        Deadline.check();
      }
      if (file.u8(at) == text.charAt(0) && file.has(at, text)) {
        return true;
      }
    }
    return false;
  }

  /** Where the segments of a segment index end (ISO/IEC 14496-12, 8.16.3). */
  private long segments(long body, long behind) throws IOException {
    int wide = file.u8(body) == 0 ? 4 : 8;
    long at = body + 12 + wide; // version, flags, reference, time scale, earliest time
    long end = behind + file.big(at, wide);
    at += wide + 2;
    int count = (int) file.big(at, 2);
    at += 2;
    for (int i = 0; i < count && at < Math.min(behind, file.size()); i++) {
      end += file.big(at, 4) & Integer.MAX_VALUE;
      at += 12;
    }
    return end;
  }

  /** The last list of packets, of any of its parts. */
  private long avi() throws IOException, UnusableVideoException, InterruptedException {
    long end = 0;
    long riff = 0;
    for (int steps = 0; file.has(riff, "RIFF") && mayStep(steps); steps++) {
      long size = file.little(riff + 4, 4);
      long at = riff + 12;
      for (int lists = 0; at + 12 <= file.size() && mayStep(lists); lists++) {
        long length = file.little(at + 4, 4);
        if (file.has(at, "LIST") && file.has(at + 8, "movi")) {
          boolean known = length > 4 && length < (UNKNOWN_RIFF & 0xffffffffL);
          end = known ? Math.max(end, at + 8 + length) : end;
          break;
        }
        at += 8 + length + (length & 1);
      }
      riff += 8 + size + (size & 1);
    }
    return end;
  }

  /**
   * Chunks of AVI that hold nothing: there the last picture stays.
   *
   * @param from where the last picture ends
   * @param stream whose chunks are counted
   */
  static long emptyChunks(FileBytes file, long from, int stream)
      throws IOException, UnusableVideoException, InterruptedException {
    String number = "%02d".formatted(stream);
    long empty = 0;
    long at = from + (from & 1);
    for (int steps = 0; at + 8 <= file.size() && mayStep(steps); steps++) {
      long size = file.little(at + 4, 4);
      boolean ofStream = isDigit(file.u8(at)) && isDigit(file.u8(at + 1));
      if (!ofStream && !file.has(at, "JUNK") && !file.has(at, "ix")) {
        break;
      }
      empty += size == 0 && file.has(at, number + "d") ? 1 : 0;
      at += 8 + size + (size & 1);
    }
    return empty;
  }

  private static boolean isDigit(int character) {
    return character >= '0' && character <= '9';
  }

  /** Where the chunks of AVI end that its packets are in. */
  static long ofRiffs(FileBytes file)
      throws IOException, UnusableVideoException, InterruptedException {
    long riff = 0;
    for (int steps = 0; file.has(riff, "RIFF") && mayStep(steps); steps++) {
      long size = file.little(riff + 4, 4);
      riff += 8 + size + (size & 1);
    }
    return riff;
  }

  /** The size of the file by its script data, without that of its last tag behind it. */
  private long flv() throws IOException {
    long tag = file.big(5, 4) + 4;
    if (file.u8(tag) != 18) {
      return 0;
    }
    long end = tag + 11 + file.big(tag + 1, 3);
    for (long at = tag + 11; at + 19 <= end; at++) {
      if (file.u8(at) == 0 && file.has(at, "\0\10filesize\0")) {
        double size = Double.longBitsToDouble(file.big(at + 11, 8));
        return size >= 4 && size < 1L << 60 ? (long) size - 4 : 0;
      }
    }
    return 0;
  }

  /** Where the footer is, by the partition pack that the file begins with. */
  private long mxf() throws IOException {
    if (file.big(0, 8) != MXF_KEY || file.big(8, 4) != 0x0d010201) {
      return 0; // or something runs in before it
    }
    int first = file.u8(16);
    long pack = 17 + (first > 0x80 ? first - 0x80 : 0);
    return file.big(pack + 24, 8);
  }

  private long realMedia() throws IOException, UnusableVideoException, InterruptedException {
    long at = 0;
    for (int steps = 0; at + 10 <= file.size() && mayStep(steps); steps++) {
      long size = file.big(at + 4, 4);
      if (file.has(at, "DATA")) {
        return size > 36 ? at + size - 18 : 0; // FFmpeg counts its header twice
      }
      if (size < 10) {
        return 0;
      }
      at += size;
    }
    return 0;
  }

  /** Its blocks end with a trailer. */
  private long gif() throws IOException, UnusableVideoException, InterruptedException {
    long at = 13 + colours(file.u8(10));
    int zeros = 0;
    for (int steps = 0; at < file.size() && mayStep(steps); steps++) {
      switch (file.u8(at)) {
        case 0 -> { // which some writers leave between blocks
          if (++zeros > MOST_ZEROS) {
            unreadable = file.size() - at;
            return 0;
          }
          at++;
        }
        case 0x21 -> at = blocks(at + 2);
        case 0x2c -> at = blocks(at + 11 + colours(file.u8(at + 9)));
        case 0x3b -> {
          return 0;
        }
        default -> {
          unreadable = file.size() - at;
          return 0;
        }
      }
    }
    return at + 1;
  }

  /** Where the chunk ends that ends a PNG file; of one without it, where it would at least. */
  static long ofPng(FileBytes file)
      throws IOException, UnusableVideoException, InterruptedException {
    long at = 8;
    for (int steps = 0; at + 8 <= file.size() && mayStep(steps); steps++) {
      boolean last = file.has(at + 4, "IEND");
      at += 12 + file.big(at, 4);
      if (last) {
        return at;
      }
    }
    return at + 12;
  }

  private static int colours(int flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
  }

  private long blocks(long from) throws IOException, UnusableVideoException, InterruptedException {
    long at = from;
    for (int steps = 0; at < file.size() && mayStep(steps); steps++) {
      int size = file.u8(at);
      at += 1 + size;
      if (size == 0) {
        return at;
      }
    }
    return Math.max(at, file.size());
  }
}
