package io.clipstream.model.cuda;

/**
 * A call of CUDA's driver failed, or there is none; the message says which and why, in one line.
 */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  CudaException(String message) {
    super(message);
  }

  CudaException(String message, Throwable cause) {
    super(message, cause);
  }
}
