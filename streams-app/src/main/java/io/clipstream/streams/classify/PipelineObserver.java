package io.clipstream.streams.classify;

import io.clipstream.model.infer.NetworkForm;
import io.clipstream.streams.outcome.Outcome;
import java.util.Optional;

/**
 * Told what happens to videos and clips, for metrics and traces. Called by all threads of the
 * pipeline while they work: it returns at once and blocks nobody. What it throws changes nothing,
 * and is logged the first time.
 *
 * <p>Times are in nanoseconds.
 */
public interface PipelineObserver {
  /** Is told everything and does nothing. */
  PipelineObserver NONE = new PipelineObserver() {};

  /** Tells both, each whatever the other one throws. */
  static PipelineObserver both(PipelineObserver first, PipelineObserver second) {
    return first == NONE ? second : second == NONE ? first : new BothObservers(first, second);
  }

  /**
   * A device has a model's network, warm and proved.
   *
   * @param form in which it runs there
   */
  default void loaded(ServedModel model, String device, NetworkForm form) {}

  /**
   * A video is a local file now.
   *
   * @param nanos that fetching took, with all its attempts
   */
  default void fetched(VideoRequest request, long bytes, long nanos) {}

  /**
   * Clips were cut from a video.
   *
   * @param clips at least 1
   * @param nanos of decoding, without waiting for a turn, for memory or for a place in the queue
   * @param complete false if a part of the video could not be decoded
   */
  default void decoded(
      VideoRequest request, ServedModel model, int clips, long nanos, boolean complete) {}

  /**
   * A clip waits for a device.
   *
   * @param depth clips that wait for this model, this one included
   */
  default void queued(ServedModel model, int depth) {}

  /**
   * A batch was classified.
   *
   * @param device where, such as {@code gpu0}
   * @param size clips in it
   * @param capacity clips of the largest batch
   * @param waitNanos that its oldest clip waited
   * @param passNanos that classifying took
   */
  default void batch(
      ServedModel model, String device, int size, int capacity, long waitNanos, long passNanos) {}

  /**
   * A video has its outcome, which is handed on next.
   *
   * @param model that the video was given to; empty if it was rejected before
   * @param nanos since its submission
   */
  default void outcome(
      VideoRequest request, Optional<ServedModel> model, Outcome outcome, long nanos) {}
}
