package io.clipstream.model.fetch;

/** The disk has no room for a download: it may have some later. */
final class DiskFullException extends FetchSystemException {
  private static final long serialVersionUID = 1L;

  private final long needed;

  /**
   * @param cause null if the disk has room, but not the share of it that downloads may take
   * @param needed bytes of the file, as far as is known
   */
  DiskFullException(String message, Throwable cause, long needed) {
    super(message, cause);
    this.needed = needed;
  }

  long needed() {
    return needed;
  }
}
