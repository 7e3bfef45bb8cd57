package io.clipstream.trainer.motion;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class InsetTest {
  private static final int SIDE = 80;
  private static final double SECONDS = 2.4;
  private static final int BACKGROUND = 0x123456;
  private static final List<Picture> PICTURES = List.of(Pictures.patches("a", 900, 700, 1));

  @Test
  void shouldChangeNoMoreThanItsShareOfThePicture() {
    for (int seed = 0; seed < 60; seed++) {
      Inset inset = inset(seed);
      for (double t = 0; t < SECONDS; t += 0.1) {
        assertThat(covered(inset, t)).as("seed " + seed).isLessThanOrEqualTo(0.5);
      }
    }
  }

  @Test
  void shouldComeOrGoWhileAllAroundItStays() {
    int changing = 0;
    int sudden = 0;
    for (int seed = 0; seed < 60; seed++) {
      Inset inset = inset(seed);
      double least = 1;
      double most = 0;
      double step = 0;
      double before = covered(inset, 0);
      for (double t = 0; t < SECONDS; t += 0.04) {
        double now = covered(inset, t);
        least = Math.min(least, now);
        most = Math.max(most, now);
        step = Math.max(step, Math.abs(now - before));
        before = now;
      }
      changing += most > least ? 1 : 0;
      sudden += step > 0.9 * most && most > least ? 1 : 0;
    }

    assertThat(changing).isBetween(40, 59);
    assertThat(sudden).isBetween(15, changing - 5);
  }

  /** Share of the frame that is not background. */
  private static double covered(Inset inset, double t) {
    int[] frame = new int[SIDE * SIDE];
    Arrays.fill(frame, BACKGROUND);
    inset.draw(t, SIDE, SIDE, frame);
    int other = 0;
    for (int rgb : frame) {
      other += rgb == BACKGROUND ? 0 : 1;
    }
    return other / (double) frame.length;
  }

  private static Inset inset(int seed) {
    return new Inset(PICTURES, 0.48, 1, 1, SECONDS, new Dice(seed, 4));
  }
}
