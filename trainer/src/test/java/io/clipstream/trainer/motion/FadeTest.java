package io.clipstream.trainer.motion;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FadeTest {
  private static final double SECONDS = 2.4;

  @Test
  void shouldBeLightForAtLeastSixTenthsAndDarkerAtOneEnd() {
    for (int seed = 0; seed < 100; seed++) {
      Fade fade = Fade.random(SECONDS, new Dice(seed, 2));
      int light = 0;
      for (int i = 0; i < 100; i++) {
        light += fade.light((i + 0.5) / 100 * SECONDS) == 1 ? 1 : 0;
      }

      assertThat(light).as("seed " + seed).isBetween(60, 91);
      assertThat(fade.light(0) < 1 ^ fade.light(SECONDS) < 1).isTrue();
    }
  }

  @Test
  void shouldLeaveFramesAsTheyAreIfThereIsNone() {
    byte[] frame = {0, 1, -1};

    Fade.NONE.apply(1e6, frame);

    assertThat(frame).containsExactly(0, 1, -1);
  }
}
