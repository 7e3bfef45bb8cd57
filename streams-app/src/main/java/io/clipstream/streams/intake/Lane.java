package io.clipstream.streams.intake;

import io.clipstream.model.fetch.Origin;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;

/** What waits for one origin, in turn. Guarded by the room's lock. */
final class Lane {
  private static final long FIRST_SILENCE = Duration.ofMillis(250).toNanos();

  final Origin origin;
  final Circuit circuit = new Circuit();

  /** Who may go to work once there is a place and the circuit admits it. */
  final ArrayDeque<Ticket> ready = new ArrayDeque<>();

  /** Guests at work. */
  int out;

  /** Guests that wait, those included that must not go yet. */
  int waiting;

  /** Times that a guest at work made way for others. */
  int madeWay;

  Lane(Origin origin) {
    this.origin = origin;
  }

  /** Whether somebody is ready who was never tried. */
  boolean hasNew() {
    return ready.stream().anyMatch(ticket -> ticket.rounds == 0);
  }

  /**
   * Takes who is next: the first or, while its circuit is not closed, the first who was never
   * tried. Those who failed keep nobody from finding out that it serves others.
   */
  Ticket next() {
    if (!circuit.isClosed()) {
      for (Iterator<Ticket> each = ready.iterator(); each.hasNext(); ) {
        Ticket ticket = each.next();
        if (ticket.rounds == 0) {
          each.remove();
          return ticket;
        }
      }
    }
    return ready.remove();
  }

  /** Whether nobody of it waits or is at work. */
  boolean isDeserted() {
    return out == 0 && waiting == 0;
  }

  boolean isIdle() {
    return isDeserted() && circuit.isClosed();
  }

  /** While its circuit is not closed. */
  Trouble trouble(long now) {
    return new Trouble(
        origin,
        circuit.cause().problem(),
        Duration.ofNanos(now - circuit.openedAt()),
        Duration.ofNanos(Math.max(0, circuit.until() - now)),
        waiting);
  }

  /** Whether it is a host that nothing came from, which waits to be tried. */
  boolean isUntried() {
    return out == 0 && !ready.isEmpty() && circuit.isClosed() && !circuit.isProven();
  }

  /** For how long one of its guests may hear nothing while others wait to be tried. */
  long silence() {
    return FIRST_SILENCE << Math.min(madeWay, 10);
  }

  /**
   * Places that it may take.
   *
   * @param places of all hosts together
   */
  int share(int places) {
    return circuit.isProven() ? large(places) : Math.max(1, places / 16);
  }

  /** What one host, or all that nothing came from, may have. */
  static int large(int places) {
    return Math.max(1, places * 3 / 4);
  }
}
