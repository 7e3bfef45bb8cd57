package io.clipstream.model.fetch;

/** How far a download is; called by the thread that downloads, after each piece. */
public interface FetchProgress {
  /** Ignores it. */
  FetchProgress NONE = (bytes, total) -> {};

  /**
   * Called when a download begins or goes on, and after each piece.
   *
   * @param bytes there so far, those of earlier attempts and processes included; fewer than before
   *     if the download had to start anew
   * @param total bytes of the file, -1 if the server does not say
   */
  void at(long bytes, long total);
}
