package io.clipstream.model.clip;

import java.io.IOException;

/** The tags of an FLV file: behind each stands its size once more. */
final class FlvTags {
  private static final int HEADER = 11;
  private static final int KIND = 0x1f;
  private static final int SOUND = 8;
  private static final int VIDEO = 9;
  private static final int SCRIPT = 18;

  private FlvTags() {}

  /**
   * Bytes from the first tag on that does not end as it should, or is none; 0 if the tags before it
   * do not end so either, as some write other sizes there, or none.
   *
   * @param read where the last packet ends that was read: what is behind it is something else
   */
  static long unreadable(FileBytes file, long read)
      throws IOException, UnusableVideoException, InterruptedException {
    long at = file.big(5, 4) + 4;
    int intact = 0;
    for (; at + HEADER < file.size() && StatedEnd.mayStep(intact); intact++) {
      int kind = file.u8(at) & KIND;
      long size = HEADER + file.big(at + 1, 3);
      if (at + size + 4 > file.size()) {
        return 0; // cut off
      }
      boolean tag = kind == SOUND || kind == VIDEO || kind == SCRIPT;
      if (!tag || !isSize(file.big(at + size, 4), size)) {
        return intact > 2 ? Math.max(0, read - at) : 0;
      }
      at += size + 4;
    }
    return 0;
  }

  /** Some leave the header out, or the last byte of it. */
  private static boolean isSize(long told, long size) {
    return told == size || told == size - 1 || (told == size - HEADER && told > 0);
  }
}
