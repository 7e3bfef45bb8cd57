package io.clipstream.streams.classify;

import io.clipstream.streams.intake.Trouble;
import io.clipstream.streams.intake.Waiting;
import io.clipstream.streams.outcome.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.common.header.Headers;

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
  Submission submit(VideoRequest request, Consumer<Outcome> done, Consumer<Throwable> broken);

  /** What of what was submitted waits, and is not worked on. */
  default Waiting waiting() {
    return Waiting.NONE;
  }

  /** What is out of order, and since when. */
  default List<Trouble> troubles() {
    return List.of();
  }

  /**
   * Before {@link #close}: begins nothing any more, gives up what was not begun, without outcomes,
   * and waits until what was begun has its outcome and its consumer was called.
   *
   * @return false if that takes longer than {@code limit}
   */
  boolean drain(Duration limit) throws InterruptedException;

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

    /**
     * The record of its outcome is about to be written; may be called again, if it could not be.
     *
     * @param headers of that record, to be added to
     */
    default void leaving(Headers headers) {}

    /** Whether it waits for something that is out of order, perhaps for hours. */
    default boolean isHeldUp() {
      return false;
    }

    /**
     * For how long its origin has been out of order for it, in this instance and those before;
     * zero: it was not.
     */
    default Duration waited() {
      return Duration.ZERO;
    }
  }
}
