package io.clipstream.streams.intake;

import io.clipstream.model.fetch.Fault;
import io.clipstream.model.fetch.FetchResult.Unavailable;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * Whether an origin works, as told by what became of those who went there. Knows no clock: times
 * are arguments, nanoseconds of one clock. Guarded by the room's lock.
 */
final class Circuit {
  /** Different guests that fail in a row. */
  static final int MANY = 3;

  static final long FIRST_PAUSE = Duration.ofSeconds(1).toNanos();
  static final long LONGEST_PAUSE = Duration.ofSeconds(30).toNanos();

  /** For so long after a success one failure alone says nothing about the origin. */
  static final long RECENT = Duration.ofSeconds(10).toNanos();

  /** Where it stands. */
  enum State {
    CLOSED,
    OPEN,
    HALF_OPEN
  }

  private State state = State.CLOSED;
  private final Set<Object> failing = new HashSet<>();
  private boolean everSucceeded;
  private long lastSuccess;
  private long openedAt;
  private long until;
  private long pause;
  private Unavailable cause;

  State state() {
    return state;
  }

  boolean isClosed() {
    return state == State.CLOSED;
  }

  /** Whether somebody may go there: anybody, or one as a probe. */
  boolean admits(long now) {
    return state == State.CLOSED || (state == State.OPEN && now - until >= 0);
  }

  /** Somebody goes there. */
  void begin() {
    if (state == State.OPEN) {
      state = State.HALF_OPEN;
    }
  }

  /** The one who went there came back and learned nothing. */
  void learnedNothing(long now) {
    if (state == State.HALF_OPEN) {
      state = State.OPEN;
      until = now;
    }
  }

  /** Whether anything ever came from there. */
  boolean isProven() {
    return everSucceeded;
  }

  /** Whether something came from there after this time. */
  boolean succeededSince(long time) {
    return everSucceeded && lastSuccess - time >= 0;
  }

  /**
   * It answered.
   *
   * @param begun when the one who went there did
   * @return whether this closed it
   */
  boolean succeeded(long begun, long now) {
    everSucceeded = true;
    lastSuccess = now;
    failing.clear();
    // What was on its way when it opened says nothing about now.
    if (state == State.CLOSED || begun - openedAt < 0) {
      return false;
    }
    state = State.CLOSED;
    pause = 0;
    return true;
  }

  /**
   * Somebody failed, perhaps by its fault.
   *
   * @param who each is another
   * @param others whether some wait who were never tried: if the fault may be this one's, the pause
   *     before the next is short
   * @param longest pause that is kept
   * @return whether this opened it
   */
  boolean failed(Object who, Unavailable failure, boolean others, Duration longest, long now) {
    if (failing.size() < MANY) {
      failing.add(who);
    }
    boolean certain =
        failure.fault() == Fault.ORIGIN && !(everSucceeded && now - lastSuccess < RECENT);
    if (state == State.CLOSED && !certain && failing.size() < MANY) {
      return false;
    }
    boolean opens = state == State.CLOSED;
    if (opens) {
      openedAt = now;
    }
    if (state != State.OPEN) {
      boolean isShort = pause == 0 || (others && failure.fault() == Fault.EITHER);
      pause = isShort ? FIRST_PAUSE : Math.min(2 * pause, LONGEST_PAUSE);
      until = now + pause;
      cause = failure;
    }
    long asked =
        failure
            .retryAfter()
            .map(time -> time.compareTo(longest) < 0 ? time : longest)
            .orElse(Duration.ZERO)
            .toNanos();
    if (now + asked - until > 0) {
      until = now + asked;
    }
    state = State.OPEN;
    return opens;
  }

  /** While it is not closed: why. */
  Unavailable cause() {
    return cause;
  }

  long openedAt() {
    return openedAt;
  }

  /** While it is open: when somebody may go there again. */
  long until() {
    return until;
  }
}
