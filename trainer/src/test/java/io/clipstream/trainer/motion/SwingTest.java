package io.clipstream.trainer.motion;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SwingTest {
  private static final double SECONDS = 2.4;
  private static final double SPAN = 2;
  private static final double LEAD = (SECONDS - SPAN) / 2;
  private static final double CLIP_STEP = 0.125;
  private static final MotionRanges RANGES =
      new MotionRanges(0.045, 0.6, 0.1, 0.8, 0.1, 1, 0.008, 0.06, 0.2, 0.008, 0.003, 0.02);
  private static final Rarities RARITIES = new Rarities(1, 0.7, 5, 0, 0, 0);

  @ParameterizedTest
  @CsvSource({"PAN_LEFT,-1,0", "PAN_RIGHT,1,0", "TILT_UP,0,-1", "TILT_DOWN,0,1"})
  void shouldGoFarInTheDirectionOfItsLabelAndNeverBack(CameraMotion motion, int x, int y) {
    for (int seed = 0; seed < 100; seed++) {
      CameraPath path = swing(motion, seed);
      double along = 0;
      double aside = 0;
      double back = 0;
      for (double t = LEAD; t < LEAD + SPAN - 1.5 * CLIP_STEP; t += CLIP_STEP) {
        CameraPath.Pose one = path.at(t);
        CameraPath.Pose next = path.at(t + CLIP_STEP);
        double step = (next.x() - one.x()) * x + (next.y() - one.y()) * y;
        along += step;
        aside += (next.x() - one.x()) * y + (next.y() - one.y()) * x;
        back = Math.min(back, step);
      }

      assertThat(along).as("seed " + seed).isGreaterThan(0.22);
      assertThat(Math.abs(aside)).as("seed " + seed).isLessThan(0.45 * along);
      // What a hand trembles.
      assertThat(back).as("seed " + seed).isGreaterThan(-0.05);
    }
  }

  @Test
  void shouldBeFasterThanAnyOtherPanButLeaveSomethingToKnowTheSceneBy() {
    double fastest = 0;
    int fast = 0;
    for (int seed = 0; seed < 100; seed++) {
      double most = mostInAStep(swing(CameraMotion.PAN_RIGHT, seed));
      fastest = Math.max(fastest, most);
      fast += most > 0.6 * CLIP_STEP * 1.35 ? 1 : 0;
    }

    assertThat(fast).isGreaterThan(75);
    assertThat(fastest).isBetween(0.4, 0.7);
  }

  @Test
  void shouldEndNearWhereItBeganIfItShakes() {
    int wide = 0;
    for (int seed = 0; seed < 100; seed++) {
      CameraPath path = swing(CameraMotion.SHAKE, seed);
      CameraPath.Pose first = path.at(LEAD);
      double extent = 0;
      double net = 0;
      for (double t = LEAD; t <= LEAD + SPAN; t += 0.05) {
        CameraPath.Pose now = path.at(t);
        net = Math.hypot(now.x() - first.x(), now.y() - first.y());
        extent = Math.max(extent, net);
      }

      assertThat(net).as("seed " + seed).isLessThanOrEqualTo(0.46 * extent);
      wide += extent > 0.2 ? 1 : 0;
    }

    assertThat(wide).isGreaterThan(50);
  }

  @Test
  void shouldBeDrawnAsOftenAsTheShareSays() {
    Rarities some = new Rarities(0.2, 0.7, 5, 0, 0, 0);
    int swung = 0;
    for (int seed = 0; seed < 1000; seed++) {
      swung += some.swings(CameraMotion.TILT_UP, new Dice(seed, 1)) ? 1 : 0;
      assertThat(some.swings(CameraMotion.STATIC, new Dice(seed, 1))).isFalse();
      assertThat(some.swings(CameraMotion.ZOOM_IN, new Dice(seed, 1))).isFalse();
      assertThat(Rarities.NONE.swings(CameraMotion.SHAKE, new Dice(seed, 1))).isFalse();
    }

    assertThat(swung).isBetween(150, 250);
  }

  /** Largest way between two pictures of a clip, in short sides. */
  private static double mostInAStep(CameraPath path) {
    double most = 0;
    for (double t = LEAD; t < LEAD + SPAN - 1.5 * CLIP_STEP; t += CLIP_STEP / 4) {
      most =
          Math.max(
              most,
              Math.hypot(
                  path.at(t + CLIP_STEP).x() - path.at(t).x(),
                  path.at(t + CLIP_STEP).y() - path.at(t).y()));
    }
    return most;
  }

  private static CameraPath swing(CameraMotion motion, int seed) {
    return CameraPath.swing(motion, SECONDS, SPAN, RANGES, RARITIES, new Dice(seed, 3));
  }
}
