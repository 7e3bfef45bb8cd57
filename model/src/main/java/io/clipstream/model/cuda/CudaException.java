package io.clipstream.model.cuda;

/**
 * A call of CUDA's driver failed, or there is none; the message says which and why, in one line.
 */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private static final int OUT_OF_MEMORY = 2; // of CUresult

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
}
