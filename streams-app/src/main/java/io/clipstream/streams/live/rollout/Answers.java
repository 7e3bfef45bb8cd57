package io.clipstream.streams.live.rollout;

import java.util.List;

/** What an instance has to say to the rollout that is wanted, each answer once. */
final class Answers {
  private final int deathsToStop;
  private Answer last;

  Answers(int deathsToStop) {
    this.deathsToStop = deathsToStop;
  }

  Answers(Answers other) {
    deathsToStop = other.deathsToStop;
    last = other.last;
  }

  /** Another wanted state was read. */
  void wanted(Wanted wanted) {
    if (last != null && wanted.answered(last).isEmpty()) {
      last = null;
    }
  }

  /**
   * The answers that failures and deaths give, as far as the wanted state does not take account of
   * them yet.
   */
  List<Answer> failures(Wanted wanted, Peers peers, Report own) {
    List<Answer> answers = peers.answers(deathsToStop);
    if (Peer.of(own, Report.NONE) instanceof Peer.Failed failed) {
      answers.add(failed.answer());
    }
    answers.removeIf(answer -> wanted.answered(answer).isEmpty());
    return answers;
  }

  /** Gives the answer that is due, if any. */
  void give(Wanted wanted, Peers peers, Report own, List<Output> out) {
    List<Answer> failures = failures(wanted, peers, own);
    String active = wanted.active();
    if (!failures.isEmpty()) {
      give(failures.get(0), out);
    } else if (own.phase() == Phase.IDLE
        && active.equals(own.serving())
        && peers.allSettledOn(active)) {
      Answer settle = new Answer(Answer.Kind.SETTLE, wanted.rollout(), active, null);
      if (wanted.answered(settle).isPresent()) {
        give(settle, out);
      }
    }
  }

  /** A version passed a limit while the report is about another one. */
  void alarm(Wanted wanted, String version, String reason, List<Output> out) {
    give(new Answer(Answer.Kind.TURN_BACK, wanted.rollout(), version, reason), out);
  }

  private void give(Answer answer, List<Output> out) {
    if (!answer.equals(last)) {
      last = answer;
      out.add(new Output.Reply(answer));
    }
  }

  /** The answer that was given last and is not void; null: none. */
  Answer last() {
    return last;
  }
}
