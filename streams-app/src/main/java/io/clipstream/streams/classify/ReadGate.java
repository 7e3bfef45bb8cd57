package io.clipstream.streams.classify;

/**
 * Holds up the threads that read videos: each passes before it fetches a video, and before it hands
 * on a clip of it.
 */
@FunctionalInterface
interface ReadGate {
  /** Holds nobody up. */
  ReadGate OPEN = video -> {};

  /** Waits until the thread may go on, or the video is over. */
  void pass(VideoInFlight video) throws InterruptedException;
}
