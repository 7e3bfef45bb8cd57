package io.clipstream.model.infer;

import java.util.ArrayList;
import java.util.List;

/**
 * The mean of class probabilities over the views of a video, as in the view protocol of Video Swin
 * Transformer (Liu et al., 2022), where softmax scores of all views are averaged. Serving, {@code
 * predict} and evaluation all use it, so their numbers cannot differ: sums are doubles, added in
 * the order of the calls, and the mean is rounded to float once. One thread.
 */
public final class ProbabilityMean {
  private final double[] sums;
  private int count;

  /**
   * @param classes K
   */
  public ProbabilityMean(int classes) {
    this.sums = new double[classes];
  }

  /**
   * Takes one view in.
   *
   * @param probabilities {@code [K]}; copied
   */
  public void add(float[] probabilities) {
    if (probabilities.length != sums.length) {
      throw new IllegalArgumentException(
          "there are " + probabilities.length + " probabilities, expected " + sums.length);
    }
    for (int k = 0; k < sums.length; k++) {
      sums[k] += probabilities[k];
    }
    count++;
  }

  /** The mean {@code [K]} of what was added, at least one view. */
  public float[] get() {
    if (count == 0) {
      throw new IllegalStateException("there is no mean of nothing");
    }
    float[] mean = new float[sums.length];
    for (int k = 0; k < mean.length; k++) {
      mean[k] = (float) (sums[k] / count);
    }
    return mean;
  }

  /**
   * The classes with the largest scores, largest first; of equal scores the lower class.
   *
   * <p>No sort of all for the few that count: a worker's thread calls it, beside which a device
   * waits.
   *
   * @param top most classes
   */
  public static List<Integer> best(float[] scores, int top) {
    List<Integer> classes = new ArrayList<>();
    boolean[] taken = new boolean[scores.length];
    while (classes.size() < Math.min(top, scores.length)) {
      int best = -1;
      for (int k = 0; k < scores.length; k++) {
        if (!taken[k] && (best < 0 || scores[k] > scores[best])) {
          best = k;
        }
      }
      taken[best] = true;
      classes.add(best);
    }
    return classes;
  }

  /** As {@link #best(float[], int)}, of boxed scores. */
  public static List<Integer> best(List<Float> scores, int top) {
    float[] values = new float[scores.size()];
    for (int k = 0; k < values.length; k++) {
      values[k] = scores.get(k);
    }
    return best(values, top);
  }
}
