package io.clipstream.model.clip;

import java.io.IOException;

/**
 * A page of an Ogg file (RFC 3533, 6).
 *
 * @param start negative if there is none
 * @param body where its header ends
 * @param behind where it ends by its own words
 */
record OggPage(FileBytes file, long start, long body, long behind) {
  private static final int HEADER = 27;
  private static final int LARGEST = HEADER + 255 + 255 * 255;
  private static final int CHECKSUM = 22;
  private static final int END_OF_STREAM = 4;
  private static final int POLYNOMIAL = 0x04c11db7;
  private static final int[] REMAINDERS = remainders();

  static OggPage last(FileBytes file) throws IOException {
    long from = Math.max(0, file.size() - 2 * LARGEST);
    for (long at = file.size() - 6; at >= from; at--) {
      if (file.u8(at) == 'O' && file.has(at, "OggS\0") && file.u8(at + 5) < 8) {
        return at(file, at);
      }
    }
    return new OggPage(file, -1, 0, 0);
  }

  private static OggPage at(FileBytes file, long at) throws IOException {
    int segments = file.u8(at + 26);
    long body = at + HEADER + segments;
    long behind = body;
    for (int i = 0; i < segments; i++) {
      behind += file.u8(at + HEADER + i);
    }
    return new OggPage(file, at, body, behind);
  }

  /**
   * Bytes of pages whose checksum is wrong, which FFmpeg leaves out, and of what is no page between
   * others.
   */
  static long unreadable(FileBytes file)
      throws IOException, UnusableVideoException, InterruptedException {
    long unreadable = 0;
    long sound = 0; // where the last page ends that is
    long broken = 0; // where the last one ends that is not
    for (long at = 0; at < file.size(); at++) {
      if (file.u8(at) != 'O' || !file.has(at, "OggS\0")) {
        continue;
      }
      Deadline.check();
      OggPage page = at(file, at);
      if (page.behind <= file.size() && page.hasItsChecksum()) {
        unreadable += sound > 0 || broken > 0 ? at - sound : 0;
        sound = page.behind;
        at = sound - 1;
      } else {
        broken = Math.min(page.behind, file.size());
      }
    }
    return unreadable + Math.max(0, broken - sound);
  }

  /** Where the file has to end at least: behind it, and the packet that it does not end. */
  long end() throws IOException {
    boolean goesOn = behind == file.size() && behind > body && file.u8(body - 1) == 255;
    return goesOn ? behind + 1 : Math.max(behind, body);
  }

  /** Whether it is the last of its stream by its own words; true also where there is none. */
  boolean isLast() throws IOException {
    return start < 0 || (file.u8(start + 5) & END_OF_STREAM) != 0;
  }

  private boolean hasItsChecksum() throws IOException {
    int checksum = 0;
    for (long at = start; at < behind; at++) {
      boolean itself = at >= start + CHECKSUM && at < start + CHECKSUM + 4;
      int top = checksum >>> 24 ^ (itself ? 0 : file.u8(at));
      checksum = checksum << 8 ^ REMAINDERS[top];
    }
    return checksum == (int) file.little(start + CHECKSUM, 4);
  }

  private static int[] remainders() {
    int[] remainders = new int[256];
    for (int i = 0; i < remainders.length; i++) {
      int remainder = i << 24;
      for (int bit = 0; bit < 8; bit++) {
        remainder = remainder << 1 ^ (remainder < 0 ? POLYNOMIAL : 0);
      }
      remainders[i] = remainder;
    }
    return remainders;
  }
}
