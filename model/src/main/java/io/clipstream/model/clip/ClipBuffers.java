package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.Semaphore;

/**
 * A bounded pool of direct buffers of one clip each: the bound on decoded pixels held at once.
 * Buffers are made on first need and reused; all threads.
 */
public final class ClipBuffers {
  private final int clipBytes;
  private final int capacity;
  private final Semaphore permits;
  private final Semaphore entries;
  private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();

  /**
   * @param clipBytes size of one clip, see {@link ClipSpec#clipBytes()}
   * @param maxBytes most bytes lent at once; holds at least one clip
   */
  public ClipBuffers(int clipBytes, long maxBytes) {
    this.clipBytes = clipBytes;
    this.capacity = (int) Math.min(1 << 20, maxBytes / clipBytes);
    if (capacity < 1) {
      throw new IllegalArgumentException(
          "maxBytes is " + maxBytes + ", expected at least one clip of " + clipBytes + " bytes");
    }
    this.permits = new Semaphore(capacity, true);
    this.entries = new Semaphore(capacity, true);
  }

  public int clipBytes() {
    return clipBytes;
  }

  /** Clips that can be out at once. */
  public int capacity() {
    return capacity;
  }

  /** Clips out now. */
  public int lent() {
    return capacity - permits.availablePermits();
  }

  /** Waits, first come first served, until a buffer is free. Its content is undefined. */
  public Clip take(TimeRange range, int crop) throws InterruptedException {
    permits.acquire();
    ByteBuffer pixels;
    synchronized (free) {
      pixels = free.pollLast();
    }
    if (pixels == null) {
      try {
        pixels = ByteBuffer.allocateDirect(clipBytes);
      } catch (Throwable e) {
        permits.release();
        throw e;
      }
    }
    return new Clip(this, pixels, range, crop);
  }

  /**
   * Waits until the caller may hold this many unfinished clips at once. Whoever holds a clip while
   * waiting for the next one enters first and leaves when done: as all entries together stay within
   * the capacity, those inside cannot block each other.
   */
  void enter(int clips) throws InterruptedException {
    if (clips > capacity) {
      throw new IllegalArgumentException(
          clips + " clips have to be open at once, but there are buffers for " + capacity);
    }
    entries.acquire(clips);
  }

  void leave(int clips) {
    entries.release(clips);
  }

  void give(ByteBuffer pixels) {
    synchronized (free) {
      free.addLast(pixels.clear());
    }
    permits.release();
  }
}
