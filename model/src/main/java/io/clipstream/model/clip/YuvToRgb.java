package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;

import org.bytedeco.javacpp.IntPointer;

/**
 * Luma and chroma to red, green and blue in swscale's numbers for its 16-bit instructions: {@code y
 * = (8 Y - lumaOffset) * lumaScale >> 16}, {@code u = 8 U - 1024}, {@code red = y + (v * vRed >>
 * 16)}, {@code green = y + (u * uGreen >> 16) + (v * vGreen >> 16)}, {@code blue = y + (u * uBlue
 * >> 16)}, cut to 0 to 255.
 */
record YuvToRgb(int lumaOffset, int lumaScale, int vRed, int uBlue, int uGreen, int vGreen) {
  private static final long ONE = 1 << 16;

  /** As swscale makes them of a colour matrix (libswscale/yuv2rgb.c). */
  static YuvToRgb of(PictureFormat format) {
    IntPointer matrix = sws_getCoefficients(format.colorSpace());
    boolean full = format.fullRange();
    return new YuvToRgb(
        full ? 0 : 16 << 3,
        scaled(full ? ONE : ONE * 255 / 219),
        scaled(chroma(matrix.get(0), full)),
        scaled(chroma(matrix.get(1), full)),
        scaled(chroma(-matrix.get(2), full)),
        scaled(chroma(-matrix.get(3), full)));
  }

  private static long chroma(long coefficient, boolean full) {
    return full ? coefficient * 224 / 255 : coefficient;
  }

  /** In units of 1/8192, as a product with eight times a sample has them in its upper half. */
  private static int scaled(long coefficient) {
    long rounded = (coefficient * 8192 + ONE / 2) >> 16;
    return (int) Math.max(-0x7fff, Math.min(0x7fff, rounded));
  }
}
