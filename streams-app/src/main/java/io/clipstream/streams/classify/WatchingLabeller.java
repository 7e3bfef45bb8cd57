package io.clipstream.streams.classify;

import io.clipstream.streams.intake.Trouble;
import io.clipstream.streams.intake.Waiting;
import io.clipstream.streams.outcome.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.common.header.Headers;

/**
 * A labeller that has another one do everything, and sees which videos that one has. All threads.
 *
 * @param <T> what is kept of a video meanwhile
 */
public abstract class WatchingLabeller<T> implements VideoLabeller {
  private final VideoLabeller labeller;

  /**
   * @param labeller closed with this
   */
  protected WatchingLabeller(VideoLabeller labeller) {
    this.labeller = labeller;
  }

  /** A video is about to be handed over. */
  protected abstract T entered(VideoRequest request);

  /** It was; it may have left already. */
  protected void submitted(T video, Submission submission) {}

  /** Its outcome's record is about to be written, with these headers. May be called again. */
  protected void leaving(T video, Headers headers) {}

  /** It has its outcome, or none is wanted any more. May be called again. */
  protected abstract void left(T video);

  /** No outcome is wanted any more, even if it has one. */
  protected void cancelled(T video) {}

  @Override
  public final Submission submit(
      VideoRequest request, Consumer<Outcome> done, Consumer<Throwable> broken) {
    T video = entered(request);
    Submission submission;
    try {
      submission =
          labeller.submit(
              request,
              outcome -> {
                left(video);
                done.accept(outcome);
              },
              error -> {
                left(video);
                broken.accept(error);
              });
    } catch (Throwable e) {
      left(video);
      throw e;
    }
    submitted(video, submission);
    return new Submission() {
      @Override
      public void cancel() {
        left(video);
        cancelled(video);
        submission.cancel();
      }

      @Override
      public void leaving(Headers headers) {
        WatchingLabeller.this.leaving(video, headers);
        submission.leaving(headers);
      }

      @Override
      public boolean isHeldUp() {
        return submission.isHeldUp();
      }

      @Override
      public Duration waited() {
        return submission.waited();
      }
    };
  }

  @Override
  public final Waiting waiting() {
    return labeller.waiting();
  }

  @Override
  public final List<Trouble> troubles() {
    return labeller.troubles();
  }

  @Override
  public final boolean drain(Duration limit) throws InterruptedException {
    return labeller.drain(limit);
  }

  @Override
  public final void close() {
    labeller.close();
  }
}
