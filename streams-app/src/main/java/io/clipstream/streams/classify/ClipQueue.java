package io.clipstream.streams.classify;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A {@link ClipBatcher} between the threads that decode and the workers. All workers take from one
 * queue, so that clips never wait for a busy device beside an idle one.
 */
final class ClipQueue {
  private final ClipBatcher<QueuedClip> batcher;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Workers in {@link #take}. */
  private int idle;

  ClipQueue(BatchPolicy policy) {
    this.batcher = new ClipBatcher<>(policy);
  }

  /** The queue owns the clip until a worker takes it. */
  void add(QueuedClip clip) {
    lock.lock();
    try {
      batcher.add(clip, clip.queuedAt());
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the next batch; its clips are the caller's. */
  List<QueuedClip> take() throws InterruptedException {
    lock.lockInterruptibly();
    idle++;
    try {
      while (true) {
        long now = System.nanoTime();
        List<QueuedClip> batch = batcher.poll(now);
        if (!batch.isEmpty()) {
          if (batcher.size() > 0) {
            changed.signal(); // What is left may be due for another worker.
          }
          return batch;
        }
        OptionalLong release = batcher.nextRelease();
        if (release.isPresent()) {
          long unused = changed.awaitNanos(release.getAsLong() - now);
        } else {
          changed.await();
        }
      }
    } finally {
      idle--;
      lock.unlock();
    }
  }

  /**
   * The next batch for a worker that is still busy, if it is full and no other worker waits for
   * one; else an empty list. Its clips are the caller's.
   */
  List<QueuedClip> takeAhead() {
    lock.lock();
    try {
      return idle == 0 ? batcher.pollFull() : List.of();
    } finally {
      lock.unlock();
    }
  }

  /** Takes everything out, for an end. */
  List<QueuedClip> removeAll() {
    lock.lock();
    try {
      return batcher.removeAll();
    } finally {
      lock.unlock();
    }
  }
}
