package io.clipstream.streams.live.rollout;

/** What is known of another living instance, as far as anything is decided by it. */
sealed interface Peer {
  /**
   * It changes nothing and is in no queue.
   *
   * @param serving null: nothing yet
   */
  record Idle(String serving) implements Peer {}

  /**
   * It waits for its turn.
   *
   * @param place in the queue, an offset
   */
  record Queued(long place) implements Peer {}

  /** It changes, or soaks, or has yet to take up its first version. */
  record Busy(String version, long rollout) implements Peer {}

  /**
   * It gave its candidate up, or wants it taken back.
   *
   * @param answer what that answers the rollout that it failed in
   * @param serves whether it serves anything
   */
  record Failed(Answer answer, boolean serves) implements Peer {}

  static Peer of(Report report, long offset) {
    boolean serves = report.serving() != null;
    return switch (report.phase()) {
      case CHANGING, SOAKING -> new Busy(report.candidate(), report.rollout());
      case FAILED -> new Failed(answer(Answer.Kind.STOP, report), serves);
      case ALARMED -> new Failed(answer(Answer.Kind.TURN_BACK, report), serves);
      default -> {
        if (report.phase() == Phase.PREPARING && !serves) {
          yield new Busy(report.candidate(), report.rollout());
        }
        if (report.ticket() > 0) {
          yield new Queued(report.turn() == Report.NONE ? offset : report.turn());
        }
        yield new Idle(report.serving());
      }
    };
  }

  private static Answer answer(Answer.Kind kind, Report report) {
    return new Answer(kind, report.rollout(), report.candidate(), report.detail());
  }

  /** The rollout that it is busy with or failed in, else 0. */
  default long rollout() {
    return this instanceof Failed failed ? failed.answer().rollout() : 0;
  }

  /** Whether an instance with a place in the queue has to count this one as changing before it. */
  default boolean before(long otherPlace) {
    return this instanceof Busy || (this instanceof Queued queued && queued.place() < otherPlace);
  }

  /** Whether it stands in the way of calling the version settled. */
  default boolean unsettles(String version) {
    if (this instanceof Idle idle) {
      return idle.serving() != null && !idle.serving().equals(version);
    }
    return !(this instanceof Failed failed) || failed.serves();
  }
}
