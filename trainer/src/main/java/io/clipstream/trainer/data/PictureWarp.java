package io.clipstream.trainer.data;

import java.util.Arrays;

/**
 * An affine change of a square picture: the pixel at (x, y), from its middle, shows what was at (xx
 * x + xy y + x0, yx x + yy y + y0), the nearest pixel there, or black outside.
 */
record PictureWarp(double xx, double xy, double x0, double yx, double yy, double y0) {
  /**
   * @param picture RGB uint8 {@code [side, side, 3]}
   */
  void apply(byte[] picture, int side) {
    byte[] from = picture.clone();
    Arrays.fill(picture, (byte) 0);
    double middle = (side - 1) / 2.0;
    for (int row = 0; row < side; row++) {
      for (int column = 0; column < side; column++) {
        double x = column - middle;
        double y = row - middle;
        int u = (int) Math.rint(xx * x + xy * y + x0 + middle);
        int v = (int) Math.rint(yx * x + yy * y + y0 + middle);
        if (u >= 0 && u < side && v >= 0 && v < side) {
          System.arraycopy(from, 3 * (v * side + u), picture, 3 * (row * side + column), 3);
        }
      }
    }
  }
}
