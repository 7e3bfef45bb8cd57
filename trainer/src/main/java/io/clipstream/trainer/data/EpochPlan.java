package io.clipstream.trainer.data;

/**
 * How the clips of an epoch are dealt to its batches: every clip once, and no batch has more than
 * one clip more than another.
 *
 * @param clips of the set
 * @param steps batches of an epoch
 */
public record EpochPlan(int clips, int steps) {
  /**
   * As few batches as hold the clips.
   *
   * @param batchSize most clips of a batch
   */
  public static EpochPlan of(int clips, int batchSize) {
    return new EpochPlan(clips, clips == 0 ? 0 : (clips - 1) / batchSize + 1);
  }

  /** Clips of the batches of an epoch before one of them. */
  public int first(int batch) {
    return (int) ((long) batch * clips / steps);
  }

  public int size(int batch) {
    return first(batch + 1) - first(batch);
  }

  /** Clips of the largest batch. */
  public int largest() {
    return (clips + steps - 1) / steps;
  }

  /** Clips of the smallest batch. */
  public int smallest() {
    return clips / Math.max(1, steps);
  }

  /** Clips of all batches before a step of the training. */
  public long clipsBefore(int step) {
    return (long) (step / steps) * clips + first(step % steps);
  }
}
