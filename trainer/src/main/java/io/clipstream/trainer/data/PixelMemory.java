package io.clipstream.trainer.data;

import io.clipstream.model.clip.DirectMemory;
import io.clipstream.model.infer.PageLock;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Buffers for the pixels of batches, used again and again. For GPUs they are page-locked: their
 * copy engines read that several times faster. All threads.
 */
public final class PixelMemory implements AutoCloseable {
  private final int bytes;
  private final boolean gpu;
  private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();
  private final List<ByteBuffer> all = new ArrayList<>();
  private final List<ByteBuffer> locked = new ArrayList<>();

  /**
   * Holds none yet.
   *
   * @param bytes of each buffer
   * @param gpu whether GPUs read them
   */
  public PixelMemory(int bytes, boolean gpu) {
    this.bytes = bytes;
    this.gpu = gpu;
  }

  /** A direct buffer, cleared, which nobody else has until it is given back. */
  synchronized ByteBuffer take() {
    ByteBuffer buffer = free.poll();
    if (buffer == null) {
      buffer = DirectMemory.allocate(bytes);
      all.add(buffer);
      if (gpu && PageLock.lock(buffer)) {
        locked.add(buffer);
      }
    }
    return buffer.clear();
  }

  synchronized void give(ByteBuffer buffer) {
    free.add(buffer);
  }

  /** Frees all buffers; none may be in use. */
  @Override
  public synchronized void close() {
    locked.forEach(PageLock::unlock);
    all.forEach(DirectMemory::free);
    locked.clear();
    all.clear();
    free.clear();
  }
}
