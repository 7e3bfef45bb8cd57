package io.clipstream.trainer.motion;

import java.util.List;
import java.util.SplittableRandom;

/** Seeded random draws. One thread. */
final class Dice {
  private final SplittableRandom random;

  /** Draws of the {@code index}-th item of a series: any item can be made without the others. */
  Dice(long seed, long index) {
    this(new SplittableRandom(seed ^ (index * 0x9E3779B97F4A7C15L)).split());
  }

  private Dice(SplittableRandom random) {
    this.random = random;
  }

  /** An independent series; what it draws does not move this one. */
  Dice split() {
    return new Dice(random.split());
  }

  double uniform(double low, double high) {
    return low + (high - low) * random.nextDouble();
  }

  double logUniform(double low, double high) {
    return Math.exp(uniform(Math.log(low), Math.log(high)));
  }

  boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  /** {@code value} with the given probability, else 0. */
  double maybe(double probability, double value) {
    return chance(probability) ? value : 0;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  <T> T pick(List<T> items) {
    return items.get(random.nextInt(items.size()));
  }

  /** Index drawn with the given weights. */
  int weighted(double... weights) {
    double sum = 0;
    for (double w : weights) {
      sum += w;
    }
    double at = random.nextDouble() * sum;
    for (int i = 0; i < weights.length - 1; i++) {
      at -= weights[i];
      if (at < 0) {
        return i;
      }
    }
    return weights.length - 1;
  }
}
