package io.clipstream.model.infer;

/** Probabilities from logits. */
final class Softmax {
  private Softmax() {}

  /**
   * Of one clip.
   *
   * @param network for the message if a logit is not finite
   */
  static float[] of(float[] logits, int from, int classes, String network) {
    double max = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < classes; k++) {
      max = Math.max(max, logits[from + k]); // NaN if any is
    }
    double[] powers = new double[classes];
    double sum = 0;
    for (int k = 0; k < classes; k++) {
      powers[k] = Math.exp(logits[from + k] - max);
      sum += powers[k];
    }
    if (!Double.isFinite(max) || !Double.isFinite(sum)) {
      throw new IllegalStateException(network + " gives a logit that is not a finite number");
    }
    float[] probabilities = new float[classes];
    for (int k = 0; k < classes; k++) {
      probabilities[k] = (float) (powers[k] / sum);
    }
    return probabilities;
  }
}
