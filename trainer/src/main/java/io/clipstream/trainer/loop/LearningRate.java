package io.clipstream.trainer.loop;

/**
 * The learning rate of every step: linear from 0 during the warm-up, then down to the final rate
 * along half a cosine (https://arxiv.org/abs/1608.03983, without restarts).
 *
 * @param peak at the end of the warm-up
 * @param last that the cosine falls to
 * @param warmupSteps steps of the warm-up
 * @param steps of the whole training
 */
record LearningRate(double peak, double last, int warmupSteps, int steps) {
  /**
   * The rate of one step.
   *
   * @param step from 0
   */
  double at(int step) {
    if (step < warmupSteps) {
      return peak * (step + 1) / warmupSteps;
    }
    double done = (step - warmupSteps) / (double) Math.max(1, steps - warmupSteps);
    return last + (peak - last) * (1 + Math.cos(Math.PI * done)) / 2;
  }
}
