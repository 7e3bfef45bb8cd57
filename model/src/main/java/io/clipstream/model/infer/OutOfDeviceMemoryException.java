package io.clipstream.model.infer;

/** A batch did not fit into the device's memory; half of it may. */
public final class OutOfDeviceMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public OutOfDeviceMemoryException(String message, Throwable cause) {
    super(message, cause);
  }
}
