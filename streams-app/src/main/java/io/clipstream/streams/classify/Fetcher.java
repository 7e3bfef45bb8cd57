package io.clipstream.streams.classify;

import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.Origin;

/** Makes the video of a request a local file. All threads. */
public interface Fetcher extends AutoCloseable {
  /**
   * Whether the video has to be downloaded first. Reading it then takes as long as its server
   * likes, mostly without a processor, so nothing else should wait for it.
   */
  default boolean isRemote(VideoRequest request) {
    return false;
  }

  /** Where the video comes from, and what may be out of order for others of it too. */
  default Origin origin(VideoRequest request) {
    return isRemote(request) ? new Origin(Origin.Kind.HOST, "") : Origin.NONE;
  }

  /**
   * Whether the origin is in order, as far as can be seen without the video; blocks for some
   * seconds.
   */
  default boolean answers(VideoRequest request) throws InterruptedException {
    return true;
  }

  /** As the other, for another host, which the video's address led to. */
  default boolean answers(Origin host) throws InterruptedException {
    return true;
  }

  /** Remote videos that may be fetched at once, at least 1. */
  default int maxRemote() {
    return 1;
  }

  /**
   * Fetches on the calling thread; an interrupt ends it.
   *
   * @return the video, which is the caller's to close, or why there is none, for ever or now
   * @throws RuntimeException if the system, not the video, is at fault
   */
  FetchResult fetch(VideoRequest request) throws InterruptedException;

  /**
   * As the other.
   *
   * @param serving called once or more, when the server begins to send
   */
  default FetchResult fetch(VideoRequest request, Runnable serving) throws InterruptedException {
    return fetch(request);
  }

  @Override
  default void close() {}
}
