package io.clipstream.streams.classify;

import java.util.Optional;

/**
 * One try of a video, counted by whoever hands the video in, so that none that ends its process
 * does so for ever. All threads.
 */
public interface Attempt {
  /** Of a video that nobody counts for. */
  Attempt UNCOUNTED =
      new Attempt() {
        @Override
        public int deaths() {
          return 0;
        }

        @Override
        public Optional<String> refusal() {
          return Optional.empty();
        }

        @Override
        public boolean begin() {
          return true;
        }
      };

  /** Processes that died, as far as is known, while they worked on the video. */
  int deaths();

  /** Why the video is not tried again, one line; empty if it is. */
  Optional<String> refusal();

  /**
   * Waits until the video may be worked on: called before anything is done to its content, and
   * again where it had to wait for something and comes back.
   *
   * @return false if nobody wants the outcome any more
   */
  boolean begin() throws InterruptedException;
}
