package io.clipstream.trainer.motion;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TrackTest {
  private static final double SECONDS = 2.4;

  @Test
  void shouldRestAndMoveByTurnsWhereItHops() {
    int both = 0;
    for (int seed = 0; seed < 50; seed++) {
      Track track = new Track(0, 0, SECONDS, Track.Manner.HOPS, new Dice(seed, 0));
      boolean rested = false;
      boolean moved = false;
      for (double t = 0; t < SECONDS; t += 0.04) {
        double step =
            Math.hypot(track.x(t + 0.04) - track.x(t), track.y(t + 0.04) - track.y(t)) / 0.04;
        rested |= step < 1e-9;
        moved |= step > 0.02;
      }
      both += rested && moved ? 1 : 0;
    }

    // Those that sway never quite rest.
    assertThat(both).isBetween(15, 45);
  }

  @Test
  void shouldStayWhereItRests() {
    for (int seed = 0; seed < 50; seed++) {
      Track track = new Track(0.1, -0.2, SECONDS, Track.Manner.RESTS, new Dice(seed, 0));
      for (double t = 0; t < SECONDS; t += 0.04) {
        assertThat(track.x(t)).isEqualTo(0.1);
        assertThat(track.y(t)).isEqualTo(-0.2);
      }
    }
  }

  @Test
  void shouldCrossThePictureAlongAnAxisMoreOrLess() {
    for (int seed = 0; seed < 50; seed++) {
      Track track = new Track(0, 0, SECONDS, Track.Manner.CROSSES, new Dice(seed, 0));
      double x = Math.abs(track.x(SECONDS) - track.x(0));
      double y = Math.abs(track.y(SECONDS) - track.y(0));

      assertThat(Math.hypot(x, y)).isGreaterThan(0.1);
      assertThat(Math.min(x, y)).isLessThan(0.75 * Math.max(x, y));
    }
  }

  @Test
  void shouldRiseOrSinkFromRestToRest() {
    int upright = 0;
    for (int seed = 0; seed < 50; seed++) {
      Track track = new Track(0, 0, SECONDS, Track.Manner.RISES, new Dice(seed, 0));
      double x = Math.abs(track.x(9) - track.x(-9));
      double y = Math.abs(track.y(9) - track.y(-9));
      upright += y > x ? 1 : 0;

      assertThat(track.y(9) - track.y(8)).isBetween(-0.4, 0.4);
      assertThat(Math.hypot(x, y)).isBetween(0.05, 1.7);
    }

    assertThat(upright).isBetween(25, 48);
  }
}
