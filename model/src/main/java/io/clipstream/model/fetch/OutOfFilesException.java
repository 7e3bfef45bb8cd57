package io.clipstream.model.fetch;

/** No file descriptor was left for a download: there may be one later. */
final class OutOfFilesException extends FetchSystemException {
  private static final long serialVersionUID = 1L;

  OutOfFilesException(String message, Throwable cause) {
    super(message, cause);
  }
}
