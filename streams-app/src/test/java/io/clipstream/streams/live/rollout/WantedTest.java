package io.clipstream.streams.live.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.streams.live.rollout.Answer.Kind;
import org.junit.jupiter.api.Test;

class WantedTest {
  private final Wanted first = Wanted.first("m", "v1");
  private final Wanted settled = answered(first, Kind.SETTLE, "v1");

  @Test
  void shouldSettleWhatEveryInstanceTookUp() {
    assertThat(first.start()).isEqualTo("v1");
    assertThat(settled.settled()).isEqualTo("v1");

    Wanted second = settled.activate("v2");
    assertThat(second.rollout()).isEqualTo(2);
    assertThat(second.revision()).isEqualTo(3);
    assertThat(second.start()).isEqualTo("v1");

    Wanted done = answered(second, Kind.SETTLE, "v2");
    assertThat(done.start()).isEqualTo("v2");
    assertThat(done.previous()).isEqualTo("v1");
    assertThat(done.rollout()).isEqualTo(2);
  }

  @Test
  void shouldReturnToTheSettledVersionWhileAnotherIsOnItsWay() {
    Wanted back = settled.activate("v2").activate("v3").rollback("bad");

    assertThat(back.active()).isEqualTo("v1");
    assertThat(back.settled()).isEqualTo("v1");
    assertThat(back.urgent()).isTrue();
    assertThat(back.reason()).isEqualTo("bad");
  }

  @Test
  void shouldReturnToThePreviousVersionOnceSettledAndNotToAndFro() {
    Wanted done = answered(settled.activate("v2"), Kind.SETTLE, "v2");

    Wanted back = done.rollback(null);

    assertThat(back.active()).isEqualTo("v1");
    assertThatThrownBy(() -> back.rollback(null))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no version before v1");
  }

  @Test
  void shouldBeStoppedByAnInstanceThatFails() {
    Wanted stopped = answered(settled.activate("v2"), Kind.STOP, "v2");

    assertThat(stopped.stopped()).isTrue();
    assertThat(stopped.target("v1")).isEqualTo("v1");
    assertThat(stopped.target("v2")).isEqualTo("v2");
    assertThat(stopped.target("v0")).isEqualTo("v1");
    assertThat(stopped.activate("v2").stopped()).isFalse();
  }

  @Test
  void shouldMakeNothingOfAnAnswerToAnotherRollout() {
    Wanted second = settled.activate("v2");

    for (Kind kind : Kind.values()) {
      assertThat(second.activate("v3").answered(new Answer(kind, second.rollout(), "v2", "late")))
          .isEmpty();
    }
    assertThat(settled.answered(new Answer(Kind.SETTLE, 1, "v1", null))).isEmpty();
  }

  @Test
  void shouldDropACanaryThatFailsOrPassesALimit() {
    Wanted canary = settled.canary("v2", 0.05);

    for (Kind kind : new Kind[] {Kind.STOP, Kind.TURN_BACK}) {
      Wanted dropped = answered(canary, kind, "v2");
      assertThat(dropped.canary()).isNull();
      assertThat(dropped.active()).isEqualTo("v1");
      assertThat(dropped.reason()).isEqualTo("why");
      assertThat(dropped.rollout()).isEqualTo(canary.rollout() + 1);
    }
  }

  @Test
  void shouldKeepTheRolloutWhenTheCanarysShareGrows() {
    Wanted canary = settled.canary("v2", 0.05);
    Wanted more = canary.canary("v2", 0.1);

    assertThat(more.rollout()).isEqualTo(canary.rollout());
    assertThat(more.revision()).isEqualTo(canary.revision() + 1);
    assertThat(more.promote().active()).isEqualTo("v2");
    assertThat(more.promote().canary()).isNull();
    assertThatThrownBy(() -> settled.promote()).isInstanceOf(UserError.class);
    assertThatThrownBy(() -> settled.canary("v1", 0.1)).isInstanceOf(UserError.class);
    assertThatThrownBy(() -> settled.canary("v2", 0)).isInstanceOf(UserError.class);
  }

  @Test
  void shouldTurnBackAnActiveVersionThatPassesALimit() {
    Wanted back = answered(settled.activate("v2"), Kind.TURN_BACK, "v2");

    assertThat(back.active()).isEqualTo("v1");
    assertThat(back.reason()).isEqualTo("why");
    assertThat(answered(first, Kind.TURN_BACK, "v1").stopped()).isTrue();
  }

  @Test
  void shouldKeepWhichRolloutChoseEachVersion() {
    Wanted second = settled.activate("v2");
    assertThat(second.chosenBy()).isEqualTo(new ChosenBy(2, 1, 0, 0));

    Wanted trial = second.canary("v3", 0.1).canary("v3", 0.2).shadow("v4");
    assertThat(trial.chosenBy()).isEqualTo(new ChosenBy(2, 1, 3, 4));
    Wanted done = answered(trial, Kind.SETTLE, "v2").pin(true).pin(false);
    assertThat(done.chosenBy()).isEqualTo(new ChosenBy(2, 2, 3, 4));

    assertThat(done.promote().chosenBy()).isEqualTo(new ChosenBy(5, 2, 0, 4));
    assertThat(done.promote().rollback("bad").chosenBy()).isEqualTo(new ChosenBy(6, 6, 0, 4));
    assertThat(done.withoutTrials(null).chosenBy()).isEqualTo(new ChosenBy(2, 2, 0, 0));
  }

  @Test
  void shouldActivateNothingElseWhilePinned() {
    Wanted pinned = settled.pin(true);

    assertThatThrownBy(() -> pinned.activate("v2"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("pinned");
    assertThat(pinned.activate("v1")).isSameAs(pinned);
    assertThat(pinned.pin(false).activate("v2").active()).isEqualTo("v2");
  }

  private static Wanted answered(Wanted wanted, Kind kind, String version) {
    return wanted
        .answered(new Answer(kind, wanted.rollout(), version, kind == Kind.SETTLE ? null : "why"))
        .orElseThrow();
  }
}
