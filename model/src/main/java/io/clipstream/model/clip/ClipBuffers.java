package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lends buffers of one clip each, within a {@link PixelBudget} that may be shared with clips of
 * other sizes. All threads.
 */
public final class ClipBuffers {
  private final int clipBytes;
  private final PixelBudget budget;
  private final int capacity;
  private final AtomicInteger lent = new AtomicInteger();

  /**
   * With a budget of its own.
   *
   * @param clipBytes size of one clip, see {@link ClipSpec#clipBytes()}
   * @param maxBytes most bytes lent at once; holds at least one clip
   */
  public ClipBuffers(int clipBytes, long maxBytes) {
    this(clipBytes, new PixelBudget(maxBytes));
  }

  /**
   * @param clipBytes size of one clip, see {@link ClipSpec#clipBytes()}
   * @param budget holds at least one clip
   */
  public ClipBuffers(int clipBytes, PixelBudget budget) {
    this.clipBytes = clipBytes;
    this.budget = budget;
    this.capacity = (int) Math.min(Integer.MAX_VALUE, budget.maxBytes() / clipBytes);
    if (capacity < 1) {
      throw new IllegalArgumentException(
          "maxBytes is "
              + budget.maxBytes()
              + ", expected at least one clip of "
              + clipBytes
              + " bytes");
    }
  }

  public int clipBytes() {
    return clipBytes;
  }

  /** Clips that can be out at once, if the budget is used for nothing else. */
  public int capacity() {
    return capacity;
  }

  /** Clips out now. */
  public int lent() {
    return lent.get();
  }

  /** Waits, first come first served, until there is a buffer. Its content is undefined. */
  public Clip take(TimeRange range, int crop) throws InterruptedException {
    Clip clip = new Clip(this, budget.take(clipBytes), range, crop);
    lent.incrementAndGet();
    return clip;
  }

  /**
   * Waits until the caller may hold this many unfinished clips at once. Whoever holds a clip while
   * it waits for the next one enters first and leaves when done, see {@link PixelBudget}.
   */
  void enter(int clips) throws InterruptedException {
    if (clips > capacity) {
      throw new IllegalArgumentException(
          clips + " clips have to be open at once, but there are buffers for " + capacity);
    }
    budget.enter((long) clips * clipBytes);
  }

  void leave(int clips) {
    budget.leave((long) clips * clipBytes);
  }

  void give(ByteBuffer pixels) {
    lent.decrementAndGet();
    budget.give(pixels);
  }
}
