package io.clipstream.trainer.motion;

/** Noise of a sensor: near normal, for the most part common to the three channels. One thread. */
final class SensorNoise {
  private static final int TABLE_SIZE = 1 << 16;

  /** Deviation of the table's values. */
  private static final int DEVIATION = 31;

  private static final byte[] TABLE = table();

  private final double strength;
  private final Dice dice;

  /**
   * @param strength deviation, as a share of the range of values; 0 for none
   */
  SensorNoise(double strength, Dice dice) {
    this.strength = strength;
    this.dice = dice;
  }

  private static byte[] table() {
    Dice dice = new Dice(7, 7);
    byte[] table = new byte[TABLE_SIZE];
    for (int i = 0; i < TABLE_SIZE; i++) {
      double sum = 0;
      for (int k = 0; k < 12; k++) {
        sum += dice.uniform(-0.5, 0.5);
      }
      table[i] = (byte) Math.round(Math.max(-4, Math.min(4, sum)) * DEVIATION);
    }
    return table;
  }

  /**
   * Adds new noise to a frame.
   *
   * @param frame RGB uint8 {@code [height, width, 3]}, changed
   */
  void apply(int width, byte[] frame) {
    if (strength == 0) {
      return;
    }
    int common = (int) Math.round(strength * 0.8 * 255 * 256 / DEVIATION);
    int own = (int) Math.round(strength * 0.4 * 255 * 256 / DEVIATION);
    int at = dice.below(TABLE_SIZE);
    for (int i = 0; i < frame.length; i += 3) {
      if (i % (3 * width) == 0) {
        at = dice.below(TABLE_SIZE);
      }
      int shared = TABLE[at++ & (TABLE_SIZE - 1)] * common;
      for (int c = 0; c < 3; c++) {
        int n = shared + TABLE[at++ & (TABLE_SIZE - 1)] * own;
        frame[i + c] = (byte) Math.max(0, Math.min(255, (frame[i + c] & 0xff) + (n >> 8)));
      }
    }
  }
}
