package io.clipstream.trainer.motion;

/**
 * Part of the scene that sways in place, such as water or leaves: travelling waves within a circle.
 *
 * @param amplitude of the displacement, in short sides
 * @param wave phase to a short side, across and down: of the displacement across, then of that down
 * @param speed phase to a second, likewise
 * @param x of the circle's centre
 * @param y of the circle's centre
 * @param radius of the circle, whose edge is soft
 */
@SuppressWarnings("ArrayRecordComponent") // holds, is never compared
record Wobble(double amplitude, double[] wave, double[] speed, double x, double y, double radius) {
  static Wobble random(Dice dice) {
    double amplitude = dice.logUniform(0.004, 0.02);
    double[] wave = new double[4];
    for (int i = 0; i < 4; i++) {
      wave[i] = dice.uniform(-54, 54);
    }
    double[] speed = {
      dice.uniform(3, 14) * (dice.chance(0.5) ? 1 : -1),
      dice.uniform(3, 14) * (dice.chance(0.5) ? 1 : -1)
    };
    return new Wobble(
        amplitude,
        wave,
        speed,
        dice.uniform(-0.4, 0.4),
        dice.uniform(-0.4, 0.4),
        dice.uniform(0.15, 0.5));
  }

  /** Largest displacement at a place, 0 outside. */
  double strength(double worldX, double worldY) {
    double dx = worldX - x;
    double dy = worldY - y;
    double inside = radius - Math.sqrt(dx * dx + dy * dy);
    return inside > -0.15 ? amplitude / (1 + Math.exp(-inside / 0.05)) : 0;
  }

  /**
   * Phase of the displacement at a place and time.
   *
   * @param axis 0 across, 1 down
   */
  double phase(int axis, double worldX, double worldY, double t) {
    return wave[2 * axis] * worldX + wave[2 * axis + 1] * worldY + speed[axis] * t;
  }
}
