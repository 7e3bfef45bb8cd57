package io.clipstream.streams.classify;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A {@link ClipBatcher} between the threads that decode and the workers. All workers take from one
 * queue, so that clips never wait for a busy device beside an idle one. All threads.
 */
final class ClipQueue {
  private final ClipBatcher<QueuedClip> batcher;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Workers in {@link #take}. */
  private int idle;

  private boolean closed;

  ClipQueue(BatchPolicy policy) {
    this.batcher = new ClipBatcher<>(policy);
  }

  /**
   * Adds a clip, which the queue owns until a worker takes it.
   *
   * @return clips that wait now, this one included; 0 if the queue is closed and the clip stays the
   *     caller's
   */
  int add(QueuedClip clip) {
    lock.lock();
    try {
      if (closed) {
        return 0;
      }
      batcher.add(clip, clip.queuedAt());
      changed.signal();
      return batcher.size();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the next batch, whose clips are the caller's; an empty list: the queue is closed. */
  List<QueuedClip> take() throws InterruptedException {
    lock.lockInterruptibly();
    idle++;
    try {
      while (!closed) {
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
      return List.of();
    } finally {
      idle--;
      lock.unlock();
    }
  }

  /** A batch that is due already, else an empty list. Its clips are the caller's. */
  List<QueuedClip> poll() {
    lock.lock();
    try {
      return batcher.poll(System.nanoTime());
    } finally {
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

  /** Whether a batch of the largest size waits. */
  boolean isFull() {
    lock.lock();
    try {
      return batcher.isFull();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes no more clips and lets every worker go.
   *
   * @return the clips that waited; they are the caller's
   */
  List<QueuedClip> close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      return batcher.removeAll();
    } finally {
      lock.unlock();
    }
  }
}
