package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Walks through the NAL units of a packet of H.264 or HEVC, whether each begins with its length
 * (mp4, Matroska) or with a start code (MPEG-TS, raw streams; Annex B of either standard). Pure.
 */
final class NalUnits {
  private final ByteBuffer packet;
  private final int lengthBytes; // 0: start codes
  private int start;
  private int end;

  /**
   * @param packet from index 0 to its limit
   * @param lengthBytes size of the length before each unit; 0 if there are start codes
   */
  NalUnits(ByteBuffer packet, int lengthBytes) {
    this.packet = packet;
    this.lengthBytes = lengthBytes;
    this.end = lengthBytes > 0 ? 0 : startCode(0);
  }

  /**
   * Size of the length before each unit by the codec's header in the container; 0 if it has none.
   */
  static int lengthBytes(ByteBuffer header, int at) {
    boolean lengths = header.limit() > at && header.get(0) == 1;
    return lengths ? (header.get(at) & 3) + 1 : 0;
  }

  /** Goes to the next unit; false if there is none. */
  boolean next() {
    if (lengthBytes > 0) {
      if (end + lengthBytes >= packet.limit()) {
        return false;
      }
      long length = 0;
      for (int i = 0; i < lengthBytes; i++) {
        length = length << 8 | (packet.get(end + i) & 0xff);
      }
      start = end + lengthBytes;
      end = (int) Math.min(packet.limit(), start + length);
    } else {
      start = end + 3;
      end = startCode(start);
    }
    return start < packet.limit();
  }

  /** First place from {@code from} on where 0, 0, 1 is; the limit if nowhere. */
  private int startCode(int from) {
    for (int i = from; i + 2 < packet.limit(); i++) {
      if (packet.get(i) == 0 && packet.get(i + 1) == 0 && packet.get(i + 2) == 1) {
        return i;
      }
    }
    return packet.limit();
  }

  /** A byte of the unit; 0 behind its end. */
  int at(int index) {
    return start + index < end ? packet.get(start + index) & 0xff : 0;
  }

  /** The unit without the bytes that keep start codes out of it (7.3.1 of H.264). */
  byte[] unescaped() {
    byte[] bytes = new byte[Math.max(0, end - start)];
    int size = 0;
    int zeros = 0;
    for (int i = start; i < end; i++) {
      byte now = packet.get(i);
      if (zeros >= 2 && now == 3) {
        zeros = 0;
      } else {
        zeros = now == 0 ? zeros + 1 : 0;
        bytes[size++] = now;
      }
    }
    return Arrays.copyOf(bytes, size);
  }
}
