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

  /** Nanoseconds that it had waited for its origin before, elsewhere. */
  final long waitedBefore;

  boolean waiting;
  int attempts;

  /** Times that it failed. */
  int rounds;

  /**
   * When it went to the work that failed first, if it did; earlier if it had waited before that.
   */
  long firstFailed;

  /** Not before this time it goes to work again, if it failed. */
  long notBefore;

  Unavailable last;

  /** Times that the disk had no room for it, and when that was first. */
  int noRoom;

  long noRoomSince;

  Ticket(Lane lane, Guest guest, long bytes, long entered, long waitedBefore) {
    this.lane = lane;
    this.guest = guest;
    this.bytes = bytes;
    this.entered = entered;
    this.waitedBefore = waitedBefore;
  }

  /** Before it fails: whether what it had waited before counts, as nothing came since. */
  boolean waitsStill() {
    return waitedBefore > 0 && !lane.circuit.succeededSince(entered);
  }
}
