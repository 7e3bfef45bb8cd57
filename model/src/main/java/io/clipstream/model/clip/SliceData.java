package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_DVVIDEO;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_FFV1;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H261;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_HEVC;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MSMPEG4V2;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MSMPEG4V3;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP8;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP9;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avcodec.AVPacket;

/**
 * Tells by the bytes of a packet that its picture is damaged, where the decoder may not: FFmpeg's
 * for HEVC and others decode whatever there is, as do those of GPUs. One thread.
 */
final class SliceData {
  /**
   * Zeros in a row that no coded picture has of codecs whose decoders tell nothing; of others, such
   * as WMV 2, flat pictures have any number. Of VP8 and FFV1 there may be more ({@link #hole}).
   */
  private static final int HOLE = 128;

  /** Pixels per further zero: flat areas of VP8 had up to one in 1,300 of them. */
  private static final int FLAT_VP8 = 600;

  /** The same of FFV1, where each pixel is by one more than its neighbours: one in 64. */
  private static final int FLAT_FFV1 = 32;

  /** Pixels per byte of FFV1, at least, where whole pictures may be so. */
  private static final int FEW_FFV1 = 4;

  private static final int DIF_BLOCK = 80;
  private static final int DIF_SEQUENCE = 150;
  private static final int DIF_PIXELS = 4;

  private final int codec;
  private final int lengthBytes;
  private final boolean checksums;
  private int pixels;

  /**
   * @param checksums whether slices have checksums behind them, for the codec that may have them
   */
  SliceData(VideoTrack track, boolean checksums) {
    this.codec = track.codecId();
    this.lengthBytes = NalUnits.lengthBytes(codec, track.header());
    this.checksums = checksums;
    this.pixels = track.parameters().width() * track.parameters().height();
  }

  /** Whether the packet is as it was written, as far as can be seen. */
  boolean isSound(AVPacket packet) {
    if (packet.size() <= 0) {
      return true;
    }
    ByteBuffer bytes = packet.data().capacity(packet.size()).asByteBuffer();
    return switch (codec) {
      case AV_CODEC_ID_H264, AV_CODEC_ID_HEVC -> !hasHoleInSlices(bytes);
      case AV_CODEC_ID_DVVIDEO -> areDifBlocks(bytes);
      case AV_CODEC_ID_FFV1 -> checksums ? SliceChecksums.agree(packet) : !hasHole(bytes);
      case AV_CODEC_ID_VP8,
          AV_CODEC_ID_VP9,
          AV_CODEC_ID_MSMPEG4V2,
          AV_CODEC_ID_MSMPEG4V3,
          AV_CODEC_ID_H261 ->
          !hasHole(bytes);
      default -> true;
    };
  }

  private boolean hasHoleInSlices(ByteBuffer bytes) {
    NalUnits units = new NalUnits(bytes, lengthBytes);
    while (units.next()) {
      if (isSlice(units.at(0)) && units.hasHole()) {
        return true;
      }
    }
    return !units.areWhole();
  }

  /** By the first byte of the unit (table 7-1 of either standard); also one that is zero. */
  private boolean isSlice(int header) {
    return codec == AV_CODEC_ID_H264 ? (header & 31) <= 5 : (header >> 1 & 63) < 32;
  }

  /**
   * Zeros in a row that are a hole in a packet. Both coders write zeros as long as the likely
   * comes.
   */
  private int hole(ByteBuffer bytes) {
    if (codec == AV_CODEC_ID_VP8) {
      if (bytes.limit() >= 10 && (bytes.get(0) & 1) == 0) { // a key frame tells its size
        pixels = little14(bytes, 6) * little14(bytes, 8);
      }
      return HOLE + pixels / FLAT_VP8;
    }
    boolean mayBeFlat = codec == AV_CODEC_ID_FFV1 && bytes.limit() < pixels / FEW_FFV1;
    return HOLE + (mayBeFlat ? pixels / FLAT_FFV1 : 0);
  }

  private static int little14(ByteBuffer bytes, int at) {
    return (bytes.get(at + 1) & 0x3f) << 8 | bytes.get(at) & 0xff;
  }

  /**
   * Whether the blocks of a picture of DV that hold pixels say so (IEC 61834-2): in each sequence
   * fifteen behind one of sound, nine times, after six others.
   */
  private static boolean areDifBlocks(ByteBuffer bytes) {
    for (int at = 0; at + DIF_BLOCK <= bytes.limit(); at += DIF_BLOCK) {
      int block = at / DIF_BLOCK % DIF_SEQUENCE - 6;
      boolean pixels = block >= 0 && block % 16 > 0;
      if (pixels && (bytes.get(at) & 0xff) >> 5 != DIF_PIXELS) {
        return false;
      }
    }
    return true;
  }

  /** Whether a long row of zeros is in a packet, and not at its end, where padding may be. */
  private boolean hasHole(ByteBuffer bytes) {
    int hole = hole(bytes);
    for (int at = hole - 1; at < bytes.limit(); at += hole) { // each row has one of these places
      if (bytes.get(at) != 0) {
        continue;
      }
      int from = at;
      int to = at;
      while (from > 0 && bytes.get(from - 1) == 0) {
        from--;
      }
      while (to < bytes.limit() && bytes.get(to) == 0) {
        to++;
      }
      if (to < bytes.limit() && to - from >= hole) {
        return true;
      }
    }
    return false;
  }
}
