package io.clipstream.trainer.motion;

/**
 * Colour and light: what turns the picture's values into the frame's.
 *
 * @param saturation 0 is gray, 1 as it was
 * @param gain of red, green and blue
 * @param exposureDrift change of the light a second
 * @param flicker change of the light with {@code flickerNoise}
 */
@SuppressWarnings("ArrayRecordComponent") // holds, is never compared
record Grade(
    double saturation,
    double[] gain,
    double gamma,
    double contrast,
    double brightness,
    double exposureDrift,
    double flicker,
    SmoothNoise flickerNoise) {

  static Grade random(Dice dice) {
    return new Grade(
        dice.uniform(0, 1.3),
        new double[] {dice.uniform(0.85, 1.15), dice.uniform(0.85, 1.15), dice.uniform(0.85, 1.15)},
        dice.logUniform(0.65, 1.5),
        dice.uniform(0.6, 1.2),
        dice.uniform(-0.1, 0.1),
        dice.maybe(0.4, dice.uniform(-0.25, 0.25)),
        dice.maybe(0.3, dice.uniform(0, 0.06)),
        new SmoothNoise(dice, 0.5, 4));
  }

  /**
   * Grades a frame.
   *
   * @param fromMiddle seconds from the middle of the video
   * @param t seconds from its start
   * @param frame RGB uint8, changed
   */
  void apply(double fromMiddle, double t, byte[] frame) {
    double exposure = 1 + exposureDrift * fromMiddle + flicker * flickerNoise.at(t);
    int[][] light = new int[3][256];
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < 256; i++) {
        double x = Math.pow(Math.min(1, i / 255.0 * gain[c]), gamma);
        x = ((x - 0.5) * contrast + 0.5 + brightness) * exposure;
        light[c][i] = (int) Math.round(255 * Math.max(0, Math.min(1, x)));
      }
    }
    int share = (int) Math.round(256 * saturation);
    for (int i = 0; i < frame.length; i += 3) {
      int r = frame[i] & 0xff;
      int g = frame[i + 1] & 0xff;
      int b = frame[i + 2] & 0xff;
      int gray = (r + g + b) / 3;
      frame[i] = (byte) light[0][clamp(gray + (((r - gray) * share) >> 8))];
      frame[i + 1] = (byte) light[1][clamp(gray + (((g - gray) * share) >> 8))];
      frame[i + 2] = (byte) light[2][clamp(gray + (((b - gray) * share) >> 8))];
    }
  }

  private static int clamp(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
