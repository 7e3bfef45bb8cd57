package io.clipstream.model.clip;

import java.io.IOException;

/**
 * Whether a NUT file ends as writers end one: with an index, or with another copy of its headers.
 * Its frames alone do not tell how many there are to be.
 */
final class NutEnd {
  private static final long MAIN = 0x4e4d7a561f5f04adL;
  private static final long INDEX = 0x4e58dd672f23e64eL;

  /** Bytes that a packet may seem to end behind its end: its first ones that are not stored. */
  private static final int NOT_STORED = 255;

  private NutEnd() {}

  /**
   * @param read where the last packet ends
   */
  static boolean isOpen(FileBytes file, long read) throws IOException {
    if (startsAt(file, file.size() - file.big(file.size() - 12, 8), INDEX)) {
      return false;
    }
    for (long at = Math.max(0, read - NOT_STORED); at <= read; at++) {
      if (startsAt(file, at, INDEX) || startsAt(file, at, MAIN)) {
        return false;
      }
    }
    return true;
  }

  private static boolean startsAt(FileBytes file, long at, long code) throws IOException {
    return file.big(at, 8) == code;
  }
}
