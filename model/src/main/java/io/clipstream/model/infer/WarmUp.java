package io.clipstream.model.infer;

/** Follows the warm-up of a network that is loaded, on the thread that loads it. */
public interface WarmUp {
  /** Passes follow one another without a pause. */
  WarmUp AT_ONCE = nanos -> {};

  /**
   * The network is on the device and warming begins; again where it has to be loaded in another
   * form.
   */
  default void begins() {}

  /**
   * A pass has ended, and the next begins when this returns.
   *
   * @param nanos from its start to its result, with what the device did in between for others
   * @throws InterruptedException if the load is given up
   */
  void passed(long nanos) throws InterruptedException;
}
