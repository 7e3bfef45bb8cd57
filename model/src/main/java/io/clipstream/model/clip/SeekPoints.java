package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_AV1;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_DIRAC;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_FLV1;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H263;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_HEVC;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MPEG1VIDEO;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MPEG2VIDEO;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MPEG4;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MSMPEG4V2;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MSMPEG4V3;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_THEORA;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP8;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP9;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_WMV1;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_WMV2;

import java.nio.ByteBuffer;

/**
 * Tells by the bytes of a packet whether decoding may start with it. A container's mark of a key
 * frame is not enough: FFmpeg and muxers mark recovery points of H.264 too, from which pictures are
 * right only some pictures later (intra refresh), and there are writers that mark every packet.
 * Pure.
 */
final class SeekPoints {
  /** Decoding cannot start here. */
  static final int NEVER = -1;

  private static final int SLICE = 1;
  private static final int IDR_SLICE = 5;
  private static final int SEI = 6;
  private static final int PREFIX_SEI = 39; // of HEVC
  private static final int RECOVERY_POINT = 6;
  private static final int DISPLAY_ORIENTATION = 47;

  private final int codec;
  private final int lengthBytes;

  /**
   * @param codec FFmpeg's number
   * @param header of the codec, as the container keeps it; empty if it does not
   */
  SeekPoints(int codec, ByteBuffer header) {
    this.codec = codec;
    this.lengthBytes = NalUnits.lengthBytes(codec, header);
  }

  /**
   * How soon pictures are right if decoding starts with a packet that the container marks as key.
   *
   * @param packet from index 0 to its limit
   * @return 0 if at once, apart from pictures that are shown before it; n if from the picture on
   *     that follows n reference pictures, this one included; {@link #NEVER}
   */
  int recovery(ByteBuffer packet) {
    if (packet.limit() == 0) {
      return NEVER;
    }
    int first = packet.get(0) & 0xff;
    return switch (codec) {
      case AV_CODEC_ID_H264 -> h264(packet);
      case AV_CODEC_ID_HEVC -> key(hevc(packet));
      // picture_coding_type of ISO/IEC 13818-2, vop_coding_type of 14496-2
      case AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO ->
          key(afterStartCode(packet, 0x00, 10, 3) == 1);
      case AV_CODEC_ID_MPEG4 -> key(afterStartCode(packet, 0xb6, 0, 2) == 0);
      case AV_CODEC_ID_H263 -> key(h263(packet));
      case AV_CODEC_ID_FLV1 -> key(sorenson(packet));
      case AV_CODEC_ID_MSMPEG4V2, AV_CODEC_ID_MSMPEG4V3, AV_CODEC_ID_WMV1 -> key(first >> 6 == 0);
      case AV_CODEC_ID_WMV2 -> key(first >> 7 == 0);
      case AV_CODEC_ID_VP8 -> key((first & 1) == 0); // RFC 6386, 9.1
      case AV_CODEC_ID_VP9 -> key(vp9(packet));
      case AV_CODEC_ID_AV1 -> key(av1(packet));
      case AV_CODEC_ID_THEORA -> key((first & 0xc0) == 0); // neither a header nor an inter frame
      default -> 0;
    };
  }

  /** Whether only the container says so: packets of the codec are not looked into. */
  boolean areByContainer() {
    return switch (codec) {
      case AV_CODEC_ID_H264,
          AV_CODEC_ID_HEVC,
          AV_CODEC_ID_MPEG1VIDEO,
          AV_CODEC_ID_MPEG2VIDEO,
          AV_CODEC_ID_MPEG4,
          AV_CODEC_ID_H263,
          AV_CODEC_ID_FLV1,
          AV_CODEC_ID_MSMPEG4V2,
          AV_CODEC_ID_MSMPEG4V3,
          AV_CODEC_ID_WMV1,
          AV_CODEC_ID_WMV2,
          AV_CODEC_ID_VP8,
          AV_CODEC_ID_VP9,
          AV_CODEC_ID_AV1,
          AV_CODEC_ID_THEORA ->
          false;
      default -> true;
    };
  }

  private static int key(boolean key) {
    return key ? 0 : NEVER;
  }

