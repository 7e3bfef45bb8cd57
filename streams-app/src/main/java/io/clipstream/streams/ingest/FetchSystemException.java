package io.clipstream.streams.ingest;

/**
 * The fetcher itself cannot work: its disk is full or gone, a root is not mounted, it was closed.
 * No video is to blame, so none may be rejected for it: stop, and fetch the same video again later.
 */
public class FetchSystemException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public FetchSystemException(String message) {
    super(message);
  }

  public FetchSystemException(String message, Throwable cause) {
    super(message, cause);
  }
}
