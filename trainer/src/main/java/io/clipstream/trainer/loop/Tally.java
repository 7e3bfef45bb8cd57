package io.clipstream.trainer.loop;

import ai.djl.ndarray.NDArray;
import io.clipstream.trainer.eval.Confusion;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Loss and answers of some clips, and how long they took. One thread. */
final class Tally {
  private final long startNanos = System.nanoTime();
  private final Confusion answers;
  private final double secondsBefore;
  private double lossSum;

  /**
   * One as it stands, to go on from.
   *
   * @param lossSum of its clips
   * @param seconds that they took
   * @param answers by true class and answer
   */
  record Saved(double lossSum, double seconds, List<List<Integer>> answers) {}

  /**
   * @param labels number of classes
   */
  Tally(int labels) {
    this.answers = new Confusion(labels);
    this.secondsBefore = 0;
  }

  /** Goes on. */
  Tally(Saved saved) {
    this.answers = new Confusion(saved.answers);
    this.secondsBefore = saved.seconds;
    this.lossSum = saved.lossSum;
  }

  Saved saved() {
    return new Saved(lossSum, seconds(), answers.rows());
  }

  /**
   * Counts a batch.
   *
   * @param meanLoss of its clips
   * @param logits {@code [N, K]}
   * @param classes the N right ones
   */
  void add(double meanLoss, NDArray logits, int[] classes) {
    long[] likeliest = logits.argMax(1).toLongArray();
    add(meanLoss, Arrays.stream(likeliest).mapToInt(Math::toIntExact).toArray(), classes);
  }

  /**
   * As the other.
   *
   * @param likeliest the N classes that were answered
   */
  void add(double meanLoss, int[] likeliest, int[] classes) {
    for (int i = 0; i < classes.length; i++) {
      answers.add(classes[i], likeliest[i]);
    }
    lossSum += meanLoss * classes.length;
  }

  /** Mean loss of a clip. */
  double loss() {
    return lossSum / answers.all();
  }

  Confusion answers() {
    return answers;
  }

  /** That counting took, in all processes that did. */
  double seconds() {
    return secondsBefore + (System.nanoTime() - startNanos) / 1e9;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "loss %.3f, top-1 %.1f %%", loss(), 100 * answers.top1().share());
  }
}
