package io.clipstream.streams.intake;

import io.clipstream.model.fetch.FetchResult.Unavailable;

/** A guest's, from its first entry to its end. Guarded by the room's lock. */
public final class Ticket {
  /** For sets that outlive the guest. */
  final Object identity = new Object();

  Lane lane;
  final Guest guest;
  final long bytes;
  final long entered;
  boolean waiting;
  int attempts;

  /** Times that it failed. */
  int rounds;

  /** When it went to the work that failed first, if it did. */
  long firstFailed;

  /** Not before this time it goes to work again, if it failed. */
  long notBefore;

  Unavailable last;

  Ticket(Lane lane, Guest guest, long bytes, long entered) {
    this.lane = lane;
    this.guest = guest;
    this.bytes = bytes;
    this.entered = entered;
  }
}
