package io.clipstream.streams.live.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.streams.live.rollout.Input;
import io.clipstream.streams.live.rollout.Roles;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * How often a version that is as fast as the one before is taken back for its forward passes, and
 * one that is slower is not, by simulation with fixed seeds and the limits that are set by default.
 * What was measured is printed.
 */
class SpeedSimulationTest {
  private static final WatchLimits LIMITS = new WatchLimits(0.01, 0.02, 1.5, 0.3);
  private static final int BEFORE = 120;
  private static final int AFTER = 400;
  private static final int RUNS = 100;

  private static final SimulatedLoad STEADY =
      new SimulatedLoad("activated, steady", 20, 1, 0.1, 0, 0, 0, 1, 1);
  private static final SimulatedLoad UNSTEADY =
      new SimulatedLoad("activated, unsteady", 20, 1, 0.3, 0.2, 1, 5, 3, 1);
  private static final SimulatedLoad TWICE =
      new SimulatedLoad("activated, twice the load", 15, 2, 0.3, 0.2, 1, 5, 3, 1);
  private static final SimulatedLoad FEW =
      new SimulatedLoad("activated, a video in 2 s", 0.5, 1, 0.3, 0.2, 1, 5, 3, 1);
  private static final SimulatedLoad MINUTES =
      new SimulatedLoad("activated, slow minutes", 20, 1, 0.3, 0.2, 0.2, 60, 2, 1);
  private static final SimulatedLoad CANARY =
      new SimulatedLoad("canary of 5 %", 20, 1, 0.3, 0.2, 1, 5, 3, 0.05);
  private static final SimulatedLoad HALF =
      new SimulatedLoad("canary of 50 %", 20, 1, 0.3, 0.2, 1, 5, 3, 0.5);
  private static final SimulatedLoad CANARY_MINUTES =
      new SimulatedLoad("canary of 5 %, slow minutes", 20, 1, 0.3, 0.2, 0.2, 60, 2, 0.05);

  @Test
  void shouldKeepVersionsThatAreAsFast() {
    for (SimulatedLoad load : List.of(STEADY, UNSTEADY, TWICE, FEW, CANARY, HALF, CANARY_MINUTES)) {
      // A third of 0.01 is promised: more than two of 100 runs would say otherwise.
      assertThat(takenBack(load, 1)).as(load.name()).isLessThanOrEqualTo(2);
    }
    // A machine that is half as fast for minutes after the base served looks like a slow version.
    assertThat(takenBack(MINUTES, 1)).isLessThanOrEqualTo(10);
  }

  @Test
  void shouldTakeBackVersionsThatAreTwiceAsSlow() {
    for (SimulatedLoad load : List.of(STEADY, CANARY, HALF, CANARY_MINUTES)) {
      assertThat(takenBack(load, 2)).as(load.name()).isGreaterThanOrEqualTo(95);
    }
    assertThat(takenBack(UNSTEADY, 2)).isGreaterThanOrEqualTo(80);
    assertThat(takenBack(TWICE, 2)).isGreaterThanOrEqualTo(70);
    assertThat(takenBack(FEW, 2)).isGreaterThanOrEqualTo(60);
  }

  @Test
  void shouldTakeBackVersionsThatAreThreeTimesAsSlow() {
    for (SimulatedLoad load : List.of(STEADY, UNSTEADY, TWICE, FEW, CANARY, HALF)) {
      assertThat(takenBack(load, 3)).as(load.name()).isGreaterThanOrEqualTo(95);
    }
  }

  @Test
  void shouldKeepVersionsThatAreALittleSlower() {
    for (SimulatedLoad load : List.of(STEADY, UNSTEADY, CANARY, HALF)) {
      assertThat(takenBack(load, 1.3)).as(load.name()).isLessThanOrEqualTo(5);
    }
    takenBack(UNSTEADY, 1.5); // Printed: at the limit either may happen.
    takenBack(CANARY, 1.5);
  }

  /** In how many runs. */
  private static int takenBack(SimulatedLoad load, double slowness) {
    double[] seconds = new double[RUNS];
    int count = 0;
    for (int run = 0; run < RUNS; run++) {
      Optional<Double> at = alarm(load, slowness, new Random(run));
      if (at.isPresent()) {
        seconds[count++] = at.get();
      }
    }
    Arrays.sort(seconds, 0, count);
    System.out.printf(
        "%s, %.1f times as slow: %d of %d taken back, after %s s (median)%n",
        load.name(),
        slowness,
        count,
        RUNS,
        count == 0 ? "-" : Long.toString(Math.round(seconds[count / 2])));
    return count;
  }

  /** After how many seconds of the trial; empty without an alarm. */
  private static Optional<Double> alarm(SimulatedLoad load, double slowness, Random random) {
    VersionWatch watch = new VersionWatch(LIMITS, version -> List.of("red", "green"));
    Roles.Chosen first = new Roles.Chosen("1", 1);
    Roles.Chosen second = new Roles.Chosen("2", 2);
    watch.use(new Roles(first, null, 0, null), Optional.empty());
    boolean[] tried = new boolean[1];
    double[] alarm = {-1};
    load.run(
        slowness,
        BEFORE,
        AFTER,
        random,
        (arm, clips, seconds, millis) -> {
          if (seconds >= BEFORE && !tried[0]) {
            tried[0] = true;
            if (load.share() == 1) {
              watch.use(new Roles(second, null, 0, null), Optional.of("1"));
            } else {
              watch.use(new Roles(first, second, load.share(), null), Optional.empty());
            }
          }
          String version = arm == Arm.BASE ? "1" : "2";
          Optional<Input.Alarm> raised =
              watch.add(new Pass(version, "gpu0", clips, (long) seconds, millis));
          if (raised.isPresent()) {
            assertThat(raised.get().reason()).contains("forward passes take");
            alarm[0] = seconds - BEFORE;
          }
          return raised.isEmpty();
        });
    return alarm[0] < 0 ? Optional.empty() : Optional.of(alarm[0]);
  }
}
