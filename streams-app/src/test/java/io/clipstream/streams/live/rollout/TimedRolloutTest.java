package io.clipstream.streams.live.rollout;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Time: leases, heartbeats, soak. Every time is in seconds of the instance's own clock. */
class TimedRolloutTest {
  private static final RolloutTimes TIMES =
      new RolloutTimes(
          Duration.ofSeconds(1),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5),
          Duration.ofSeconds(60),
          Duration.ofSeconds(30),
          Duration.ofSeconds(100));
  private static final Wanted SETTLED =
      Wanted.first("m", "v1").answered(new Answer(Answer.Kind.SETTLE, 1, "v1", null)).orElseThrow();

  private final TimedRollout rollout =
      new TimedRollout("a", new RolloutPolicy(1, 2, true), TIMES, 0);
  private long offset;

  @Test
  void shouldAnnounceItselfAndBeatOnceAHeartbeat() {
    List<Output> announced = rollout.caughtUp(seconds(0));
    assertThat(announced).hasSize(1).first().isInstanceOf(Output.Publish.class);
    carryOut(announced, 0);

    assertThat(rollout.tick(seconds(0.9))).isEmpty();
    assertThat(rollout.tick(seconds(1))).hasSize(1).first().isInstanceOf(Output.Publish.class);
  }

  @Test
  void shouldTakeNoTurnBeforeItHasListenedForALease() {
    serve(0);
    change(0);
    assertThat(phase()).isEqualTo(Phase.WAITING);

    beat(1, 10);
    assertThat(phase()).isEqualTo(Phase.WAITING);
    beat(10, 11);
    assertThat(phase()).isEqualTo(Phase.CHANGING);
  }

  @Test
  void shouldWaitForADeadInstanceNoLongerThanItsLease() {
    serve(0);
    beat(1, 20);
    hear("b", new Report(Phase.CHANGING, "v1", "v2", 2, 1, 0, null), 20);
    change(20);
    beat(20, 30);
    assertThat(phase()).isEqualTo(Phase.WAITING);

    beat(31, 32);
    assertThat(phase()).isEqualTo(Phase.CHANGING);
  }

  /** Whoever may write to the topic can write the like: {@code ops/rollout-protocol.md}. */
  @Test
  void shouldWaitForAForgedInstanceNoLongerThanALeaseHoweverLargeItsNumbers() {
    serve(0);
    beat(1, 20);
    for (Phase phase : Phase.values()) {
      Report forged =
          new Report(phase, "v8", "v9", Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, "forged");
      String instance = phase == Phase.WAITING ? "a" : "forged " + phase;
      carryOut(rollout.read(instance, forged, Long.MAX_VALUE, offset++, seconds(20)), 20);
    }
    change(20);
    beat(20, 30);
    assertThat(phase()).isEqualTo(Phase.WAITING);

    beat(30, 32);
    assertThat(phase()).isEqualTo(Phase.CHANGING);
    carryOut(rollout.on(new Input.Loaded(), seconds(32)), 32);
    assertThat(beat(32, 38))
        .contains(new Output.Reply(new Answer(Answer.Kind.SETTLE, 2, "v2", null)));
    assertThat(rollout.rollout().peers().living()).isEmpty();
  }

  @Test
  void shouldWaitForALivingInstanceAsLongAsItBeats() {
    serve(0);
    change(0);
    for (int at = 1; at < 100; at++) {
      hear("b", new Report(Phase.CHANGING, "v1", "v2", 2, 1, 0, null), at);
      beat(at, at + 1);
      assertThat(phase()).isEqualTo(Phase.WAITING);
    }
  }

  @Test
  void shouldGiveUpItsTurnBeforeOthersDeclareItDead() {
    serve(0);
    beat(1, 20);
    change(20);
    assertThat(phase()).isEqualTo(Phase.CHANGING);

    assertThat(tick(24)).doesNotContain(new Output.Abandon());
    assertThat(tick(26)).contains(new Output.Abandon());
    assertThat(rollout.rollout().report().ticket()).isZero();
  }

  @Test
  void shouldLearnFirstThatItsTurnIsLostWhenItWakes() {
    serve(0);
    beat(1, 20);
    change(20);

    List<Output> outputs = rollout.on(new Input.Loaded(), seconds(140));

    assertThat(outputs).contains(new Output.Abandon(), new Output.Drop("v2"));
    assertThat(outputs.stream().filter(Output.Use.class::isInstance)).isEmpty();
    assertThat(rollout.rollout().report().serving()).isEqualTo("v1");
  }

  @Test
  void shouldDeclareNobodyDeadWhileItDoesNotHearItself() {
    serve(0);
    beat(1, 20);
    hear("b", new Report(Phase.SOAKING, "v2", "v2", 2, 1, 0, null), 20);
    change(20);

    tick(60);
    assertThat(rollout.rollout().peers().living()).containsKey("b");
    beat(60, 69);
    assertThat(rollout.rollout().peers().living()).containsKey("b");
    beat(69, 71);
    assertThat(rollout.rollout().peers().living()).doesNotContainKey("b");
  }

  @Test
  void shouldClaimAgainWhenAClaimGetsLost() {
    serve(0);
    beat(1, 20);
    carryOut(rollout.on(new Input.WantedRead(SETTLED.activate("v2")), seconds(20)), 20);
    rollout.on(new Input.Prepared(), seconds(20));
    rollout.sent(seconds(20));

    assertThat(tick(24)).isEmpty();
    for (int at : new int[] {26, 32, 38}) {
      List<Output> outputs = tick(at);
      assertThat(outputs).hasSize(1).first().isInstanceOf(Output.Publish.class);
      rollout.sent(seconds(at));
    }
    beat(44, 55);
    assertThat(phase()).isEqualTo(Phase.CHANGING);
  }

  @Test
  void shouldSoakBeforeItGivesUpItsTurn() {
    serve(0);
    beat(1, 20);
    change(20);
    carryOut(rollout.on(new Input.Loaded(), seconds(20)), 20);
    assertThat(phase()).isEqualTo(Phase.SOAKING);

    beat(21, 24);
    assertThat(phase()).isEqualTo(Phase.SOAKING);
    beat(25, 25);
    assertThat(phase()).isEqualTo(Phase.IDLE);
  }

  @Test
  void shouldDropTheVersionBeforeWhenItWasKeptLongEnough() {
    shouldSoakBeforeItGivesUpItsTurn();
    carryOut(
        rollout.on(
            new Input.WantedRead(
                SETTLED
                    .activate("v2")
                    .answered(new Answer(Answer.Kind.SETTLE, 2, "v2", null))
                    .orElseThrow()),
            seconds(26)),
        26);

    assertThat(tick(79)).doesNotContain(new Output.Drop("v1"));
    assertThat(tick(81)).contains(new Output.Drop("v1"));
  }

  @Test
  void shouldTryAgainAfterAPauseWhenItHasNothingToServe() {
    rollout.caughtUp(0);
    rollout.on(new Input.WantedRead(SETTLED), 0);
    rollout.on(new Input.StepFailed("no room on disk"), seconds(1));
    assertThat(phase()).isEqualTo(Phase.FAILED);

    assertThat(tick(30)).doesNotContain(new Output.Prepare("v1"));
    assertThat(tick(31)).contains(new Output.Prepare("v1"));
  }

  @Test
  void shouldDeleteRecordsOfTheLongDeadIfItIsTheFirstOfTheLiving() {
    serve(0);
    hear("b", new Report(Phase.IDLE, "v1", null, 0, 0, Report.NONE, null), 1);
    List<Output> outputs = new ArrayList<>();
    for (int at = 1; at < 130; at++) {
      outputs.addAll(beat(at, at + 1));
    }
    assertThat(outputs).containsOnlyOnce(new Output.Forget("b"));
  }

  @Test
  void shouldAnnounceItselfAgainWhenItsRecordIsDeleted() {
    serve(0);
    beat(1, 20);
    change(20);

    assertThat(rollout.deleted("a", seconds(20)))
        .contains(new Output.Abandon())
        .anyMatch(Output.Publish.class::isInstance);
  }

  @Test
  void shouldStartFromNothingWhenTheTopicIsMadeAnew() {
    serve(0);
    beat(1, 20);
    hear("b", new Report(Phase.IDLE, "v1", null, 0, 0, Report.NONE, null), 20);
    change(20);

    assertThat(rollout.on(new Input.StatusReset(), seconds(20))).contains(new Output.Abandon());
    rollout.on(new Input.StepFailed("abandoned"), seconds(20));
    offset = 0;
    carryOut(rollout.caughtUp(seconds(20)), 20);
    carryOut(rollout.on(new Input.Prepared(), seconds(20)), 20);
    assertThat(rollout.rollout().peers().living()).isEmpty();
    beat(21, 29);
    assertThat(phase()).isEqualTo(Phase.WAITING);
    beat(30, 31);
    assertThat(phase()).isEqualTo(Phase.CHANGING);
    assertThat(rollout.on(new Input.WantedLost(), seconds(31)))
        .contains(new Output.Restore(SETTLED.activate("v2")));
  }

  /** Serves version 1. */
  private void serve(double at) {
    carryOut(rollout.caughtUp(seconds(at)), at);
    carryOut(rollout.on(new Input.WantedRead(SETTLED), seconds(at)), at);
    carryOut(rollout.on(new Input.Prepared(), seconds(at)), at);
    carryOut(rollout.on(new Input.Loaded(), seconds(at)), at);
    assertThat(rollout.rollout().report().serving()).isEqualTo("v1");
  }

  /** Version 2 is wanted and downloaded. */
  private void change(double at) {
    carryOut(rollout.on(new Input.WantedRead(SETTLED.activate("v2")), seconds(at)), at);
    carryOut(rollout.on(new Input.Prepared(), seconds(at)), at);
  }

  private Phase phase() {
    return rollout.rollout().report().phase();
  }

  private void hear(String instance, Report report, double at) {
    carryOut(rollout.read(instance, report, 1, offset++, seconds(at)), at);
  }

  /** Time goes by, in tenths of seconds; what is published is read back. */
  private List<Output> beat(double from, double to) {
    List<Output> outputs = new ArrayList<>();
    for (double at = from; at <= to; at += 0.1) {
      List<Output> now = rollout.tick(seconds(at));
      outputs.addAll(now);
      carryOut(now, at);
    }
    return outputs;
  }

  private void carryOut(List<Output> outputs, double at) {
    for (Output output : outputs) {
      if (output instanceof Output.Publish publish) {
        long beat = rollout.sent(seconds(at));
        carryOut(rollout.read("a", publish.report(), beat, offset++, seconds(at)), at);
      }
    }
  }

  /** Time goes by and nothing is read back. */
  private List<Output> tick(double at) {
    return rollout.tick(seconds(at));
  }

  private static long seconds(double at) {
    return (long) (at * SECONDS.toNanos(1));
  }
}
