package io.clipstream.model.clip;

/**
 * How a stored picture is turned for display: the eight cases of FFmpeg's display matrix.
 *
 * @param swap rows become columns
 * @param flipX the stored x axis runs against the displayed axis that it lies on
 * @param flipY the same for the stored y axis
 */
record Orientation(boolean swap, boolean flipX, boolean flipY) {
  static final Orientation UPRIGHT = new Orientation(false, false, false);

  /**
   * From the 2 x 2 part of the matrix, {@code x' = a x + c y, y' = b x + d y} (libavutil,
   * display.h). Angles between go to the nearest axis.
   */
  static Orientation of(int a, int b, int c, int d) {
    if (Math.abs((long) a) + Math.abs((long) d) >= Math.abs((long) b) + Math.abs((long) c)) {
      return new Orientation(false, a < 0, d < 0);
    }
    return new Orientation(true, b < 0, c < 0);
  }

  boolean upright() {
    return !swap && !flipX && !flipY;
  }

  /** Degrees clockwise, leaving a mirror image aside. */
  int degrees() {
    if (swap) {
      return flipY ? 90 : 270;
    }
    return flipY ? 180 : 0;
  }
}
