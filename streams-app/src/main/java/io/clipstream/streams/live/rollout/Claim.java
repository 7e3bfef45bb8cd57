package io.clipstream.streams.live.rollout;

/**
 * This instance's claim on a turn. The claim counts from where its record lies in {@code
 * models.status}, which is known once the record was read back. Until then every further record is
 * a new claim, with a new ticket, so that for every reader the last record alone says the place.
 */
final class Claim {
  private long tickets;
  private long ticket;
  private long turn = Report.NONE;

  Claim() {}

  Claim(Claim other) {
    tickets = other.tickets;
    ticket = other.ticket;
    turn = other.turn;
  }

  void take() {
    ticket = ++tickets;
    turn = Report.NONE;
  }

  void release() {
    ticket = 0;
    turn = Report.NONE;
  }

  /** The claim's own record was read back. */
  void readBack(Report report, long offset) {
    if (ticket > 0 && report.ticket() == ticket && turn == Report.NONE) {
      turn = offset;
    }
  }

  boolean held() {
    return ticket > 0;
  }

  boolean pending() {
    return ticket > 0 && turn == Report.NONE;
  }

  /** Number of claims so far. */
  long tickets() {
    return tickets;
  }

  long ticket() {
    return ticket;
  }

  long turn() {
    return turn;
  }
}
