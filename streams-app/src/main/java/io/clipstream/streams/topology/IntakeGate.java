package io.clipstream.streams.topology;

import io.clipstream.model.UserError;
import io.clipstream.streams.intake.Waiting;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Says whether an instance may take more references from Kafka: the bounds on references in flight,
 * their number and the bytes of their records.
 *
 * <p>What waits for a host or a root, or behind an earlier reference of its key that does, is not
 * counted with what is worked on: it has bounds of its own.
 *
 * <p>While the gate is closed, {@link GatedClients} pauses the partitions, so that stream threads
 * never block: they go on polling, draining and committing, and no time limit of the group or of
 * transactions runs out, however long a video takes. Partitions with little in flight are read on,
 * an eighth of {@code maxPending} in all. What was polled before still comes through, so at most
 * 9/8 {@code maxPending} plus, for each partition, {@code buffered.records.per.partition} plus
 * {@code max.poll.records} references are in flight; and as to bytes, what a poll brings more, for
 * each partition {@code max.partition.fetch.bytes} (1 MiB).
 *
 * <p>All threads.
 */
public final class IntakeGate {
  private final int maxPending;
  private final long maxBytes;
  private final AtomicInteger pending = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();

  /** References in flight; none for a partition without any. */
  private final ConcurrentMap<Integer, Integer> byPartition = new ConcurrentHashMap<>();

  private final AtomicInteger mostPending = new AtomicInteger();
  private final AtomicInteger unread = new AtomicInteger();
  private final AtomicInteger completed = new AtomicInteger();
  private final AtomicInteger kept = new AtomicInteger();
  private final Supplier<Waiting> waiting;
  private volatile boolean shut;

  /**
   * When a registry that is down is asked again, for reading and for writing, in milliseconds of
   * the stream threads' clock. For all tasks together: a try may take seconds, and if each task
   * made its own, a thread with many would overrun the time limit of its transaction.
   */
  volatile long readAgainAt;

  volatile long writeAgainAt;

  public IntakeGate(PendingLimits limits) {
    this(limits, () -> Waiting.NONE);
  }

  /**
   * As the other.
   *
   * @param waiting at once, what of what is in flight waits for others than this instance: it has
   *     bounds of its own, so that a host that hangs does not close the gate
   */
  public IntakeGate(PendingLimits limits, Supplier<Waiting> waiting) {
    if (limits.references() < 1 || limits.bytes() < 1) {
      throw new UserError(limits + ", expected at least 1 reference and 1 byte");
    }
    this.maxPending = limits.references();
    this.maxBytes = limits.bytes();
    this.waiting = waiting;
  }

  /** Whether more may be taken. */
  public boolean open() {
    if (shut || unread.get() > 0) {
      return false;
    }
    Waiting aside = waiting.get();
    int others = kept.get();
    return pending.get() - aside.videos() - others < maxPending && hasRoom(aside, others);
  }

  private boolean hasRoom(Waiting aside, int others) {
    return bytes.get() - aside.bytes() < maxBytes && aside.hasRoom(others);
  }

  /**
   * Whether more of a partition may be taken, though there are too many of others: if it has less
   * than its share of an eighth of what may be in flight.
   */
  boolean open(int partition) {
    if (open()) {
      return true;
    }
    int share = Math.max(1, maxPending / (8 * Math.max(1, byPartition.size())));
    return !shut
        && unread.get() == 0
        && hasRoom(waiting.get(), kept.get())
        && byPartition.getOrDefault(partition, 0) < share;
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
   * Waits until every outcome that the labeller gave has been forwarded, but for those that an
   * earlier reference of their key, which has none, keeps back. After {@link #shut} and the
   * labeller's own end.
   *
   * @return false if that takes longer than {@code limit}
   */
  public synchronized boolean awaitForwarded(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (completed.get() > 0) {
      long millis = (end - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        return false;
      }
      wait(millis);
    }
    return true;
  }

  /** Bytes of their records. */
  public long pendingBytes() {
    return bytes.get();
  }

  /**
   * @param size of the records that came (or went, both negative), as {@code RecordSize} counts it,
   *     or what they take in memory beyond that
   */
  void addPending(int partition, int change, long size) {
    bytes.addAndGet(size);
    byPartition.compute(
        partition,
        (same, count) -> {
          int sum = (count == null ? 0 : count) + change;
          return sum == 0 ? null : sum;
        });
    int now = pending.addAndGet(change);
    if (change > 0) {
      mostPending.accumulateAndGet(now, Math::max);
    }
  }

  /** References that have an outcome which no stream thread has looked at. */
  void addCompleted(int change) {
    if (completed.addAndGet(change) == 0 && shut) {
      synchronized (this) {
        notifyAll();
      }
    }
  }

  /** References that an earlier one of their key keeps back. */
  void addKept(int change) {
    kept.addAndGet(change);
  }

  /** References that wait for the schema registry to say how they are read. */
  public int unread() {
    return unread.get();
  }

  void addUnread(int change) {
    unread.addAndGet(change);
  }
}
