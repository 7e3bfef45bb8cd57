package io.clipstream.streams.intake;

import io.clipstream.model.fetch.FetchResult.Unavailable;
import java.time.Duration;
import java.util.Optional;

/**
 * How long guests wait for their origins: between two tries, and in all. Knows no clock: times are
 * arguments, nanoseconds of one clock. Guarded by the room's lock.
 */
final class Patience {
  /** Who waited before elsewhere is not given up here sooner, or after a tenth of the patience. */
  private static final long FRESH_TRY = Duration.ofMinutes(1).toNanos();

  private final Duration patience;

  Patience(Duration patience) {
    this.patience = patience;
  }

  /** Writes down that a guest's time at work has failed, for {@link #lost} and {@link #pause}. */
  void failed(Place place, Unavailable failure) {
    Ticket ticket = place.ticket;
    if (ticket.rounds == 0) {
      ticket.firstFailed = ticket.waitsStill() ? ticket.entered - ticket.waitedBefore : place.begun;
    }
    ticket.rounds++;
    ticket.attempts += failure.attempts();
    ticket.last = failure;
  }

  /** Nanoseconds until a guest may go to work again, after its last failure. */
  long pause(Ticket ticket) {
    long own = growing(ticket.rounds);
    Duration asked = ticket.last.retryAfter().orElse(Duration.ZERO);
    return Math.max(own, (asked.compareTo(patience) < 0 ? asked : patience).toNanos());
  }

  /** Nanoseconds until the next try after so many that failed, at least 1. */
  static long growing(int failed) {
    return Math.min(Circuit.FIRST_PAUSE << Math.min(failed - 1, 5), Circuit.LONGEST_PAUSE);
  }

  /** Why a guest that waits is given up now, if it is. */
  Optional<GivenUp> lost(Ticket ticket, long now) {
    long waited = now - troubledSince(ticket, now);
    boolean isFresh =
        ticket.waitedBefore > 0
            && now - ticket.entered < Math.min(FRESH_TRY, patience.toNanos() / 10);
    if (isFresh || waited < patience.toNanos()) {
      return Optional.empty();
    }
    Unavailable why = ticket.last != null ? ticket.last : ticket.lane.circuit.cause();
    return Optional.of(
        new GivenUp(
            why.reason(),
            ticket.lane.origin
                + " did not serve it within "
                + TroubleLog.time(waited)
                + " (fetch.patience): "
                + why.problem(),
            Math.max(1, ticket.attempts)));
  }

  /** Since when the guest waits for its origin; now: it does not. */
  private static long troubledSince(Ticket ticket, long now) {
    if (ticket.rounds > 0) {
      return ticket.firstFailed;
    }
    Circuit circuit = ticket.lane.circuit;
    if (circuit.isClosed()) {
      return now;
    }
    return ticket.waitsStill()
        ? ticket.entered - ticket.waitedBefore
        : now - Math.min(now - ticket.entered, now - circuit.openedAt());
  }

  /** For how long a guest has waited for its origin, before it came here included. */
  Duration waited(Ticket ticket, long now) {
    long since =
        ticket.rounds == 0 && ticket.waitsStill()
            ? ticket.entered - ticket.waitedBefore
            : troubledSince(ticket, now);
    return Duration.ofNanos(now - since);
  }
}
