package io.clipstream.streams.live.rollout;

import io.clipstream.model.UserError;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What is wanted of a model: the content of a {@code models.rollouts} record. Every change is made
 * from the state before it and written by compare-and-set, so the last record is the whole state.
 *
 * @param model name of the model
 * @param revision counts the records from 1
 * @param rollout counts the changes of wanted versions from 1
 * @param active the version that is to serve
 * @param settled the last version that every instance took up; what instances start with. Null:
 *     none
 * @param previous what was settled before it. Null: none
 * @param urgent a way back: taken at once where the version is still loaded; failures do not stop
 *     it
 * @param stopped an instance failed: no further one changes
 * @param pinned no other version is activated
 * @param canary the version on trial. Null: none
 * @param share share of the keys that the canary labels, 0 to 1; 0 without a canary
 * @param shadow the version that labels on the side. Null: none
 * @param reason why it was stopped or turned back. Null: neither
 * @param chosenBy the rollouts that chose these versions
 */
public record Wanted(
    String model,
    long revision,
    long rollout,
    String active,
    String settled,
    String previous,
    boolean urgent,
    boolean stopped,
    boolean pinned,
    String canary,
    double share,
    String shadow,
    String reason,
    ChosenBy chosenBy) {

  public Wanted {
    Objects.requireNonNull(model);
    Objects.requireNonNull(active);
    if (!(share >= 0 && share <= 1) || (canary == null) != (share == 0)) {
      throw new IllegalArgumentException("share " + share + " of canary " + canary);
    }
    chosenBy =
        new ChosenBy(
            chosenBy.active(),
            settled == null ? 0 : chosenBy.settled(),
            canary == null ? 0 : chosenBy.canary(),
            shadow == null ? 0 : chosenBy.shadow());
  }

  /** The first version of a model. */
  public static Wanted first(String model, String version) {
    return new Wanted(
        model,
        1,
        1,
        version,
        null,
        null,
        false,
        false,
        false,
        null,
        0,
        null,
        null,
        ChosenBy.one(1));
  }

  /**
   * Another version is to serve; the same one again after a stop is another try. A canary or shadow
   * that becomes active is one no longer.
   *
   * @return this where nothing changes
   * @throws UserError while pinned
   */
  public Wanted activate(String version) {
    if (version.equals(active) && !stopped) {
      return this;
    }
    if (pinned) {
      throw new UserError(
          "model "
              + model
              + " is pinned to version "
              + active
              + ": unpin it to activate "
              + version);
    }
    WantedEdit next = new WantedEdit(this).rollout();
    next.activate(version);
    next.urgent = false;
    next.stopped = false;
    next.forget(version);
    return next.done();
  }

  /**
   * The version that a rollback returns to: the settled one while another is on its way, else the
   * one before.
   */
  public Optional<String> wayBack() {
    return Optional.ofNullable(!active.equals(settled) && settled != null ? settled : previous);
  }

  /**
   * Back to {@link #wayBack}, at once where that is still loaded.
   *
   * @throws UserError where there is nothing to return to
   */
  public Wanted rollback(String why) {
    String target =
        wayBack()
            .orElseThrow(
                () ->
                    new UserError(
                        "model "
                            + model
                            + " has no version before "
                            + active
                            + " to return to: activate one by its name"));
    WantedEdit next = new WantedEdit(this).rollout();
    next.activate(target);
    next.settle();
    // Nothing leads to and fro between two versions by itself.
    next.previous = target.equals(previous) ? null : previous;
    next.urgent = true;
    next.stopped = false;
    next.forget(target);
    next.reason = why;
    return next.done();
  }

  public Wanted pin(boolean pin) {
    WantedEdit next = new WantedEdit(this);
    next.pinned = pin;
    next.reason = reason;
    return pin == pinned ? this : next.done();
  }

  /**
   * A version on trial, or another share for it.
   *
   * @param newShare above 0, at most 1
   * @throws UserError when the version serves already or the share is out of range
   */
  public Wanted canary(String version, double newShare) {
    if (version.equals(active)) {
      throw new UserError("version " + version + " of " + model + " is active: it needs no trial");
    }
    if (!(newShare > 0 && newShare <= 1)) {
      throw new UserError("the canary's share is " + newShare + ", expected above 0 and at most 1");
    }
    if (version.equals(canary) && newShare == share) {
      return this;
    }
    WantedEdit next =
        version.equals(canary) ? new WantedEdit(this) : new WantedEdit(this).rollout();
    next.forget(version);
    next.trial(version, newShare);
    return next.done();
  }

  /**
   * The trial is over.
   *
   * @throws UserError when that version is not on trial
   */
  public Wanted withoutCanary(String version) {
    if (!version.equals(canary)) {
      throw new UserError(
          "version "
              + version
              + " of "
              + model
              + " is not on trial"
              + (canary == null ? "" : ", but " + canary + " is"));
    }
    WantedEdit next = new WantedEdit(this).rollout();
    next.forget(version);
    return next.done();
  }

  /** The canary serves everything from now on. */
  public Wanted promote() {
    if (canary == null) {
      throw new UserError("model " + model + " has no canary to promote");
    }
    return activate(canary);
  }

  /**
   * Another version labels on the side.
   *
   * @param version null: none
   */
  public Wanted shadow(String version) {
    if (Objects.equals(version, shadow)) {
      return this;
    }
    WantedEdit next = new WantedEdit(this).rollout();
    next.shadow(version);
    return next.done();
  }

  /** No trial and no shadow. */
  public Wanted withoutTrials(String why) {
    if (canary == null && shadow == null) {
      return this;
    }
    WantedEdit next = new WantedEdit(this).rollout();
    next.forget(canary);
    next.forget(shadow);
    next.reason = why;
    return next.done();
  }

  /** What an instance's answer makes of this; empty where it is void. */
  public Optional<Wanted> answered(Answer answer) {
    if (answer.rollout() != rollout) {
      return Optional.empty();
    }
    boolean settling = !active.equals(settled);
    WantedEdit next = new WantedEdit(this);
    next.reason = answer.reason();
    if (answer.kind() == Answer.Kind.SETTLE) {
      next.previous = settled;
      next.settle();
      return settling && !stopped ? Optional.of(next.done()) : Optional.empty();
    }
    String version = answer.version();
    if (version.equals(canary) || version.equals(shadow)) {
      next.rollout();
      next.forget(version);
      return Optional.of(next.done());
    }
    if (!version.equals(active)) {
      return Optional.empty();
    }
    if (answer.kind() == Answer.Kind.TURN_BACK && wayBack().isPresent()) {
      return Optional.of(rollback(answer.reason()));
    }
    next.stopped = true;
    return settling && !stopped ? Optional.of(next.done()) : Optional.empty();
  }

  /** What an instance starts with. */
  public String start() {
    return settled == null ? active : settled;
  }

  /** The rollout that chose a version for a role; empty where it is not wanted for that. */
  OptionalLong chosenBy(Role role, String version) {
    long rollout =
        switch (role) {
          case ACTIVE ->
              version.equals(active)
                  ? chosenBy.active()
                  : version.equals(settled) ? chosenBy.settled() : 0;
          case CANARY -> version.equals(canary) ? chosenBy.canary() : 0;
          case SHADOW -> version.equals(shadow) ? chosenBy.shadow() : 0;
        };
    return rollout == 0 ? OptionalLong.empty() : OptionalLong.of(rollout);
  }

  /**
   * What an instance is to serve.
   *
   * @param serving what it serves now
   */
  public String target(String serving) {
    if (!stopped) {
      return active;
    }
    return serving.equals(active) || settled == null ? serving : settled;
  }
}
