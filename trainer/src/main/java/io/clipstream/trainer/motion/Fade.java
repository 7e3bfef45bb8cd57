package io.clipstream.trainer.motion;

/**
 * A video that comes from black or goes to black, as first and last ones of a film do.
 *
 * @param start seconds at which the light begins to change
 * @param length seconds that it takes
 * @param out whether it goes to black
 */
record Fade(double start, double length, boolean out) {
  /** All is light. */
  static final Fade NONE = new Fade(Double.POSITIVE_INFINITY, 1, true);

  /** At least 60 % of the video is light. */
  static Fade random(double seconds, Dice dice) {
    boolean out = dice.chance(0.7);
    double length = dice.uniform(0.2, 1.5);
    double end = dice.uniform(0.1, 0.4) * seconds;
    return out ? new Fade(seconds - end, length, true) : new Fade(end - length, length, false);
  }

  /** Share of the light that is there. */
  double light(double t) {
    double done = Math.max(0, Math.min(1, (t - start) / length));
    return out ? 1 - done : done;
  }

  /**
   * Darkens a frame.
   *
   * @param frame RGB uint8, changed
   */
  void apply(double t, byte[] frame) {
    double light = light(t);
    if (light < 1) {
      darken(light, frame);
    }
  }

  /**
   * Leaves a share of the light.
   *
   * @param frame RGB uint8, changed
   */
  static void darken(double light, byte[] frame) {
    for (int i = 0; i < frame.length; i++) {
      frame[i] = (byte) Math.round(light * (frame[i] & 0xff));
    }
  }
}
