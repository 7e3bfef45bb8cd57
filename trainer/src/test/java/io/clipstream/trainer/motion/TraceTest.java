package io.clipstream.trainer.motion;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TraceTest {
  private static final int WIDTH = 120;
  private static final int HEIGHT = 80;

  @Test
  void shouldCrossEveryColumnAndMostlyLeaveTheRest() {
    for (int seed = 0; seed < 20; seed++) {
      Trace trace = new Trace(new Dice(seed, 0));
      for (double t = 0; t < 2; t += 0.25) {
        int[] frame = new int[WIDTH * HEIGHT];
        trace.draw(t, WIDTH, HEIGHT, frame);

        int painted = 0;
        int columns = 0;
        for (int x = 0; x < WIDTH; x++) {
          int inColumn = 0;
          for (int y = 0; y < HEIGHT; y++) {
            inColumn += frame[y * WIDTH + x] != 0 ? 1 : 0;
          }
          painted += inColumn;
          columns += inColumn > 0 ? 1 : 0;
        }
        assertThat(columns).as("seed " + seed + ", second " + t).isGreaterThan(WIDTH / 2);
        assertThat(painted).as("seed " + seed + ", second " + t).isLessThan(frame.length * 2 / 3);
      }
    }
  }
}
