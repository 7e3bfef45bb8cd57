package io.clipstream.model.clip;

import java.io.IOException;

/** Where the last packet of an MPEG program stream ends by its own length. */
final class ProgramStreamEnd {
  /** Longer than any pack with its packets, so that one begins in it. */
  private static final int TAIL = 1 << 18;

  private static final int PACK = 0xba;
  private static final int END = 0xb9;
  private static final int SYSTEM = 0xbb;
  private static final int PADDING = 0xbe;

  private ProgramStreamEnd() {}

  static long of(FileBytes file) throws IOException, UnusableVideoException, InterruptedException {
    long at = Math.max(0, file.size() - TAIL);
    while (at < file.size() && !(file.u8(at) == 0 && file.big(at, 4) == 0x100 + PACK)) {
      at++;
    }
    for (int steps = 0; at + 4 < file.size() && StatedEnd.mayStep(steps); steps++) {
      int code = (int) file.big(at, 4) - 0x100;
      if (code < END || code > 0xff) {
        return 0; // a picture's, or lost
      }
      int size;
      if (code == PACK) {
        boolean first = (file.u8(at + 4) & 0xf0) == 0x20; // MPEG-1
        size = first ? 12 : 14 + (file.u8(at + 13) & 7);
      } else if (code == END) {
        size = 4;
      } else {
        size = 6 + (int) file.big(at + 4, 2);
        if (size == 6) {
          return 0; // without a length
        }
      }
      at += size;
      if (at > file.size() && code != PADDING && code > SYSTEM) {
        return at;
      }
    }
    return 0;
  }
}
