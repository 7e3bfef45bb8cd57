package io.clipstream.trainer.motion;

/**
 * Draws sheets: backgrounds with next to nothing on them, such as paper, a wall or a black screen.
 * One colour with light that falls off, faint stains, and sometimes a faint grid.
 */
final class Sheet {
  private static final int SIDE = 256;

  private Sheet() {}

  /** A light or a dark sheet of {@value #SIDE} x {@value #SIDE} pixels; it has no name. */
  static Picture random(Dice dice) {
    boolean dark = dice.chance(0.45);
    double level = dark ? dice.maybe(0.6, dice.uniform(0, 0.2)) : dice.uniform(0.45, 0.95);
    double[] tint = new double[3];
    for (int c = 0; c < 3; c++) {
      tint[c] = level * dice.uniform(0.85, 1.05);
    }
    // Shares of the level: light that falls off across, down and from the middle, and stains.
    double across = dice.maybe(0.7, dice.uniform(-0.3, 0.3));
    double down = dice.maybe(0.7, dice.uniform(-0.3, 0.3));
    double corners = dice.maybe(0.5, dice.uniform(0, 0.3));
    double stain = dice.maybe(0.5, dice.uniform(0, 0.03));
    SmoothNoise stainsX = new SmoothNoise(dice, 0.5, 4);
    SmoothNoise stainsY = new SmoothNoise(dice, 0.5, 4);
    int mesh = 12 + dice.below(30);
    double grid = dice.maybe(0.2, dice.uniform(-0.15, 0.15));
    int[] pixels = new int[SIDE * SIDE];
    for (int y = 0; y < SIDE; y++) {
      double v = (y + 0.5) / SIDE - 0.5;
      for (int x = 0; x < SIDE; x++) {
        double u = (x + 0.5) / SIDE - 0.5;
        double light =
            1
                + across * u
                + down * v
                - corners * 2 * (u * u + v * v)
                + stain * stainsX.at(u + 0.3 * v) * stainsY.at(v - 0.3 * u);
        double line = x % mesh == 0 || y % mesh == 0 ? grid : 0;
        int rgb = 0;
        for (double channel : tint) {
          double value = Math.max(0, Math.min(1, channel * light + line));
          rgb = (rgb << 8) | (int) Math.round(255 * value);
        }
        pixels[y * SIDE + x] = rgb;
      }
    }
    return new Picture("", SIDE, SIDE, pixels);
  }
}
