package io.clipstream.streams.live.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Whatever rollout an instance starts in, its labels name the one that chose their version. */
class ChosenByTest {
  private static final Wanted SETTLED = settled(Wanted.first("m", "v1"));

  private final InstanceRollout instance = new InstanceRollout("a", new RolloutPolicy(1, 2, true));

  private static Wanted settled(Wanted wanted) {
    Answer answer = new Answer(Answer.Kind.SETTLE, wanted.rollout(), wanted.active(), null);
    return wanted.answered(answer).orElseThrow();
  }

  @Test
  void shouldNameTheRolloutOfTheSettledVersionWhenItStartsInASoak() {
    start(SETTLED.activate("v2"));

    assertThat(instance.roles().active()).isEqualTo(new Roles.Chosen("v1", 1));
  }

  @Test
  void shouldNameItAlsoWhereTheOthersSettleWhileItLoads() {
    Wanted second = SETTLED.activate("v2");
    read(second);
    take(new Input.Prepared());
    read(settled(second));
    take(new Input.Loaded());

    assertThat(instance.roles().active()).isEqualTo(new Roles.Chosen("v1", 1));
  }

  @Test
  void shouldNameTheRolloutOfEachVersionWhenItStartsDuringTrials() {
    start(SETTLED.canary("v2", 0.1).shadow("v3"));
    take(new Input.Listened());
    for (int i = 0; i < 2; i++) { // the canary, then the shadow, each in its turn
      take(new Input.Prepared());
      readBack();
      take(new Input.Loaded());
    }

    assertThat(instance.roles())
        .isEqualTo(
            new Roles(
                new Roles.Chosen("v1", 1),
                new Roles.Chosen("v2", 2),
                0.1,
                new Roles.Chosen("v3", 3)));
  }

  @Test
  void shouldNameTheRolloutOfTheVersionThatAStopLeadsTo() {
    Wanted second = settled(SETTLED.activate("v2"));
    start(second);
    Wanted third = second.activate("v3");
    read(third);
    take(new Input.Listened());
    take(new Input.Prepared());
    readBack();
    take(new Input.Loaded());
    take(new Input.SoakOver());
    assertThat(instance.roles().active()).isEqualTo(new Roles.Chosen("v3", 3));

    Answer stop = new Answer(Answer.Kind.STOP, 4, "v4", "bad");
    read(third.activate("v4").answered(stop).orElseThrow());
    readBack(); // v2 is still loaded

    assertThat(instance.roles().active()).isEqualTo(new Roles.Chosen("v2", 2));
  }

  private void start(Wanted wanted) {
    read(wanted);
    take(new Input.Prepared());
    take(new Input.Loaded());
  }

  private void read(Wanted wanted) {
    take(new Input.WantedRead(wanted));
  }

  /** Its claim is in the log. */
  private void readBack() {
    Report claim = instance.report();
    take(new Input.ReportRead("a", claim, 40 + claim.ticket()));
  }

  private void take(Input input) {
    assertThat(instance.on(input)).isNotNull();
  }
}
