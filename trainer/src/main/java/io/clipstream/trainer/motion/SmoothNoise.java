package io.clipstream.trainer.motion;

/**
 * A random function of time with unit root mean square: a sum of sines of a band of frequencies.
 */
final class SmoothNoise {
  private static final int TERMS = 5;
  private final double[] frequency = new double[TERMS];
  private final double[] phase = new double[TERMS];
  private final double[] amplitude = new double[TERMS];

  /** Frequencies in hertz. */
  SmoothNoise(Dice dice, double lowest, double highest) {
    double power = 0;
    for (int i = 0; i < TERMS; i++) {
      frequency[i] = 2 * Math.PI * dice.uniform(lowest, highest);
      phase[i] = dice.uniform(0, 2 * Math.PI);
      amplitude[i] = dice.uniform(0.5, 1);
      power += amplitude[i] * amplitude[i] / 2;
    }
    for (int i = 0; i < TERMS; i++) {
      amplitude[i] /= Math.sqrt(power);
    }
  }

  double at(double seconds) {
    double sum = 0;
    for (int i = 0; i < TERMS; i++) {
      sum += amplitude[i] * Math.sin(frequency[i] * seconds + phase[i]);
    }
    return sum;
  }
}
