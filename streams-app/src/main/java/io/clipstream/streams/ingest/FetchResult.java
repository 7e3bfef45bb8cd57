package io.clipstream.streams.ingest;

/**
 * What came of fetching one video. Trouble that is not the video's fault is an exception instead.
 */
public sealed interface FetchResult {

  /**
   * The video is a local file now.
   *
   * @param video owned by the receiver, which closes it
   */
  record Fetched(LocalVideo video) implements FetchResult {}

  /**
   * The video could not be had, and asking again would not help.
   *
   * @param detail one plain sentence; query strings and user names are masked in it
   * @param attempts how often it was tried, 0 when the reference alone was reason enough
   */
  record Rejected(FetchReason reason, String detail, int attempts) implements FetchResult {}
}
