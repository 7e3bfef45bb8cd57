package io.clipstream.streams.live.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Rollouts over many instances, in virtual time: 60, or as many as {@code -Dclipstream.fleet} says.
 * Prints the table of {@code ops/sizing.md}.
 */
class FleetTest {
  private static final int INSTANCES = Integer.getInteger("clipstream.fleet", 60);

  private static final int AT_ONCE = Math.max(2, INSTANCES / 20);
  private static final int LEAST_LOAD = 20;
  private static final int MOST_LOAD = 40;
  private static final Duration SOAK = Duration.ofSeconds(30);
  private static final Duration LEASE = Duration.ofMinutes(5);
  private static final Duration LIMIT = Duration.ofHours(4);
  private static final RolloutTimes TIMES =
      new RolloutTimes(
          LEASE.dividedBy(10),
          LEASE,
          SOAK,
          Duration.ofMinutes(10),
          LEASE.multipliedBy(3),
          LEASE.multipliedBy(60));

  private final Fleet fleet =
      new Fleet(new Fleet.Setting(INSTANCES, TIMES, AT_ONCE, new int[] {LEAST_LOAD, MOST_LOAD}));
  private Duration began;
  private int recordsBefore;

  /** Everybody serves version 1, and has listened for a lease. */
  @BeforeEach
  void start() {
    assertThat(fleet.runUntilAllServe("v1", LIMIT)).isTrue();
    fleet.run(LEASE.plusSeconds(10));
    began = fleet.time();
    recordsBefore = fleet.records();
  }

  @Test
  void shouldTakeUpAVersionSoManyAtATime() {
    fleet.activate("v2");

    assertThat(fleet.runUntilAllServe("v2", LIMIT)).isTrue();
    assertThat(fleet.mostChanging()).isBetween(AT_ONCE - 1, AT_ONCE);
    assertThat(fleet.loads()).isEqualTo(INSTANCES);
    tell("nothing goes wrong");
  }

  @Test
  void shouldGoOnWhenInstancesDieAndOthersStart() {
    fleet.activate("v2");
    int dead = Math.max(1, INSTANCES / 100);
    for (int i = 0; i < dead; i++) {
      fleet.run(Duration.ofSeconds(30));
      // Those that wait: two deaths while they change stop the rollout, as they should.
      fleet.kill(INSTANCES - 1 - i, Duration.ofSeconds(20));
    }

    assertThat(fleet.runUntilAllServe("v2", LIMIT)).isTrue();
    assertThat(fleet.mostChanging()).isLessThanOrEqualTo(AT_ONCE);
    tell("one instance of a hundred dies and starts again");
  }

  @Test
  void shouldGoOnAfterALeaseWhenAnInstanceStandsStill() {
    fleet.activate("v2");
    fleet.run(Duration.ofSeconds(30));
    fleet.changing(1).forEach(one -> fleet.freeze(one, LEASE.multipliedBy(2)));

    assertThat(fleet.runUntilAllServe("v2", LIMIT)).isTrue();
    tell("one that changes stands still for two leases");
  }

  @Test
  void shouldStopWhereSeveralDieWhileTheyTakeItUp() {
    fleet.activate("v2");
    fleet.run(Duration.ofSeconds(30));
    fleet.changing(2).forEach(one -> fleet.kill(one, LEASE.multipliedBy(2)));

    assertThat(fleet.runUntil(() -> fleet.newest().stopped(), LIMIT)).isTrue();
    tell("two that change die: it stops");
  }

  @Test
  void shouldStopAtAVersionThatDoesNotLoad() {
    fleet.breaks("v2", everywhere -> true);
    fleet.activate("v2");

    assertThat(fleet.runUntil(() -> fleet.newest().stopped(), LIMIT)).isTrue();
    tell("it loads nowhere: it stops");
    fleet.run(LEASE);
    assertThat(fleet.loads()).isLessThanOrEqualTo(AT_ONCE);
    assertThat(fleet.servedEver("v2")).isZero();
  }

  @Test
  void shouldGoBackFromAVersionThatDoesNotLoadOnFew() {
    fleet.breaks("v2", number -> number % 50 == 49);
    fleet.activate("v2");

    assertThat(fleet.runUntil(() -> fleet.newest().stopped(), LIMIT)).isTrue();
    tell("it does not load on one of fifty: it stops");
    fleet.activate("v1");
    assertThat(fleet.runUntilAllServe("v1", LIMIT)).isTrue();
    tell("and all are back");
  }

  private void tell(String what) {
    System.out.printf(
        Locale.ROOT,
        "fleet: %d instances, %d at a time | %s | %.1f min | %d at most changed | %d loads |"
            + " %d served v2 | %d records%n",
        INSTANCES,
        AT_ONCE,
        what,
        fleet.time().minus(began).toMillis() / 60e3,
        fleet.mostChanging(),
        fleet.loads(),
        fleet.servedEver("v2"),
        fleet.records() - recordsBefore);
  }
}
