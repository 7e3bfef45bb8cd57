package io.clipstream.model.clip;

import java.io.IOException;

/**
 * The chunks of an AVI file, which follow each other from its first byte on. Where none is, FFmpeg
 * looks for the next one and says nothing.
 */
final class AviChunks {
  private static final int HEADER = 8;
  private static final int LIST_HEADER = 12;

  private AviChunks() {}

  /**
   * Bytes at the first place where a chunk has to be among those of pictures and sound, and none
   * is, up to the next one.
   *
   * @param read where the last packet ends that was read: what is behind it is something else
   */
  static long unreadable(FileBytes file, long read)
      throws IOException, UnusableVideoException, InterruptedException {
    boolean media = false;
    boolean odd = false;
    boolean evened = false;
    long at = 0;
    for (int steps = 0; at + HEADER <= read && StatedEnd.mayStep(steps); steps++) {
      if (odd && !evened && !isChunk(file, at) && isChunk(file, at - 1)) {
        at--; // some writers leave out the byte that makes a size even
      } else {
        evened |= odd;
      }
      odd = false;
      if (!isChunk(file, at)) {
        return media ? next(file, at, read) - at : 0;
      }
      boolean movi = file.has(at, "LIST") && file.has(at + HEADER, "movi");
      media |= movi;
      if (movi || file.has(at, "RIFF") || file.has(at + HEADER, "rec ")) {
        at += LIST_HEADER;
      } else {
        long size = file.little(at + 4, 4);
        odd = size % 2 > 0;
        at += HEADER + size + size % 2;
      }
    }
    return 0;
  }

  private static long next(FileBytes file, long from, long read)
      throws IOException, UnusableVideoException, InterruptedException {
    long at = from + 1;
    while (at < read && !(isChunk(file, at) && at + HEADER + file.little(at + 4, 4) <= read)) {
      if ((at & 0xffff) == 0) {
        Deadline.check();
      }
      at++;
    }
    return at;
  }

  /** Whether a place may begin a chunk: with four characters, or a stream's number and two. */
  private static boolean isChunk(FileBytes file, long at) throws IOException {
    boolean number = isDigit(file.u8(at)) && !isDigit(file.u8(at + 2));
    return file.hasType(at) && isDigit(file.u8(at + 1)) == number;
  }

  private static boolean isDigit(int character) {
    return character >= '0' && character <= '9';
  }
}
