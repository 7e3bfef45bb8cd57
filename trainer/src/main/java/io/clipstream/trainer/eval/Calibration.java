package io.clipstream.trainer.eval;

import java.util.ArrayList;
import java.util.List;

/**
 * How far a model is as often right as it is sure: the expected calibration error over bins of
 * equal width (Guo et al. 2017, "On Calibration of Modern Neural Networks", with its 15 bins).
 *
 * @param error mean distance of certainty and accuracy, weighted by the videos; 0 is best
 * @param bins from 0 to 1, those without videos left out
 */
public record Calibration(double error, List<Bin> bins) {
  private static final int BINS = 15;

  /**
   * Videos of like certainty.
   *
   * @param videos that there are
   * @param certainty mean probability of their likeliest labels
   * @param accuracy share of right ones
   */
  public record Bin(int videos, double certainty, double accuracy) {}

  static Calibration of(Answers answers) {
    int[] count = new int[BINS];
    int[] right = new int[BINS];
    double[] sum = new double[BINS];
    int all = 0;
    for (int i = 0; i < answers.videos().size(); i++) {
      int best = answers.best(i);
      if (best < 0) {
        continue;
      }
      double certainty = answers.probabilities()[i][best];
      int bin = Math.min(BINS - 1, (int) (certainty * BINS));
      count[bin]++;
      sum[bin] += certainty;
      right[bin] += answers.right(i) ? 1 : 0;
      all++;
    }
    double error = 0;
    List<Bin> bins = new ArrayList<>();
    for (int b = 0; b < BINS; b++) {
      if (count[b] > 0) {
        Bin bin = new Bin(count[b], sum[b] / count[b], right[b] / (double) count[b]);
        bins.add(bin);
        error += bin.videos / (double) all * Math.abs(bin.certainty - bin.accuracy);
      }
    }
    return new Calibration(error, bins);
  }
}
