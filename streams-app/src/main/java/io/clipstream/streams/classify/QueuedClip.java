package io.clipstream.streams.classify;

import io.clipstream.model.clip.Clip;

/**
 * A clip on its way to a device.
 *
 * @param queuedAt by {@link System#nanoTime}
 */
record QueuedClip(VideoInFlight video, Clip clip, long queuedAt) {

  /** Gives the pixels and the video's place in the queue back. */
  void release() {
    clip.close();
    video.clipLeft();
  }
}
