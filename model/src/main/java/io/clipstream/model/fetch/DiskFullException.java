package io.clipstream.model.fetch;

/**
 * There is no room for a download, on the disk or in the share of it that downloads may take: there
 * may be some later.
 */
final class DiskFullException extends FetchSystemException {
  private static final long serialVersionUID = 1L;

  private final long needed;
  private final boolean shareAlone;

  private DiskFullException(String message, Throwable cause, long needed, boolean shareAlone) {
    super(message, cause);
    this.needed = needed;
    this.shareAlone = shareAlone;
  }

  /**
   * @param needed bytes of the file, as far as is known
   */
  static DiskFullException ofDisk(String message, Throwable cause, long needed) {
    return new DiskFullException(message, cause, needed, false);
  }

  /** As {@link #ofDisk}: other downloads have the share. */
  static DiskFullException ofShare(long needed) {
    return new DiskFullException("downloads have all the room they may take", null, needed, true);
  }

  long needed() {
    return needed;
  }

  /** Whether the disk itself has room. */
  boolean isOfShareAlone() {
    return shareAlone;
  }
}
