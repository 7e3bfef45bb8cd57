package io.clipstream.streams.classify;

import io.clipstream.schemas.RejectionReason;
import io.clipstream.streams.classify.GenerationSource.Answer;
import io.clipstream.streams.classify.VideoLabeller.Submission;
import io.clipstream.streams.intake.GivenUp;
import io.clipstream.streams.intake.Guest;
import io.clipstream.streams.intake.Place;
import io.clipstream.streams.intake.Ticket;
import io.clipstream.streams.intake.WaitingRoom;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.outcome.Rejections;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * A reference from its submission to its outcome, over all the times that its video is begun: it
 * waits in the room for a place and for its origin, then for its model, if that is not loaded.
 * While it waits it holds its reference and nothing else: no thread, no generation, no file. All
 * threads.
 */
final class WaitingVideo implements Submission, Guest {
  private final VideoRequest request;
  private final WaitingRoom room;
  private final GenerationSource generations;
  private final BiFunction<Answer.Acquired, Turn, VideoInFlight> work;
  private final PipelineObserver observer;
  private final Consumer<Outcome> done;
  private final Consumer<Throwable> broken;
  private final long submittedAt = System.nanoTime();

  private Ticket ticket;
  private Place current;
  private VideoInFlight begun;
  private boolean cancelled;

  /**
   * @param work begins the video
   * @param broken takes what {@code work} throws
   */
  WaitingVideo(
      VideoRequest request,
      WaitingRoom room,
      GenerationSource generations,
      BiFunction<Answer.Acquired, Turn, VideoInFlight> work,
      PipelineObserver observer,
      Consumer<Outcome> done,
      Consumer<Throwable> broken) {
    this.request = request;
    this.room = room;
    this.generations = generations;
    this.work = work;
    this.observer = observer;
    this.done = done;
    this.broken = broken;
  }

  long submittedAt() {
    return submittedAt;
  }

  /** The room has it. */
  void entered(Ticket given) {
    synchronized (this) {
      ticket = given;
      if (!cancelled) {
        return;
      }
    }
    room.leave(given);
  }

  @Override
  public void begin(Place place) {
    synchronized (this) {
      ticket = place.ticket();
      current = place;
      begun = null;
    }
    if (isCancelled()) {
      room.giveBack(place);
      return;
    }
    try {
      begin(place, generations.acquire(request));
    } catch (RuntimeException e) {
      room.giveBack(place);
      broken.accept(e);
    }
  }

  private void begin(Place place, Answer answer) {
    if (answer instanceof Answer.Acquired acquired) {
      VideoInFlight video = work.apply(acquired, new Turn(this, place, room));
      synchronized (this) {
        if (current == place) { // Else it failed at once, and is begun anew already.
          begun = video;
        }
        if (!cancelled) {
          return;
        }
      }
      video.cancel();
      return;
    }
    room.giveBack(place);
    if (answer instanceof Answer.Unknown unknown) {
      reject(RejectionReason.UNKNOWN_MODEL, detail(unknown), 1);
    } else if (answer instanceof Answer.Later later) {
      var unused =
          later
              .ready()
              .whenComplete(
                  (loaded, never) -> {
                    if (never != null) {
                      reject(RejectionReason.UNKNOWN_MODEL, never.getMessage(), 1);
                    } else if (!isCancelled()) {
                      room.enterAgain(place.ticket());
                    }
                  });
    }
  }

  /** It failed, and is in the room once more. */
  void waitsAgain(Place place) {
    if (isCancelled()) {
      room.leave(place.ticket());
    }
  }

  private synchronized boolean isCancelled() {
    return cancelled;
  }

  /** Whether something out of order keeps it from being begun, not the lack of a place. */
  @Override
  public boolean isHeldUp() {
    Ticket now;
    synchronized (this) {
      now = ticket;
    }
    return now != null && room.isHeldUp(now);
  }

  @Override
  public Duration waited() {
    Ticket now;
    synchronized (this) {
      now = ticket;
    }
    return now == null ? Duration.ZERO : room.waited(now);
  }

  @Override
  public void makeWay(Place place) {
    VideoInFlight video;
    synchronized (this) {
      video = current == place ? begun : null;
    }
    if (video != null) {
      video.makeWay();
    }
  }

  @Override
  public void giveUp(GivenUp why) {
    reject(RejectionReason.valueOf(why.reason().name()), why.detail(), why.attempts());
  }

  private void reject(RejectionReason reason, String detail, int attempts) {
    if (isCancelled()) {
      return;
    }
    Outcome outcome = Rejections.reject(request.reference(), reason, detail, attempts);
    observer.outcome(request, Optional.empty(), outcome, System.nanoTime() - submittedAt);
    done.accept(outcome);
  }

  private static String detail(Answer.Unknown unknown) {
    return "model '"
        + unknown.model()
        + "' is not served, "
        + String.join(", ", unknown.served())
        + (unknown.served().size() == 1 ? " is" : " are");
  }

  @Override
  public void cancel() {
    Ticket waits;
    VideoInFlight made;
    synchronized (this) {
      cancelled = true;
      waits = ticket;
      made = begun;
    }
    if (made != null) {
      made.cancel();
    }
    if (waits != null) {
      room.leave(waits);
    }
  }
}
