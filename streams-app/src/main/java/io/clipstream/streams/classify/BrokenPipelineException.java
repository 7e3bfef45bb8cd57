package io.clipstream.streams.classify;

/**
 * The system that labels videos failed, through no fault of a video: stop. Every reference without
 * an outcome is still pending and is taken up by the next instance that works.
 */
public final class BrokenPipelineException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public BrokenPipelineException(String message, Throwable cause) {
    super(message, cause);
  }
}
