package io.clipstream.streams.live;

import java.util.concurrent.Semaphore;

/**
 * Loads of models take turns in a process, whatever models they are of: each looks at how much
 * memory is left, and two that look before either has taken its share would both go on. One load's
 * turn; all threads.
 */
final class LoadTurn {
  private static final Semaphore FREE = new Semaphore(1, true);

  private boolean taken;
  private boolean over;

  /**
   * Waits until no other load has its turn. Once.
   *
   * @throws InterruptedException also if it is over already
   */
  void take() throws InterruptedException {
    FREE.acquire();
    synchronized (this) {
      if (over) {
        FREE.release();
        throw new InterruptedException("the load was given up while it waited for its turn");
      }
      taken = true;
    }
  }

  /** The load has ended or was given up: one that hangs does not keep the others waiting. */
  synchronized void end() {
    over = true;
    if (taken) {
      taken = false;
      FREE.release();
    }
  }
}
