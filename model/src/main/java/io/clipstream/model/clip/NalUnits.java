package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_HEVC;

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
  private boolean whole = true;

  /**
   * @param packet from index 0 to its limit
   * @param lengthBytes size of the length before each unit; 0 if there are start codes
   */
  NalUnits(ByteBuffer packet, int lengthBytes) {
    this.packet = packet;
    this.lengthBytes = lengthBytes == 4 && hasStartCodes() ? 0 : lengthBytes;
    this.end = this.lengthBytes > 0 ? 0 : startCode(0);
  }

  /**
   * Size of the length before each unit by the codec's header in the container (avcC and hvcC of
   * ISO/IEC 14496-15); 0 if it has none, or for other codecs. Early writers gave hvcC version 0.
   *
   * @param codec FFmpeg's number
   */
  static int lengthBytes(int codec, ByteBuffer header) {
    int at = codec == AV_CODEC_ID_H264 ? 4 : codec == AV_CODEC_ID_HEVC ? 21 : header.limit();
    if (header.limit() <= at) {
      return 0;
    }
    boolean startCode = header.get(0) == 0 && header.get(1) == 0 && (header.get(2) & 0xfe) == 0;
    boolean lengths = codec == AV_CODEC_ID_H264 ? header.get(0) == 1 : !startCode;
    return lengths ? (header.get(at) & 3) + 1 : 0;
  }

  /**
   * Whether start codes are in place of lengths, as some write them and FFmpeg reads them: else a
   * unit of one byte would be first, with the length of the next one behind it.
   */
  private boolean hasStartCodes() {
    boolean one = packet.limit() > 8 && packet.get(0) == 0 && isStartCode(1);
    return one && length(5, 4) > packet.limit();
  }

  private long length(int at, int bytes) {
    long length = 0;
    for (int i = 0; i < bytes; i++) {
      length = length << 8 | (packet.get(at + i) & 0xff);
    }
    return length;
  }

  /** Goes to the next unit; false if there is none. */
  boolean next() {
    if (lengthBytes > 0) {
      if (end + lengthBytes >= packet.limit()) {
        return false;
      }
      long length = length(end, lengthBytes);
      start = end + lengthBytes;
      end = (int) Math.min(packet.limit(), start + length);
      whole &= length > 0 && end - start == length;
    } else {
      start = end + 3;
      end = startCode(start);
    }
    return start < packet.limit();
  }

  /** Whether all units so far have the lengths that they begin with, none of them 0. */
  boolean areWhole() {
    return whole;
  }

  /** First place from {@code from} on where 0, 0, 1 is; the limit if nowhere. */
  private int startCode(int from) {
    for (int i = from; i + 2 < packet.limit(); i++) {
      if (isStartCode(i)) {
        return i;
      }
    }
    return packet.limit();
  }

  private boolean isStartCode(int at) {
    return packet.get(at) == 0 && packet.get(at + 1) == 0 && packet.get(at + 2) == 1;
  }

  /** A byte of the unit; 0 behind its end. */
  int at(int index) {
    return start + index < end ? packet.get(start + index) & 0xff : 0;
  }

  /**
   * Whether three zero bytes are in a row within the unit, which neither standard allows (7.4.1 of
   * H.264, 7.4.2 of HEVC): a part of it was overwritten or never written. Zeros at its end are
   * padding, and three before a one are a start code of those who put several units into one.
   */
  boolean hasHole() {
    int last = end - 1;
    while (last > start && packet.get(last) == 0) {
      last--;
    }
    // Of three in a row one is at every third byte.
    for (int i = start + 2; i < last; i += 3) {
      if (packet.get(i) == 0 && isHole(i, last)) {
        return true;
      }
    }
    return false;
  }

  private boolean isHole(int at, int last) {
    int from = at;
    while (from > start && packet.get(from - 1) == 0) {
      from--;
    }
    int to = at + 1;
    while (to < last && packet.get(to) == 0) {
      to++;
    }
    return to - from > (packet.get(to) == 1 ? 3 : 2);
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
