package io.clipstream.trainer.loop;

/** Told how a training goes, by its thread, which waits meanwhile. */
public interface TrainingWatch {
  /** Is told everything and does nothing. */
  TrainingWatch NONE = new TrainingWatch() {};

  /**
   * A batch was learnt from.
   *
   * @param epoch that it is of, from 1
   * @param epochs that are wanted
   * @param clips in it
   * @param loss mean over the clips of the epoch up to now
   */
  default void step(int epoch, int epochs, int clips, double loss) {}

  /** An epoch was trained and validated. */
  default void epoch(EpochReport report) {}
}
