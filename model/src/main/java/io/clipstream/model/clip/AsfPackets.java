package io.clipstream.model.clip;

import java.io.IOException;

/**
 * The data packets of an ASF file by its header, all of one size.
 *
 * @param start of the first
 * @param size bytes of each; 0 if the header does not say
 * @param count 0 in a broadcast, which is not counted
 */
record AsfPackets(FileBytes file, long start, long size, long count) {
  static final long HEADER = 0x3026b2758e66cf11L;
  private static final long PROPERTIES = 0xa1dcab8c47a9cf11L;
  private static final long DATA = 0x3626b2758e66cf11L;
  private static final long INDEX = 0x90080033b1e5cf11L;
  private static final int DATA_HEADER = 50;
  private static final long MOST = 1L << 40;

  static AsfPackets of(FileBytes file)
      throws IOException, UnusableVideoException, InterruptedException {
    AsfPackets none = new AsfPackets(file, 0, 0, 0);
    long data = file.little(16, 8);
    if (file.big(0, 8) != HEADER || data < 30 || data > file.size() || file.big(data, 8) != DATA) {
      return none;
    }
    long at = 30;
    for (int steps = 0; at + 24 <= data && StatedEnd.mayStep(steps); steps++) {
      if (file.big(at, 8) == PROPERTIES) {
        boolean broadcast = (file.u8(at + 88) & 1) != 0;
        long count = broadcast ? 0 : file.little(at + 56, 8);
        long size = file.little(at + 92, 4);
        boolean sane = size == file.little(at + 96, 4) && size > 0 && count >= 0;
        return sane && count < MOST / size
            ? new AsfPackets(file, data + DATA_HEADER, size, count)
            : none;
      }
      long object = file.little(at + 16, 8);
      if (object < 24 || object > data) {
        return none;
      }
      at += object;
    }
    return none;
  }

  /** Where the last has to end; 0 if nothing tells. */
  long end() throws IOException {
    if (size == 0 || count > 0) {
      return start + count * size;
    }
    long whole = file.size() - (file.size() - start) % size;
    // An index, if one is behind them, begins otherwise.
    return whole < file.size() && file.u8(whole) == file.u8(start) ? whole + size : 0;
  }

  /**
   * Bytes of those that do not begin as the first does.
   *
   * @param read where the last packet ends that was read: in a broadcast, what is behind it and no
   *     zeros is something else, as are an index and another file
   */
  long unreadable(long read) throws IOException, UnusableVideoException, InterruptedException {
    long unreadable = 0;
    long at = start;
    for (int i = 0; size > 0 && at + size <= file.size() && StatedEnd.mayStep(i); i++) {
      boolean other = file.u8(at) != file.u8(start);
      long begin = file.big(at, 8);
      boolean behind = other && at >= read && begin != 0;
      if (count > 0 ? i >= count : behind || begin == INDEX || begin == HEADER) {
        break;
      }
      unreadable += other ? size : 0;
      at += size;
    }
    return unreadable;
  }
}
