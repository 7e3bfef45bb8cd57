package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_HEVC;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP8;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP9;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ420P;

import java.nio.ByteBuffer;

/**
 * Which videos NVIDIA's decoders give the same pictures of as FFmpeg's on the CPU: 8-bit 4:2:0 of
 * H.264, HEVC, VP8 and VP9. Others (MPEG-4 and older, Motion JPEG) have transforms that are exact
 * only to some error; H.264 without colour gets other chroma. Pure.
 */
final class CardRules {
  private static final int H264_WIDTH = 4096;

  private static final int SPS = 7;
  private static final int COLOUR_420 = 1;

  private CardRules() {}

  /** Whether a GPU may decode the track. What it can, it tells itself. */
  static boolean admit(VideoTrack track) {
    boolean planar =
        track.pixelFormat() == AV_PIX_FMT_YUV420P || track.pixelFormat() == AV_PIX_FMT_YUVJ420P;
    if (!planar || track.isCropped() || track.width() < 1 || track.height() < 1) {
      return false;
    }
    // FFmpeg's acceleration shows the picture that an odd one is part of.
    if (track.width() % 2 != 0 || track.height() % 2 != 0) {
      return false;
    }
    int codec = track.codecId();
    if (codec == AV_CODEC_ID_H264) {
      return track.width() <= H264_WIDTH && h264InColour(track.header());
    }
    return codec == AV_CODEC_ID_HEVC || codec == AV_CODEC_ID_VP8 || codec == AV_CODEC_ID_VP9;
  }

  /**
   * Whether all sequence parameter sets say 4:2:0: FFmpeg decodes pictures without colour to that,
   * too.
   *
   * @param header avcC of ISO/IEC 14496-15, or units behind start codes
   */
  static boolean h264InColour(ByteBuffer header) {
    int sets = 0;
    if (header.limit() > 6 && header.get(0) == 1) {
      int at = 6;
      for (int i = 0; i < (header.get(5) & 31) && at + 2 < header.limit(); i++) {
        int length = (header.get(at) & 0xff) << 8 | header.get(at + 1) & 0xff;
        int end = Math.min(header.limit(), at + 2 + length);
        ByteBuffer unit = ByteBuffer.allocate(3 + end - at - 2);
        unit.put(2, (byte) 1).put(3, header, at + 2, end - at - 2);
        NalUnits units = new NalUnits(unit, 0);
        if (!units.next() || !inColour(units.unescaped())) {
          return false;
        }
        sets++;
        at = end;
      }
      return sets > 0;
    }
    NalUnits units = new NalUnits(header, 0);
    while (units.next()) {
      if ((units.at(0) & 31) == SPS) {
        if (!inColour(units.unescaped())) {
          return false;
        }
        sets++;
      }
    }
    return sets > 0;
  }

  private static boolean inColour(byte[] sps) {
    if (sps.length < 5) {
      return false;
    }
    BitReader bits = new BitReader(sps, 4);
    bits.golomb(); // seq_parameter_set_id
    return !H264Sequence.TELLING_CHROMA.contains(sps[1] & 0xff) || bits.golomb() == COLOUR_420;
  }
}
