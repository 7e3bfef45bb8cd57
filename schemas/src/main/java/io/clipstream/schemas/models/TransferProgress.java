package io.clipstream.schemas.models;

/**
 * Told how far a transfer is, by the thread that called for it. What it throws ends the transfer.
 */
@FunctionalInterface
public interface TransferProgress {
  /** Nobody wants to know. */
  TransferProgress NONE = (bytes, total) -> {};

  /**
   * So much is done now; called at the start, after each chunk and at the end.
   *
   * @param bytes done, those of an earlier download that is continued included
   * @param total bytes of the artifact
   */
  void at(long bytes, long total);
}
