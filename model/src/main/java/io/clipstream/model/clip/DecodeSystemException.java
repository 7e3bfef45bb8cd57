package io.clipstream.model.clip;

/** Nothing can be decoded here, whatever the video. */
public final class DecodeSystemException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DecodeSystemException(String message, Throwable cause) {
    super(message, cause);
  }
}
