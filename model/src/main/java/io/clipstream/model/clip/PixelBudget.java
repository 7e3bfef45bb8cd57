package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * The bound on the memory of decoded pixels, for any number of {@link ClipBuffers} of any sizes.
 *
 * <p>Buffers are made on first need and kept for the next clip of their size. Those that are lent
 * and those that are kept are within the bound together: where a clip of another size needs the
 * memory, kept buffers are freed for it.
 *
 * <p>Whoever holds clips while it waits for another one says before how many it will hold at most
 * ({@link #enter}). All that have entered together may hold no more than the bound, so those inside
 * always find memory in the end, as long as clips that are not theirs come back by themselves; and
 * as who waits outside holds nothing, nobody waits for ever, whatever the sizes.
 *
 * <p>All threads.
 */
public final class PixelBudget {
  private final long maxBytes;
  private final GpuDecoding gpus;
  private final ByteSemaphore entries;
  private final ByteSemaphore lent;

  /** Buffers that wait for the next clip of their size; also the lock of what follows. */
  private final Map<Integer, ArrayDeque<ByteBuffer>> kept = new HashMap<>();

  /** Of buffers lent, kept, and about to be made. */
  private long allocated;

  /**
   * @param maxBytes of pixels held at once, at least 1
   */
  public PixelBudget(long maxBytes) {
    this(maxBytes, GpuDecoding.off());
  }

  /**
   * @param maxBytes of pixels held at once, at least 1
   * @param gpus that decode into the buffers
   */
  public PixelBudget(long maxBytes, GpuDecoding gpus) {
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes is " + maxBytes + ", expected at least 1");
    }
    this.maxBytes = maxBytes;
    this.gpus = gpus;
    this.entries = new ByteSemaphore(maxBytes);
    this.lent = new ByteSemaphore(maxBytes);
  }

  public long maxBytes() {
    return maxBytes;
  }

  /** Bytes of the clips that are out now. */
  public long lentBytes() {
    return maxBytes - lent.available();
  }

  /** Bytes of memory taken: of the clips that are out and of the buffers kept for the next. */
  public long allocatedBytes() {
    synchronized (kept) {
      return allocated;
    }
  }

  /** Waits until the caller may hold this many bytes of unfinished clips at once. */
  void enter(long bytes) throws InterruptedException {
    entries.acquire(bytes);
  }

  void leave(long bytes) {
    entries.release(bytes);
  }

  /** Waits, first come first served, for a buffer. Its content is undefined. */
  ByteBuffer take(int bytes) throws InterruptedException {
    lent.acquire(bytes);
    try {
      return reuseOrAllocate(bytes);
    } catch (Throwable e) {
      lent.release(bytes);
      throw e;
    }
  }

  void give(ByteBuffer buffer) {
    synchronized (kept) {
      kept.computeIfAbsent(buffer.capacity(), size -> new ArrayDeque<>()).addLast(buffer.clear());
    }
    lent.release(buffer.capacity());
  }

  private ByteBuffer reuseOrAllocate(int bytes) {
    synchronized (kept) {
      ArrayDeque<ByteBuffer> sameSize = kept.get(bytes);
      ByteBuffer buffer = sameSize == null ? null : sameSize.pollLast();
      if (buffer != null) {
        return buffer;
      }
      free(allocated + bytes - maxBytes);
      allocated += bytes;
    }
    try {
      return gpus.allocate(bytes);
    } catch (Throwable e) {
      synchronized (kept) {
        allocated -= bytes;
      }
      throw e;
    }
  }

  /**
   * Frees kept buffers of at least this many bytes in all. There are that many: all that are out
   * and the one to be made have their share in {@link #lent}, which is within the bound.
   */
  private void free(long bytes) {
    long end = allocated - bytes;
    Iterator<ArrayDeque<ByteBuffer>> sizes = kept.values().iterator();
    while (allocated > end) {
      ArrayDeque<ByteBuffer> buffers = sizes.next();
      while (allocated > end && !buffers.isEmpty()) {
        ByteBuffer buffer = buffers.pollFirst();
        allocated -= buffer.capacity();
        gpus.free(buffer);
      }
      if (buffers.isEmpty()) {
        sizes.remove();
      }
    }
  }
}
