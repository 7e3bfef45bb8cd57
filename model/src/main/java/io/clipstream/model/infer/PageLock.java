package io.clipstream.model.infer;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Page-locks host memory for CUDA, which DJL has no call for. Copies to a GPU from memory that is
 * not locked go through a buffer of the driver's, at a fraction of the bus's speed. All threads.
 */
public final class PageLock {
  private static final Logger log = LoggerFactory.getLogger(PageLock.class);

  /** The part of the CUDA runtime that is needed: each returns 0 or an error's number. */
  private interface Cudart extends Library {
    int cudaHostRegister(Pointer memory, long bytes, int flags);

    int cudaHostUnregister(Pointer memory);

    int cudaGetLastError();
  }

  private PageLock() {}

  /**
   * Locks a direct buffer until {@link #unlock}; the buffer must not be freed before.
   *
   * @return whether it is locked; without, everything works, only slower
   */
  public static boolean lock(ByteBuffer buffer) {
    try {
      int error = cudart().cudaHostRegister(pointer(buffer), buffer.capacity(), 0);
      if (error != 0) {
        forgetError();
        log.warn(
            "CUDA cannot page-lock {} bytes (error {}): copies to the GPU are slower",
            buffer.capacity(),
            error);
      }
      return error == 0;
    } catch (UnsatisfiedLinkError e) {
      log.warn("no CUDA runtime to page-lock memory: copies to the GPU are slower", e);
      return false;
    }
  }

  /** Once for a buffer that was locked, before it is freed: its address may be another's then. */
  public static void unlock(ByteBuffer buffer) {
    int error = cudart().cudaHostUnregister(pointer(buffer));
    if (error != 0) {
      forgetError();
      log.warn("CUDA cannot unlock {} bytes (error {})", buffer.capacity(), error);
    }
  }

  /** CUDA keeps a call's error for whoever asks next, which would be PyTorch, after its kernel. */
  private static void forgetError() {
    int unused = cudart().cudaGetLastError();
  }

  private static Cudart cudart() {
    return Native.load("cudart", Cudart.class); // cached by JNA
  }

  private static Pointer pointer(ByteBuffer buffer) {
    return Native.getDirectBufferPointer(buffer);
  }
}
