package io.clipstream.streams.live.rollout;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/** What an instance does with its candidate, and the claim that it holds for it. */
final class Work {
  private final Claim claim;
  private Phase phase = Phase.IDLE;
  private Role role;
  private String version;
  private long rollout;
  private long chosenBy;
  private String detail;
  private boolean givenUp;

  Work() {
    claim = new Claim();
  }

  Work(Work other) {
    claim = new Claim(other.claim);
    phase = other.phase;
    role = other.role;
    version = other.version;
    rollout = other.rollout;
    chosenBy = other.chosenBy;
    detail = other.detail;
    givenUp = other.givenUp;
  }

  Claim claim() {
    return claim;
  }

  Phase phase() {
    return phase;
  }

  Role role() {
    return role;
  }

  String version() {
    return version;
  }

  long rollout() {
    return rollout;
  }

  /** The rollout that chose the candidate, which may be an earlier one than it belongs to. */
  long chosenBy() {
    return chosenBy;
  }

  /** A task of the loader is under way. */
  boolean underWay() {
    return phase == Phase.PREPARING || phase == Phase.CHANGING;
  }

  boolean failed() {
    return phase == Phase.FAILED || phase == Phase.ALARMED;
  }

  /** The task under way is to be thrown away when it ends. */
  boolean givenUp() {
    return givenUp;
  }

  void idle() {
    claim.release();
    phase = Phase.IDLE;
    role = null;
    version = null;
    rollout = 0;
    chosenBy = 0;
    detail = null;
    givenUp = false;
  }

  /** The turn is not needed any more. */
  void leaveQueue() {
    if (phase == Phase.WAITING) {
      idle();
    }
  }

  void leave() {
    idle();
    phase = Phase.STOPPED;
  }

  /**
   * @param newChosenBy the rollout that chose it
   */
  void prepare(Role newRole, String newVersion, long newRollout, long newChosenBy) {
    phase = Phase.PREPARING;
    role = newRole;
    version = newVersion;
    rollout = newRollout;
    chosenBy = newChosenBy;
  }

  void await() {
    phase = Phase.WAITING;
    claim.take();
  }

  void change() {
    phase = Phase.CHANGING;
  }

  void soak() {
    phase = Phase.SOAKING;
  }

  /** A step failed. */
  void fail(String reason) {
    claim.release();
    phase = Phase.FAILED;
    detail = reason;
  }

  /** A version that serves is to be taken back. */
  void alarm(Role newRole, String newVersion, long newRollout, String reason) {
    claim.release();
    phase = Phase.ALARMED;
    role = newRole;
    version = newVersion;
    rollout = newRollout;
    detail = reason;
  }

  /**
   * The candidate is wanted by another rollout too.
   *
   * @param newChosenBy the rollout that chose it; empty: it is not wanted, but better than none
   */
  void goOnIn(long newRollout, OptionalLong newChosenBy) {
    rollout = newRollout;
    chosenBy = newChosenBy.orElse(chosenBy);
  }

  void giveUp(List<Output> out) {
    if (!givenUp) {
      givenUp = true;
      out.add(new Output.Abandon());
    }
  }

  /**
   * Others may have taken the turn: what is under way ends, a new claim goes to the queue's end.
   */
  void loseTurn(List<Output> out) {
    if (phase == Phase.WAITING) {
      claim.take();
    } else if (phase == Phase.SOAKING) {
      idle();
    } else if (phase == Phase.CHANGING && claim.held()) {
      giveUp(out);
      claim.release();
    }
  }

  Report report(String serving) {
    return new Report(phase, serving, version, rollout, claim.ticket(), claim.turn(), detail);
  }

  /** All that decides but for the report. */
  List<Object> state() {
    return new ArrayList<>(Arrays.asList(claim.tickets(), role, givenUp, chosenBy));
  }
}
