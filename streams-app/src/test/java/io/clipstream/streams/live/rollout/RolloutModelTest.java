package io.clipstream.streams.live.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.streams.live.rollout.RolloutModel.Fault;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The protocol of {@code ops/rollout-protocol.md} in all interleavings: at most so many instances
 * change at a time, a failure stops the others, nobody is without a version or serves one that was
 * never wanted, labels name the rollout that chose their version, and whatever happened, what
 * follows ends with everybody where he should be.
 */
class RolloutModelTest {
  private static Wanted second(Wanted wanted) {
    return wanted.activate("v2");
  }

  private static Wanted third(Wanted wanted) {
    return wanted.activate("v3");
  }

  private static Wanted back(Wanted wanted) {
    return wanted.rollback("asked for");
  }

  private static Wanted canary(Wanted wanted) {
    return wanted.canary("v2", 0.1);
  }

  private static Wanted promote(Wanted wanted) {
    return wanted.canary() == null ? wanted : wanted.promote();
  }

  private static final List<UnaryOperator<Wanted>> ONE = List.of(RolloutModelTest::second);
  private static final List<UnaryOperator<Wanted>> BACK_AGAIN =
      List.of(RolloutModelTest::second, RolloutModelTest::back);
  private static final List<UnaryOperator<Wanted>> TRIAL =
      List.of(RolloutModelTest::canary, RolloutModelTest::promote);
  private static final List<UnaryOperator<Wanted>> TWO =
      List.of(RolloutModelTest::second, RolloutModelTest::third);

  /** Name, setting, and how many states there are at least, lest the model should be empty. */
  static Stream<Arguments> settings() {
    return Stream.of(
        Arguments.of("2: two rollouts", Setting.of(2, TWO).downloading(), 80_000),
        Arguments.of("2: two rollouts, a crash", Setting.of(2, TWO).crashes(1).lag(3), 60_000),
        Arguments.of("2: a rollout, two crashes", Setting.of(2, ONE).crashes(2).lag(3), 94_000),
        Arguments.of("2: two rollouts, a failure", Setting.of(2, TWO).failures(1), 70_000),
        Arguments.of("2: two rollouts, a freeze", Setting.of(2, TWO).freezes(1).lag(3), 200_000),
        Arguments.of("2: a rollout, a cut", Setting.of(2, ONE).cuts(1), 9_000),
        Arguments.of("2: an alarm", Setting.of(2, BACK_AGAIN).alarms(1), 50_000),
        Arguments.of("2: a canary", Setting.of(2, TRIAL).crashes(1).failures(1).lag(2), 72_000),
        Arguments.of("2: everything", everything(2, ONE).lag(1), 500_000),
        Arguments.of("3: a rollout", Setting.of(3, ONE), 30_000),
        Arguments.of("3: a crash", Setting.of(3, ONE).crashes(1).lag(2), 35_000),
        Arguments.of("3: a failure", Setting.of(3, ONE).failures(1).lag(4), 14_000),
        Arguments.of("3: a freeze", Setting.of(3, ONE).freezes(1).lag(1), 140_000),
        Arguments.of("3: a rollback", Setting.of(3, BACK_AGAIN).lag(4), 30_000),
        Arguments.of("3: two at a time", Setting.of(3, ONE).atATime(2).lag(4), 4_500),
        Arguments.of("3: two rollouts", Setting.of(3, TWO).lag(3), 35_000),
        Arguments.of("3: two rollouts, a failure", Setting.of(3, TWO).failures(1).lag(1), 110_000),
        Arguments.of("3: two rollouts, a crash", Setting.of(3, TWO).crashes(1).lag(1), 1_040_000));
  }

  static Stream<Arguments> largeSettings() {
    return Stream.of(
        Arguments.of("2: two rollouts, a crash", Setting.of(2, TWO).crashes(1), 1_500_000),
        Arguments.of("2: two rollouts, a cut", Setting.of(2, TWO).cuts(1), 900_000),
        Arguments.of("2: everything", everything(2, ONE).lag(4), 1_860_000),
        Arguments.of("3: a rollout", Setting.of(3, ONE).downloading(), 160_000),
        Arguments.of("3: a freeze", Setting.of(3, ONE).freezes(1).lag(3), 900_000),
        Arguments.of("3: a canary", Setting.of(3, TRIAL).crashes(1).failures(1).lag(1), 4_050_000));
  }

  private static Setting everything(int instances, List<UnaryOperator<Wanted>> orders) {
    return Setting.of(instances, orders).crashes(1).failures(1).freezes(1);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("settings")
  void shouldKeepItsPromisesInEveryOrderOfEvents(String name, Setting setting, int expected) {
    explore(name, setting, 2_000_000, expected);
  }

  static Stream<Arguments> settingsWithoutRoom() {
    return Stream.of(
        Arguments.of("2: a failure", Setting.of(2, TWO).failures(1).lag(3), 1_000),
        Arguments.of("2: an alarm", Setting.of(2, BACK_AGAIN).alarms(1).lag(3), 1_000),
        Arguments.of("2: a crash", Setting.of(2, BACK_AGAIN).crashes(1).lag(2), 1_000),
        Arguments.of("2: a canary", Setting.of(2, TRIAL).failures(1).lag(2), 1_000));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("settingsWithoutRoom")
  void shouldKeepItsPromisesWithoutRoomForTwo(String name, Setting setting, int expected) {
    explore(name + ", no room", new RolloutModel(setting, false), 2_000_000, expected);
  }

  @Tag("nightly")
  @ParameterizedTest(name = "{0}")
  @MethodSource("largeSettings")
  void shouldKeepItsPromisesInLargerSettings(String name, Setting setting, int expected) {
    explore(name, setting, 8_000_000, expected);
  }

  private static void explore(String name, Setting setting, int limit, int expected) {
    explore(name, new RolloutModel(setting), limit, expected);
  }

  private static void explore(String name, RolloutModel model, int limit, int expected) {
    long started = cpu();
    Exploration exploration = new Exploration(model);
    try {
      exploration.run(limit);
    } finally {
      System.out.printf(
          "%s: %,d states, %,d transitions, %,d states of an instance, %.1f s of CPU%n",
          name,
          exploration.states(),
          exploration.transitions(),
          model.machines.size(),
          (cpu() - started) / 1e9);
    }
    assertThat(exploration.states()).isGreaterThan(expected);
  }

  private static long cpu() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void shouldNoticeABrokenProtocol(Fault fault) {
    Setting setting = everything(2, TWO).lag(3).with(fault);

    assertThatThrownBy(() -> new Exploration(new RolloutModel(setting)).run(3_000_000))
        .isInstanceOf(RolloutModel.Broken.class);
  }
}
