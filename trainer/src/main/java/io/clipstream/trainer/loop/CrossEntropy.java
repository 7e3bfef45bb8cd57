package io.clipstream.trainer.loop;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.clipstream.trainer.data.Shown;

/** Cross entropy with soft targets. */
final class CrossEntropy {
  private CrossEntropy() {}

  /**
   * The mean over a batch, as {@code torch.nn.functional.cross_entropy} computes it.
   *
   * @param logits {@code [N, K]}; the loss belongs to its manager
   * @param classes the N right ones
   * @param smoothing as {@link Targets#of} takes it
   * @param weights likewise
   */
  static NDArray of(NDArray logits, int[] classes, double smoothing, float... weights) {
    int labels = (int) logits.getShape().get(1);
    return of(logits, Targets.of(Shown.plain(classes), labels, smoothing, weights));
  }

  /**
   * What these clips add to the weighted mean over those of their step.
   *
   * @param logits {@code [N, K]}; the loss belongs to its manager
   */
  static NDArray of(NDArray logits, Targets targets) {
    int clips = targets.rows().length / targets.labels();
    NDArray rows = logits.getManager().create(targets.rows(), new Shape(clips, targets.labels()));
    return logits.logSoftmax(1).mul(rows).sum().div((float) -targets.weight());
  }
}
