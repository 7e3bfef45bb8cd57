package io.clipstream.streams.classify;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Says whether an instance may take more references from Kafka: the bound on references in flight.
 *
 * <p>While the gate is closed, {@link GatedClients} pauses the partitions, so that stream threads
 * never block: they go on polling, draining and committing, and no time limit of the group or of
 * transactions runs out, however long a video takes. What was polled before still comes through, so
 * at most {@code maxPending} plus, for each partition, {@code buffered.records.per.partition} plus
 * {@code max.poll.records} references are in flight.
 *
 * <p>All threads.
 */
public final class IntakeGate {
  private final int maxPending;
  private final AtomicInteger pending = new AtomicInteger();
  private final AtomicInteger mostPending = new AtomicInteger();
  private final AtomicInteger unread = new AtomicInteger();
  private volatile boolean shut;

  /**
   * When a registry that is down is asked again, for reading and for writing, in milliseconds of
   * the stream threads' clock. For all tasks together: a try may take seconds, and if each task
   * made its own, a thread with many would overrun the time limit of its transaction.
   */
  volatile long readAgainAt;

  volatile long writeAgainAt;

  /**
   * @param maxPending references in flight in this instance at which it takes no more, at least 1
   */
  public IntakeGate(int maxPending) {
    if (maxPending < 1) {
      throw new IllegalArgumentException("maxPending is " + maxPending + ", expected at least 1");
    }
    this.maxPending = maxPending;
  }

  /** Whether more may be taken. */
  public boolean open() {
    return !shut && pending.get() < maxPending && unread.get() == 0;
  }

  /** Takes nothing more from now on, and starts no work on what still arrives: before an end. */
  public void shut() {
    shut = true;
  }

  boolean isShut() {
    return shut;
  }

  /** References that were taken and have no outcome yet. */
  public int pending() {
    return pending.get();
  }

  /** Most references that were ever in flight at once. */
  public int mostPending() {
    return mostPending.get();
  }

  /**
   * Waits until everything that was handed to the labeller has been forwarded.
   *
   * @return false if that takes longer than {@code limit}
   */
  public synchronized boolean awaitDrained(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (pending.get() > unread.get()) {
      long millis = (end - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        return false;
      }
      wait(millis);
    }
    return true;
  }

  void addPending(int change) {
    int now = pending.addAndGet(change);
    if (change > 0) {
      mostPending.accumulateAndGet(now, Math::max);
    }
    if (shut) {
      synchronized (this) {
        notifyAll();
      }
    }
  }

  /** References that wait for the schema registry to say how they are read. */
  public int unread() {
    return unread.get();
  }

  void addUnread(int change) {
    unread.addAndGet(change);
  }
}
