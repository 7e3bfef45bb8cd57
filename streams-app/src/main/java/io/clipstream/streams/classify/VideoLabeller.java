package io.clipstream.streams.classify;

import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.outcome.Outcome;
import java.util.function.Consumer;

/** Everything between a reference and its outcome. All threads. */
public interface VideoLabeller extends AutoCloseable {

  /**
   * Takes a reference and returns at once. Later exactly one of the two consumers is called, once,
   * by any thread, unless the work is cancelled before. They must return fast.
   *
   * @param done takes the outcome
   * @param broken takes a failure of the system that is not the video's fault: the reference has no
   *     outcome yet and must be submitted again, to a system that works
   */
  Submission submit(VideoReference reference, Consumer<Outcome> done, Consumer<Throwable> broken);

  /** Gives up what is under way, without outcomes, and ends every thread. */
  @Override
  void close();

  /** Work that was submitted. */
  interface Submission {
    /**
     * Nobody waits for the outcome any more. What has not begun is left undone, a download is
     * stopped; an outcome may still come and is to be ignored.
     */
    void cancel();
  }
}
