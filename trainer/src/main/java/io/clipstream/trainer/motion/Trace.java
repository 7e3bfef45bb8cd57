package io.clipstream.trainer.motion;

/**
 * A line that draws a signal across the screen, as an oscilloscope does: its shape runs or changes,
 * its place does not. Keeps to the screen.
 */
final class Trace {
  private final double middle;
  private final double amplitude;
  private final double thickness;
  private final boolean filled;
  private final double density;
  private final double run;
  private final SmoothNoise shape;
  private final SmoothNoise loudness;
  private final int color;

  Trace(Dice dice) {
    middle = dice.uniform(-0.3, 0.3);
    amplitude = dice.maybe(0.85, dice.logUniform(0.005, 0.25));
    thickness = dice.logUniform(0.005, 0.02);
    filled = dice.chance(0.4);
    density = dice.logUniform(0.5, 12);
    run = dice.uniform(-8, 8);
    shape = new SmoothNoise(dice, 0.5, 2);
    loudness = new SmoothNoise(dice, 0.2, 3);
    int rgb = 0;
    for (int c = 0; c < 3; c++) {
      rgb = (rgb << 8) | (dice.chance(0.6) ? 160 + dice.below(96) : dice.below(96));
    }
    color = rgb;
  }

  /**
   * Paints the line over a frame.
   *
   * @param frame packed 0xRRGGBB {@code [height, width]}
   */
  void draw(double t, int width, int height, int[] frame) {
    double shortSide = Math.min(width, height);
    double loud = amplitude * Math.max(0, 0.6 + 0.6 * loudness.at(t));
    double before = height(-0.5 / shortSide, t, loud);
    for (int x = 0; x < width; x++) {
      double after = height((x + 0.5) / shortSide, t, loud);
      double low = Math.min(before, after);
      double high = Math.max(before, after);
      if (filled) {
        low = Math.min(low, middle);
        high = Math.max(high, middle);
      }
      double top = (low - thickness / 2) * shortSide + height / 2.0;
      double bottom = (high + thickness / 2) * shortSide + height / 2.0;
      for (int y = Math.max(0, (int) top); y < Math.min(height, bottom); y++) {
        // The share of the pixel that the line covers.
        double covered = Math.min(y + 1, bottom) - Math.max(y, top);
        int i = y * width + x;
        frame[i] = Mover.blend(frame[i], color, (int) (256 * covered));
      }
      before = after;
    }
  }

  private double height(double x, double t, double loud) {
    return middle + loud * shape.at(density * x + run * t);
  }
}
