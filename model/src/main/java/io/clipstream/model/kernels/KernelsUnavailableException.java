package io.clipstream.model.kernels;

/** A network cannot run with clipstream's GPU kernels; the message says why, in one line. */
public final class KernelsUnavailableException extends Exception {
  private static final long serialVersionUID = 1;

  public KernelsUnavailableException(String message) {
    super(message);
  }

  KernelsUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
