package io.clipstream.model.infer;

import io.clipstream.model.clip.DirectMemory;
import java.nio.ByteBuffer;

/** Host memory that is copied to a device or from it: for a GPU page-locked, where CUDA can. */
final class CopyMemory implements AutoCloseable {
  private final ByteBuffer bytes;
  private final boolean locked;

  CopyMemory(int bytes, boolean gpu) {
    this.bytes = DirectMemory.allocate(bytes);
    this.locked = gpu && PageLock.lock(this.bytes);
  }

  ByteBuffer bytes() {
    return bytes;
  }

  /** Once; no copy is under way, and nobody uses the bytes any more. */
  @Override
  public void close() {
    if (locked) {
      PageLock.unlock(bytes);
    }
    DirectMemory.free(bytes);
  }
}