  /** Whether a packet of H.264, HEVC or Dirac has a picture, not only what belongs to one. */
  boolean hasPicture(ByteBuffer packet) {
    if (codec == AV_CODEC_ID_DIRAC) { // 0x10 is the end of a sequence (Dirac specification, 9.6)
      return packet.limit() < 5 || packet.get(4) != 0x10;
    }
    if (codec != AV_CODEC_ID_H264 && codec != AV_CODEC_ID_HEVC) {
      return true;
    }
    NalUnits units = new NalUnits(packet, lengthBytes);
    boolean any = false;
    while (units.next()) {
      int header = units.at(0);
      int type = codec == AV_CODEC_ID_H264 ? header & 31 : header >> 1 & 63;
      any = true;
      if (codec == AV_CODEC_ID_H264 ? type >= SLICE && type <= IDR_SLICE : type < 32) {
        return true;
      }
    }
    return !any; // not understood: let the decoder tell
  }

  /** Whether other pictures may be predicted from this one; H.264 only. */
  boolean isReference(ByteBuffer packet) {
    NalUnits units = new NalUnits(packet, lengthBytes);
    while (units.next()) {
      int type = units.at(0) & 31;
      if (type >= SLICE && type <= IDR_SLICE) {
        return (units.at(0) & 0x60) != 0; // nal_ref_idc
      }
    }
    return false;
  }

  private int h264(ByteBuffer packet) {
    NalUnits units = new NalUnits(packet, lengthBytes);
    int recovery = NEVER;
    while (units.next()) {
      int type = units.at(0) & 31;
      if (type == IDR_SLICE) {
        return 0;
      }
      if (type >= SLICE && type < IDR_SLICE) {
        return recovery == 0 && !intra(units) ? NEVER : recovery;
      }
      if (type == SEI) {
        recovery = Math.max(recovery, recoveryPoint(units.unescaped()));
      }
    }
    return NEVER;
  }

  /** Whether a slice is an I or SI slice (H.264, 7.4.3). */
  private static boolean intra(NalUnits slice) {
    byte[] header = new byte[8];
    for (int i = 0; i < header.length; i++) {
      header[i] = (byte) slice.at(i + 1);
    }
    BitReader bits = new BitReader(header, 0);
    bits.golomb(); // first_mb_in_slice
    int type = bits.golomb() % 5;
    return type == 2 || type == 4;
  }

  /**
   * Whether a packet of H.264 or HEVC says how its picture and those behind it are turned (H.264,
   * D.2.27; H.265, D.3.17).
   */
  boolean turns(ByteBuffer packet) {
    if (codec != AV_CODEC_ID_H264 && codec != AV_CODEC_ID_HEVC) {
      return false;
    }
    boolean hevc = codec == AV_CODEC_ID_HEVC;
    NalUnits units = new NalUnits(packet, lengthBytes);
    while (units.next()) {
      int type = hevc ? units.at(0) >> 1 & 63 : units.at(0) & 31;
      if (hevc ? type < 32 : type >= SLICE && type <= IDR_SLICE) {
        return false;
      }
      if (type == (hevc ? PREFIX_SEI : SEI)
          && message(units.unescaped(), hevc ? 2 : 1, DISPLAY_ORIENTATION) >= 0) {
        return true;
      }
    }
    return false;
  }

  /** recovery_frame_cnt of an SEI message, if pictures are exact then (H.264, D.1.8, D.2.8). */
  private static int recoveryPoint(byte[] unit) {
    int at = message(unit, 1, RECOVERY_POINT);
    if (at < 0) {
      return NEVER;
    }
    BitReader bits = new BitReader(unit, at);
    int frames = bits.golomb();
    boolean exact = bits.bit() == 1;
    return frames == 0 || (exact && frames < 1 << 16) ? frames : NEVER;
  }

