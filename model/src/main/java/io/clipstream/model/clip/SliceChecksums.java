package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avutil.AV_CRC_32_IEEE;
import static org.bytedeco.ffmpeg.global.avutil.av_crc;
import static org.bytedeco.ffmpeg.global.avutil.av_crc_get_table;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.javacpp.BytePointer;

/**
 * The checksums of FFV1's slices (RFC 9043, 4.9). FFmpeg's decoder shows the last picture's part in
 * place of a slice that does not agree with its own, and tells nobody but the log.
 */
final class SliceChecksums {
  /** Behind a slice: its size in 3 bytes, a byte of status and the checksum's 4. */
  private static final int FOOTER = 3 + 1 + 4;

  private SliceChecksums() {}

  /** Whether a packet is nothing but slices that agree with the checksums behind them. */
  static boolean agree(AVPacket packet) {
    BytePointer data = packet.data();
    ByteBuffer bytes = data.capacity(packet.size()).asByteBuffer().order(ByteOrder.BIG_ENDIAN);
    int end = packet.size();
    while (end >= FOOTER) {
      int footer = end - FOOTER;
      int size = bytes.getInt(footer) >>> 8; // the lowest byte is the status
      int begin = footer - size;
      if (begin < 0 || checksum(data.position(begin), end - begin) != 0) {
        return false;
      }
      end = begin;
    }
    return end == 0 && packet.size() > 0;
  }

  /** Zero where the last four bytes are the checksum of those before them. */
  private static int checksum(BytePointer data, int size) {
    return av_crc(av_crc_get_table(AV_CRC_32_IEEE), 0, data, size);
  }
}
