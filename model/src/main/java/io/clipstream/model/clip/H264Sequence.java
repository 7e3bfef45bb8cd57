package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Set;

/**
 * What the sequence parameter set of H.264 says of all pictures (7.3.2.1.1 and E.1.1 of the
 * standard).
 *
 * @param chroma chroma_format_idc: 1 is 4:2:0
 * @param bits of a sample of luma, or of chroma if that has more
 * @param width of the shown part, as height
 * @param pixelAspect width of a pixel to its height, both 0 and 1 where it does not say so
 * @param fullRange whether samples use all values, if it says so
 * @param colours primaries, transfer and matrix by the numbers of the standard, if it says them
 * @param reordered pictures that may come before one that is shown earlier, if it says so
 */
record H264Sequence(
    int chroma,
    int bits,
    int width,
    int height,
    Ratio pixelAspect,
    Optional<Boolean> fullRange,
    Optional<Colours> colours,
    Optional<Integer> reordered) {
  /** A fraction. */
  record Ratio(int numerator, int denominator) {}

  /** As FFmpeg counts them, too. */
  record Colours(int primaries, int transfer, int matrix) {}

  /** profile_idc with which chroma_format_idc is told. */
  static final Set<Integer> TELLING_CHROMA =
      Set.of(100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135);

  private static final int SPS = 7;
  private static final int EXTENDED_ASPECT = 255;
  private static final Ratio UNTOLD = new Ratio(0, 1);

  /** Numerator and denominator by aspect_ratio_idc (table E-1). */
  private static final int[][] ASPECTS = {
    {0, 1}, {1, 1}, {12, 11}, {10, 11}, {16, 11}, {40, 33}, {24, 11}, {20, 11}, {32, 11}, {80, 33},
    {18, 11}, {15, 11}, {64, 33}, {160, 99}, {4, 3}, {3, 2}, {2, 1}
  };

  private static final int MACROBLOCK = 16;
  private static final int MOST_REORDERED = 16;

  /**
   * The one of a track.
   *
   * @param header avcC of ISO/IEC 14496-15
   * @return empty if the header is none or holds more than one, or one with scaling lists
   */
  static Optional<H264Sequence> only(ByteBuffer header) {
    if (header.limit() < 8 || header.get(0) != 1 || (header.get(5) & 31) != 1) {
      return Optional.empty();
    }
    int length = (header.get(6) & 0xff) << 8 | header.get(7) & 0xff;
    if (length < 4 || 8 + length > header.limit()) {
      return Optional.empty();
    }
    ByteBuffer unit = ByteBuffer.allocate(3 + length);
    unit.put(2, (byte) 1).put(3, header, 8, length);
    NalUnits units = new NalUnits(unit, 0);
    return units.next() && (units.at(0) & 31) == SPS ? read(units.unescaped()) : Optional.empty();
  }

  private static Optional<H264Sequence> read(byte[] sps) {
    BitReader in = new BitReader(sps, 4);
    in.golomb(); // seq_parameter_set_id
    int chroma = 1;
    int bits = 8;
    if (TELLING_CHROMA.contains(sps[1] & 0xff)) {
      chroma = in.golomb();
      in.bits(chroma == 3 ? 1 : 0); // separate_colour_plane_flag
      bits = 8 + Math.max(in.golomb(), in.golomb());
      in.bit(); // qpprime_y_zero_transform_bypass_flag
      if (in.bit() == 1) { // seq_scaling_matrix_present_flag
        return Optional.empty();
      }
    }
    in.golomb(); // log2_max_frame_num_minus4
    int order = in.golomb(); // pic_order_cnt_type
    if (order == 0) {
      in.golomb(); // log2_max_pic_order_cnt_lsb_minus4
    } else if (order == 1) {
      return Optional.empty(); // nobody writes it
    }
    in.golomb(); // max_num_ref_frames
    in.bit(); // gaps_in_frame_num_value_allowed_flag
    int across = in.golomb() + 1;
    int down = in.golomb() + 1;
    int fields = 2 - in.bit(); // frame_mbs_only_flag
    in.bits(fields == 2 ? 2 : 1); // mb_adaptive_frame_field_flag, direct_8x8_inference_flag
    int width = across * MACROBLOCK;
    int height = down * MACROBLOCK * fields;
    if (in.bit() == 1) { // in units of 4:2:0
      width -= 2 * (in.golomb() + in.golomb());
      height -= 2 * fields * (in.golomb() + in.golomb());
    }
    Ratio pixelAspect = UNTOLD;
    Optional<Boolean> fullRange = Optional.empty();
    Optional<Colours> colours = Optional.empty();
    Optional<Integer> reordered = Optional.empty();
    if (in.bit() == 1) { // vui_parameters_present_flag
      pixelAspect = in.bit() == 1 ? pixelAspect(in) : UNTOLD;
      if (in.bit() == 1) { // overscan_info_present_flag
        in.bit();
      }
      if (in.bit() == 1) { // video_signal_type_present_flag
        in.bits(3); // video_format
        fullRange = Optional.of(in.bit() == 1);
        if (in.bit() == 1) {
          colours = Optional.of(new Colours(in.bits(8), in.bits(8), in.bits(8)));
        }
      }
      reordered = reordered(in);
    }
    if (order == 2) { // pictures are shown as they are decoded
      reordered = Optional.of(0);
    }
    return Optional.of(
        new H264Sequence(chroma, bits, width, height, pixelAspect, fullRange, colours, reordered));
  }

  private static Ratio pixelAspect(BitReader in) {
    int kind = in.bits(8);
    if (kind == EXTENDED_ASPECT) {
      Ratio told = new Ratio(in.bits(16), in.bits(16));
      return told.numerator() > 0 && told.denominator() > 0 ? told : UNTOLD;
    }
    return kind < ASPECTS.length ? new Ratio(ASPECTS[kind][0], ASPECTS[kind][1]) : UNTOLD;
  }

  /** Reads on; max_num_reorder_frames. */
  private static Optional<Integer> reordered(BitReader in) {
    if (in.bit() == 1) { // chroma_loc_info_present_flag
      in.golomb();
      in.golomb();
    }
    if (in.bit() == 1) { // timing_info_present_flag
      in.bits(32);
      in.bits(32);
      in.bit();
    }
    boolean nal = skipHrd(in);
    boolean vcl = skipHrd(in);
    in.bits(nal || vcl ? 1 : 0); // low_delay_hrd_flag
    in.bit(); // pic_struct_present_flag
    if (in.bit() == 0) { // bitstream_restriction_flag
      return Optional.empty();
    }
    in.bit(); // motion_vectors_over_pic_boundaries_flag
    for (int i = 0; i < 4; i++) { // two denominators, two lengths of vectors
      in.golomb();
    }
    int frames = in.golomb();
    return frames <= MOST_REORDERED ? Optional.of(frames) : Optional.empty();
  }

  private static boolean skipHrd(BitReader in) {
    if (in.bit() == 0) {
      return false;
    }
    int buffers = in.golomb() + 1;
    in.bits(8);
    for (int i = 0; i < Math.min(32, buffers); i++) {
      in.golomb();
      in.golomb();
      in.bit();
    }
    in.bits(20);
    return true;
  }
}
