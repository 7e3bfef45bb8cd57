package io.clipstream.streams.intake;

/** A guest's place at work, for one time. Guarded by the room's lock. */
public final class Place {
  final Ticket ticket;
  final long begun;
  boolean taken = true;
  boolean judged;

  /** Written without the lock: something comes. */
  volatile boolean served;

  boolean makesWay;

  Place(Ticket ticket, long begun) {
    this.ticket = ticket;
    this.begun = begun;
  }

  /** The origin sends something. */
  public void serve() {
    served = true;
  }

  /** Of the guest, to enter with once more. */
  public Ticket ticket() {
    return ticket;
  }
}
