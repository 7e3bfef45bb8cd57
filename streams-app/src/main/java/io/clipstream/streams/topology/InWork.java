package io.clipstream.streams.topology;

import java.util.function.BooleanSupplier;

/**
 * Who is in work in this instance: any number of videos, or one alone. A video that wants to be
 * alone lets no further one begin, and waits until the others are done. All threads.
 */
final class InWork {
  private int working;
  private boolean alone;

  /** Videos that wait to be alone. */
  private int waiting;

  /**
   * Waits until a video may be in work.
   *
   * @param over whether it is wanted no more; {@link #wake} after that changed
   * @return false if it is over; else {@link #leave} follows
   */
  synchronized boolean enter(boolean wantsAlone, BooleanSupplier over) throws InterruptedException {
    if (wantsAlone) {
      waiting++;
    }
    try {
      while (!over.getAsBoolean() && (alone || (wantsAlone ? working > 0 : waiting > 0))) {
        wait();
      }
    } finally {
      if (wantsAlone) {
        waiting--;
        notifyAll();
      }
    }
    if (over.getAsBoolean()) {
      return false;
    }
    working++;
    alone = wantsAlone;
    return true;
  }

  synchronized void leave() {
    working--;
    alone = false;
    notifyAll();
  }

  synchronized void wake() {
    notifyAll();
  }
}
