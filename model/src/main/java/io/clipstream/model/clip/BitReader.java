package io.clipstream.model.clip;

/** Bits of a byte string, the highest first; zeros behind its end. Pure. */
final class BitReader {
  private final byte[] bytes;
  private long at; // in bits

  /**
   * @param from the byte to begin with
   */
  BitReader(byte[] bytes, int from) {
    this.bytes = bytes;
    this.at = 8L * from;
  }

  int bit() {
    int index = (int) (at >> 3);
    int shift = 7 - (int) (at++ & 7);
    return index < bytes.length ? bytes[index] >> shift & 1 : 0;
  }

  int bits(int count) {
    int value = 0;
    for (int i = 0; i < count; i++) {
      value = value << 1 | bit();
    }
    return value;
  }

  /** An unsigned Exp-Golomb code (9.1 of H.264); the largest number if it is longer than that. */
  int golomb() {
    int zeros = 0;
    while (bit() == 0) {
      if (++zeros > 30) {
        return Integer.MAX_VALUE;
      }
    }
    return (1 << zeros) - 1 + bits(zeros);
  }
}
