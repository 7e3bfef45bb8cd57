package io.clipstream.model.clip;

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
   * Zeros in a row that no coded picture has of codecs whose decoders tell nothing. The most that
   * encoders wrote were 27 (VP8, noise); of others, such as WMV 2, flat pictures have any number.
   */
  private static final int HOLE = 128;

  private final int codec;
  private final int lengthBytes;
  private final boolean checksums;

  /**
   * @param checksums whether slices have checksums behind them, for the codec that may have them
   */
  SliceData(VideoTrack track, boolean checksums) {
    this.codec = track.codecId();
    this.lengthBytes = NalUnits.lengthBytes(codec, track.header());
    this.checksums = checksums;
  }

  /** Whether the packet is as it was written, as far as can be seen. */
  boolean isSound(AVPacket packet) {
    if (packet.size() <= 0) {
      return true;
    }
    ByteBuffer bytes = packet.data().capacity(packet.size()).asByteBuffer();
    return switch (codec) {
      case AV_CODEC_ID_H264, AV_CODEC_ID_HEVC -> !hasHoleInSlices(bytes);
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

  /** Whether a long row of zeros is in a packet, and not at its end, where padding may be. */
  private static boolean hasHole(ByteBuffer bytes) {
    for (int at = HOLE - 1; at < bytes.limit(); at += HOLE) { // each row has one of these places
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
      if (to < bytes.limit() && to - from >= HOLE) {
        return true;
      }
    }
    return false;
  }
}
