package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OpenClipsTest {
  private static final List<Float> ONES = List.of(1f, 1f, 1f);

  @Test
  void shouldBoundTheUnfinishedClipsOfEveryVideo() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int most = 0;
    for (int i = 0; i < 20_000; i++) {
      Sampling sampling = sampling(random);
      ClipSpec spec = spec(random);
      double[] seconds = times(random);
      double end = seconds[seconds.length - 1] + 0.01 + random.nextDouble();

      int open = open(ClipSampler.sample(sampling, spec, seconds, end)) * sampling.crops();

      most = Math.max(most, open);
      assertThat(open)
          .as("%s, %s, %s, end %s, seed %s", sampling, spec, Arrays.toString(seconds), end, seed)
          .isLessThanOrEqualTo(OpenClips.atMost(sampling));
    }
    assertThat(most).isGreaterThan(2);
  }

  /** What the application samples: the bound must not ask for more memory than it needs. */
  @Test
  void shouldNeedTwoClipsForOneAfterTheOther() {
    assertThat(OpenClips.atMost(Sampling.sliding(64))).isEqualTo(2);
    assertThat(OpenClips.atMost(Sampling.sliding(1))).isEqualTo(1);
    assertThat(OpenClips.atMost(Sampling.views(4, 3))).isEqualTo(12);
  }

  private static Sampling sampling(Random random) {
    Sampling.Padding padding =
        random.nextBoolean() ? Sampling.Padding.LOOP : Sampling.Padding.REPEAT_LAST;
    int clips = 1 + random.nextInt(6);
    return switch (random.nextInt(5)) {
      case 0, 1 -> new Sampling.Sliding(0, clips, padding);
      case 2 -> new Sampling.Sliding(random.nextDouble(), clips, padding);
      case 3 -> new Sampling.Dense(clips, random.nextBoolean() ? 1 : 3, padding);
      default ->
          random.nextBoolean()
              ? new Sampling.Uniform(clips, 1, padding)
              : new Sampling.Random(clips, random.nextLong(), padding);
    };
  }

  private static ClipSpec spec(Random random) {
    int frames = 1 + random.nextInt(10);
    return random.nextBoolean()
        ? new ClipSpec(frames, 1 + random.nextInt(30), 8, 8, false, ONES, ONES)
        : new ClipSpec(frames, 0, 1 + random.nextInt(5), 8, CropSize.square(8), false, ONES, ONES);
  }

  private static double[] times(Random random) {
    double[] seconds = new double[2 + random.nextInt(80)];
    double step = 0.001 + random.nextDouble() * (random.nextBoolean() ? 0.05 : 1);
    for (int i = 1; i < seconds.length; i++) {
      seconds[i] = seconds[i - 1] + step * (random.nextBoolean() ? 1 : 0.1 + random.nextDouble());
    }
    return seconds;
  }

  /** Most windows that are partly filled, if frames come in order and fill all places at once. */
  private static int open(List<ClipSampler.Window> windows) {
    int[] left = windows.stream().mapToInt(window -> window.frames().length).toArray();
    boolean[] begun = new boolean[left.length];
    int last = windows.stream().flatMapToInt(w -> Arrays.stream(w.frames())).max().orElseThrow();
    int now = 0;
    int most = 0;
    for (int frame = 0; frame <= last; frame++) {
      for (int w = 0; w < left.length; w++) {
        for (int wanted : windows.get(w).frames()) {
          if (wanted == frame) {
            if (!begun[w]) {
              begun[w] = true;
              most = Math.max(most, ++now);
            }
            if (--left[w] == 0) {
              now--;
            }
          }
        }
      }
    }
    return most;
  }
}
