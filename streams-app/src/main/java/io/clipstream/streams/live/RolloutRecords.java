package io.clipstream.streams.live;

import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.models.ModelNames;
import io.clipstream.streams.live.rollout.ChosenBy;
import io.clipstream.streams.live.rollout.Wanted;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** What is wanted of a model, as the records of {@code models.rollouts} say it. */
public final class RolloutRecords {
  private RolloutRecords() {}

  /**
   * The record that says it.
   *
   * @param by who or what asked for it. Null: not told
   */
  public static ModelRollout of(Wanted wanted, String by, Instant at) {
    return ModelRollout.newBuilder()
        .setName(wanted.model())
        .setRevision(wanted.revision())
        .setRollout(wanted.rollout())
        .setActiveVersion(wanted.active())
        .setSettledVersion(wanted.settled())
        .setPreviousVersion(wanted.previous())
        .setUrgent(wanted.urgent())
        .setStopped(wanted.stopped())
        .setPinned(wanted.pinned())
        .setCanaryVersion(wanted.canary())
        .setCanaryShare(wanted.share())
        .setShadowVersion(wanted.shadow())
        .setReason(wanted.reason())
        .setActiveRollout(wanted.chosenBy().active())
        .setSettledRollout(wanted.chosenBy().settled())
        .setCanaryRollout(wanted.chosenBy().canary())
        .setShadowRollout(wanted.chosenBy().shadow())
        .setChangedBy(by)
        .setChangedAt(at)
        .build();
  }

  /**
   * What a record says.
   *
   * @param rollout without {@link #fault}
   */
  public static Wanted wanted(ModelRollout rollout) {
    return new Wanted(
        rollout.getName(),
        rollout.getRevision(),
        rollout.getRollout(),
        rollout.getActiveVersion(),
        rollout.getSettledVersion(),
        rollout.getPreviousVersion(),
        rollout.getUrgent(),
        rollout.getStopped(),
        rollout.getPinned(),
        rollout.getCanaryVersion(),
        rollout.getCanaryShare(),
        rollout.getShadowVersion(),
        rollout.getReason(),
        new ChosenBy(
            told(rollout.getActiveRollout(), rollout),
            told(rollout.getSettledRollout(), rollout),
            told(rollout.getCanaryRollout(), rollout),
            told(rollout.getShadowRollout(), rollout)));
  }

  /** Records of earlier versions of clipstream do not tell. */
  private static long told(long chosenBy, ModelRollout rollout) {
    return chosenBy == 0 ? rollout.getRollout() : chosenBy;
  }

  /** What is wrong with a record, one line, if anything: anybody may have written it. */
  public static Optional<String> fault(String key, ModelRollout rollout) {
    if (!ModelNames.isName(rollout.getName()) || !rollout.getName().equals(key)) {
      return Optional.of("its model is '" + rollout.getName() + "', its key '" + key + "'");
    }
    if (rollout.getRevision() < 1 || rollout.getRollout() < 1) {
      return Optional.of(
          "it has revision " + rollout.getRevision() + " and rollout " + rollout.getRollout());
    }
    if (Stream.of(
            rollout.getActiveRollout(),
            rollout.getSettledRollout(),
            rollout.getCanaryRollout(),
            rollout.getShadowRollout())
        .anyMatch(chosenBy -> chosenBy < 0 || chosenBy > rollout.getRollout())) {
      return Optional.of("rollouts chose its versions that are not between 1 and its own");
    }
    Optional<String> noVersion =
        Arrays.asList(
                rollout.getActiveVersion(),
                rollout.getSettledVersion(),
                rollout.getPreviousVersion(),
                rollout.getCanaryVersion(),
                rollout.getShadowVersion())
            .stream()
            .filter(Objects::nonNull)
            .filter(version -> !ModelNames.isName(version))
            .findFirst();
    if (noVersion.isPresent()) {
      return Optional.of("'" + noVersion.get() + "' cannot be a version");
    }
    double share = rollout.getCanaryShare();
    if (!(share >= 0 && share <= 1) || (share == 0) != (rollout.getCanaryVersion() == null)) {
      return Optional.of("its canary " + rollout.getCanaryVersion() + " has a share of " + share);
    }
    return Optional.empty();
  }
}
