package io.clipstream.trainer.motion;

/**
 * What an editor lays over the frames: black bars and a striped logo that does not move.
 *
 * @param bars size of each bar, as a share of the frame's height or width; 0 for none
 * @param letterbox whether bars are above and below, or at the sides
 * @param logo centre x and y, half its width and height, in short sides; null for none
 * @param stripesX phase of its stripes to a short side, across
 * @param stripesY likewise, down
 */
@SuppressWarnings("ArrayRecordComponent") // holds, is never compared
record Overlay(double bars, boolean letterbox, double[] logo, double stripesX, double stripesY) {
  static Overlay random(Dice dice) {
    double bars = dice.maybe(0.08, dice.uniform(0.04, 0.14));
    boolean letterbox = dice.chance(0.5);
    double[] logo =
        dice.chance(0.12)
            ? new double[] {
              dice.uniform(-0.42, 0.42),
              dice.uniform(0.36, 0.45) * (dice.chance(0.5) ? 1 : -1),
              dice.uniform(0.04, 0.15),
              dice.uniform(0.015, 0.05)
            }
            : null;
    return new Overlay(bars, letterbox, logo, dice.uniform(60, 200), dice.uniform(60, 200));
  }

  /**
   * Lays it over a frame.
   *
   * @param frame RGB uint8 {@code [height, width, 3]}, changed
   */
  void apply(int width, int height, byte[] frame) {
    if (bars == 0 && logo == null) {
      return;
    }
    double shortSide = Math.min(width, height);
    for (int y = 0, i = 0; y < height; y++) {
      for (int x = 0; x < width; x++, i += 3) {
        double across = Math.abs((x + 0.5) / width - 0.5);
        double down = Math.abs((y + 0.5) / height - 0.5);
        if (bars > 0 && (letterbox ? down : across) > 0.5 - bars) {
          frame[i] = frame[i + 1] = frame[i + 2] = 0;
        }
        if (logo != null) {
          double u = (x + 0.5 - width / 2.0) / shortSide;
          double v = (y + 0.5 - height / 2.0) / shortSide;
          if (Math.abs(u - logo[0]) < logo[2] && Math.abs(v - logo[1]) < logo[3]) {
            boolean white = Math.sin(u * stripesX) * Math.sin(v * stripesY) > 0;
            frame[i] = frame[i + 1] = frame[i + 2] = (byte) (white ? 255 : 0);
          }
        }
      }
    }
  }
}
