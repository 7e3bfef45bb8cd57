package io.clipstream.trainer.loop;

import io.clipstream.trainer.data.Shown;
import java.util.Arrays;

/**
 * What the network is to answer to some clips.
 *
 * @param labels number of classes, K
 * @param rows {@code [N, K]}: a distribution over the classes for each clip, times the clip's
 *     weight
 * @param weight sum of the weights of all clips of the step, which may be more than these
 */
@SuppressWarnings("ArrayRecordComponent") // holds, is never compared
record Targets(int labels, float[] rows, double weight) {

  /**
   * Smoothed ones (https://arxiv.org/abs/1512.00567, section 7). Of two classes that are mixed in a
   * clip, each counts by its share.
   *
   * @param shown by the N clips
   * @param smoothing share of a target that is spread over all K classes
   * @param weights of the K classes, none for equal ones: a clip of a class with twice the weight
   *     counts twice. With smoothing this is not PyTorch's, which weights the target's classes
   */
  static Targets of(Shown shown, int labels, double smoothing, float... weights) {
    int clips = shown.classes().length;
    float[] rows = new float[clips * labels];
    double sum = 0;
    for (int i = 0; i < clips; i++) {
      double share = shown.shares()[i];
      int[] classes = {shown.classes()[i], shown.others()[i]};
      double[] shares = {share, 1 - share};
      for (int part = 0; part < 2; part++) {
        double weight = shares[part] * (weights.length == 0 ? 1 : weights[classes[part]]);
        sum += weight;
        for (int k = i * labels; k < (i + 1) * labels; k++) {
          rows[k] += (float) (weight * smoothing / labels);
        }
        rows[i * labels + classes[part]] += (float) (weight * (1 - smoothing));
      }
    }
    return new Targets(labels, rows, sum);
  }

  /** Those of some of the clips, whose losses add up to the mean over all. */
  Targets part(int from, int to) {
    return new Targets(labels, Arrays.copyOfRange(rows, from * labels, to * labels), weight);
  }
}
