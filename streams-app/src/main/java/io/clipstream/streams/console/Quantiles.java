package io.clipstream.streams.console;

import java.util.Arrays;

/** Of a few numbers. */
final class Quantiles {
  private Quantiles() {}

  /**
   * Quantiles by the nearest rank, so each is one of the numbers. What is no number is left out.
   *
   * @param shares from 0 to 1
   * @return null for each where there is none
   */
  static Double[] of(double[] numbers, double... shares) {
    double[] sorted = Arrays.stream(numbers).filter(Double::isFinite).sorted().toArray();
    return Arrays.stream(shares)
        .mapToObj(
            share ->
                sorted.length == 0
                    ? null
                    : Double.valueOf(
                        sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)]))
        .toArray(Double[]::new);
  }
}
