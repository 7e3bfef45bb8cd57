package io.clipstream.model.cuda;

import java.util.Set;

/**
 * A call of CUDA's driver failed, or there is none; the message says which and why, in one line.
 */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  // Of CUresult in cuda.h.
  private static final int OUT_OF_MEMORY = 2;

  /**
   * After these a process has to be started anew to go on with a GPU: what failed while it ran on
   * the GPU (memory and links that are not right, addresses, instructions, assertions, time),
   * contexts that are gone, and MPS that ended the process's client.
   */
  private static final Set<Integer> STICKY =
      Set.of(4, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 810, 911);

  private final int error;

  /**
   * @param error the driver's number
   */
  CudaException(String message, int error) {
    super(message);
    this.error = error;
  }

  CudaException(String message, Throwable cause) {
    super(message, cause);
    this.error = -1;
  }

  /** Whether a GPU has no memory left for now; it goes on otherwise. */
  public boolean isOutOfMemory() {
    return error == OUT_OF_MEMORY;
  }

  /** Whether all that this process does on the GPU fails from now on. */
  public boolean isSticky() {
    return STICKY.contains(error);
  }
}
