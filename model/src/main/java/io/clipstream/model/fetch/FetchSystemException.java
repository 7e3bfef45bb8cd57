package io.clipstream.model.fetch;

/**
 * The fetcher itself cannot work: its disk is full or gone, a root is not mounted, it was closed.
 * No file is to blame, so none may be rejected for it: stop, and fetch the same file again later.
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
