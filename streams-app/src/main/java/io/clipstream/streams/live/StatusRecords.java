package io.clipstream.streams.live;

import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.models.ModelNames;
import io.clipstream.streams.live.rollout.Phase;
import io.clipstream.streams.live.rollout.Report;
import java.util.Optional;
import java.util.function.Function;

/** What an instance tells the others, as the records of {@code models.status} say it. */
public final class StatusRecords {
  private StatusRecords() {}

  /** {@code INSTANCE/NAME}. */
  public static String key(String instance, String model) {
    return instance + "/" + model;
  }

  /**
   * The part of a record that others decide by; the rest is for the caller to set.
   *
   * @param identity of a version that serves
   */
  static ModelStatus.Builder of(Report report, Function<String, ModelIdentity> identity) {
    return ModelStatus.newBuilder()
        .setServing(report.serving() == null ? null : identity.apply(report.serving()))
        .setCandidateVersion(report.candidate())
        .setRollout(report.rollout())
        .setState(state(report.phase()))
        .setTicket(report.ticket())
        .setTurn(report.turn() == Report.NONE ? null : report.turn())
        .setDetail(report.detail());
  }

  /**
   * The state with the step that a task is at.
   *
   * @param step null: not known
   */
  static ModelState refined(ModelState state, ModelState step) {
    boolean preparing = step == ModelState.DOWNLOADING || step == ModelState.VERIFYING;
    return step != null && preparing == (state == ModelState.DOWNLOADING) ? step : state;
  }

  /**
   * What a record says to those who decide by it.
   *
   * @param status without {@link #fault}
   */
  public static Report report(ModelStatus status) {
    boolean none = status.getCandidateVersion() == null;
    return new Report(
        phase(status),
        status.getServing() == null ? null : status.getServing().getVersion(),
        status.getCandidateVersion(),
        none ? 0 : status.getRollout(),
        status.getTicket(),
        status.getTurn() == null ? Report.NONE : status.getTurn(),
        status.getDetail());
  }

  /** What is wrong with a record, one line, if anything: anybody may have written it. */
  public static Optional<String> fault(String key, ModelStatus status) {
    String name = status.getName();
    if (!ModelNames.isName(name) || status.getInstance().contains("/")) {
      return Optional.of(
          "its instance is '" + status.getInstance() + "', its model '" + name + "'");
    }
    if (!key(status.getInstance(), name).equals(key)) {
      return Optional.of("its key is '" + key + "', expected " + key(status.getInstance(), name));
    }
    if (status.getBeat() < 1 || status.getTicket() < 0) {
      return Optional.of("it has beat " + status.getBeat() + " and ticket " + status.getTicket());
    }
    boolean idle = phase(status) == Phase.IDLE || phase(status) == Phase.STOPPED;
    if (!idle && status.getCandidateVersion() == null) {
      return Optional.of("it is " + status.getState() + " without a candidate");
    }
    return Optional.empty();
  }

  private static ModelState state(Phase phase) {
    return switch (phase) {
      case IDLE -> ModelState.SERVING;
      case PREPARING -> ModelState.DOWNLOADING;
      case WAITING -> ModelState.READY;
      case CHANGING -> ModelState.LOADING;
      case SOAKING -> ModelState.SOAKING;
      case FAILED -> ModelState.FAILED;
      case ALARMED -> ModelState.ALARMED;
      case STOPPED -> ModelState.STOPPED;
    };
  }

  private static Phase phase(ModelStatus status) {
    return switch (status.getState()) {
      case SERVING -> Phase.IDLE;
      case DOWNLOADING, VERIFYING -> Phase.PREPARING;
      case READY -> Phase.WAITING;
      case LOADING, WARMING, PROVING -> Phase.CHANGING;
      case SOAKING -> Phase.SOAKING;
      case FAILED -> Phase.FAILED;
      case ALARMED -> Phase.ALARMED;
      case STOPPED -> Phase.STOPPED;
      // A newer instance is in a state of its own: with a candidate it may hold a turn.
      case UNKNOWN -> status.getCandidateVersion() == null ? Phase.IDLE : Phase.CHANGING;
    };
  }
}