  /**
   * Where the message of a type is in an SEI unit (H.264, 7.3.2.3.1); -1 if there is none.
   *
   * @param from where the first one begins
   */
  private static int message(byte[] unit, int from, int wanted) {
    int at = from;
    while (at + 2 < unit.length) {
      int type = 0;
      int size = 0;
      for (; at < unit.length && unit[at] == (byte) 0xff; at++) {
        type += 255;
      }
      type += at < unit.length ? unit[at++] & 0xff : 0;
      for (; at < unit.length && unit[at] == (byte) 0xff; at++) {
        size += 255;
      }
      size += at < unit.length ? unit[at++] & 0xff : 0;
      if (type == wanted) {
        return at;
      }
      at += size;
    }
    return -1;
  }

  /** Whether the picture is an IRAP picture: types 16 to 23 (H.265, 7.4.2.2). */
  private boolean hevc(ByteBuffer packet) {
    NalUnits units = new NalUnits(packet, lengthBytes);
    while (units.next()) {
      int type = units.at(0) >> 1 & 63;
      if (type < 32) {
        return type >= 16 && type <= 23;
      }
    }
    return false;
  }

  /** Bits behind the first start code of a kind; -1 if there is none. */
  private static int afterStartCode(ByteBuffer packet, int kind, int skip, int count) {
    NalUnits units = new NalUnits(packet, 0);
    while (units.next()) {
      if (units.at(0) == kind) {
        byte[] next = {(byte) units.at(1), (byte) units.at(2)};
        BitReader bits = new BitReader(next, 0);
        bits.bits(skip);
        return bits.bits(count);
      }
    }
    return -1;
  }

  /** Whether the picture is an INTRA picture (H.263, 5.1). */
  private static boolean h263(ByteBuffer packet) {
    BitReader bits = new BitReader(head(packet, 16), 0);
    boolean startCode = bits.bits(22) == 32;
    bits.bits(8 + 5); // temporal reference, the first bits of PTYPE
    if (bits.bits(3) != 7) { // source format
      return startCode && bits.bit() == 0;
    }
    int update = bits.bits(3);
    bits.bits(update == 1 ? 18 : 0); // OPPTYPE
    return startCode && bits.bits(3) == 0;
  }

  /** The same for Sorenson's variant of it, whose header is shorter. */
  private static boolean sorenson(ByteBuffer packet) {
    BitReader bits = new BitReader(head(packet, 16), 0);
    bits.bits(17 + 5 + 8); // start code, version, temporal reference
    int size = bits.bits(3);
    bits.bits(size == 0 ? 16 : 0);
    bits.bits(size == 1 ? 32 : 0);
    return bits.bits(2) == 0;
  }

  private static byte[] head(ByteBuffer packet, int bytes) {
    byte[] head = new byte[Math.min(bytes, packet.limit())];
    packet.get(0, head);
    return head;
  }

  /** Whether frame_type is KEY_FRAME (VP9 bitstream specification, 6.2). */
  private static boolean vp9(ByteBuffer packet) {
    BitReader bits = new BitReader(new byte[] {packet.get(0)}, 0);
    int marker = bits.bits(2);
    int profile = bits.bit() | bits.bit() << 1;
    int reserved = profile == 3 ? bits.bit() : 0;
    int existing = bits.bit();
    return marker == 2 && reserved == 0 && existing == 0 && bits.bit() == 0;
  }

  /** Whether the first frame is a KEY_FRAME that is shown (AV1 bitstream specification, 5.9.2). */
  private static boolean av1(ByteBuffer packet) {
    int at = 0;
    while (at < packet.limit()) {
      int header = packet.get(at++) & 0xff;
      int type = header >> 3 & 15;
      at += (header & 4) != 0 ? 1 : 0; // extension
      long size = (header & 2) != 0 ? 0 : packet.limit() - at;
      for (int shift = 0; (header & 2) != 0 && at < packet.limit(); shift += 7) {
        int now = packet.get(at++) & 0xff;
        size |= shift < 35 ? (now & 0x7fL) << shift : 0;
        if ((now & 0x80) == 0) {
          break;
        }
      }
      if ((type == 3 || type == 6) && at < packet.limit()) { // frame header, or frame
        int bits = packet.get(at) & 0xff; // show_existing_frame, frame_type of two, show_frame
        return (bits & 0xf0) == 0x10;
      }
      at = (int) Math.min(packet.limit(), at + size);
    }
    return false;
  }
}
