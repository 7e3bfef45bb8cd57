package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

/** Whatever the time stamps of a file: a timeline, and clips from it that lie within the video. */
class TimelineFuzzTest {
  private static final int ROUNDS = 4000;
  private static final ClipSpec RATE = TestVideos.spec(8, 15);
  private static final ClipSpec FAST = TestVideos.spec(8, 1000);
  private static final ClipSpec SINGLE = TestVideos.spec(1, 1000);
  private static final ClipSpec STRIDE =
      new ClipSpec(8, 0, 3, 128, CropSize.of("112"), true, RATE.mean(), RATE.std());
  private static final List<Sampling> SAMPLINGS =
      List.of(
          Sampling.sliding(50),
          new Sampling.Sliding(0.3, 20, Sampling.Padding.REPEAT_LAST),
          Sampling.views(4, 3),
          new Sampling.Dense(3, 1, Sampling.Padding.REPEAT_LAST),
          new Sampling.Uniform(2, 1, Sampling.Padding.LOOP),
          Sampling.random(11));

  @Test
  void shouldSampleWhateverTheTimes() {
    for (int round = 0; round < ROUNDS; round++) {
      int seed = round;
      assertTimeoutPreemptively(
          Duration.ofSeconds(20), () -> check(seed), () -> "seed " + seed + " does not end");
    }
  }

  private static void check(int seed) {
    Random random = new Random(seed);
    PacketTable packets = new PacketTable();
    int count = 2 + random.nextInt(random.nextInt(10) == 0 ? 3000 : 60);
    double tick = new double[] {1e-9, 1 / 90e3, 1e-3, 1.0, 1e6, 0}[random.nextInt(6)];
    LongUnaryOperator pts = times(random);
    LongUnaryOperator dts = random.nextBoolean() ? pts : times(random);
    for (int i = 0; i < count; i++) {
      boolean key = i % (1 + random.nextInt(20)) == 0;
      if (key) {
        packets.startsAt(i, Math.min(i + random.nextInt(3), count - 1), random.nextInt(9) - 1, 9);
      }
      long duration = random.nextInt(20) == 0 ? random.nextLong() : 40;
      packets.add(
          pts.applyAsLong(i),
          dts.applyAsLong(i),
          duration,
          random.nextInt(15) > 0 ? PacketTable.Shows.FRAME : PacketTable.Shows.LAST_FRAME,
          key,
          random.nextInt(50) == 0);
    }
    double rate = new double[] {0, 25, 1e-6, 1e9, Double.NaN, 29.97}[random.nextInt(6)];
    long end = random.nextBoolean() ? Timeline.MISSING : random.nextLong() >> 2;
    TimelineBuilder builder = new TimelineBuilder(packets, tick, rate, random.nextBoolean(), end);
    packets.beginsWithItsFirstFrame();
    new LostFrames(packets, 1 + random.nextInt(5000), 900_000).count();

    check(packets, builder.build(), packets.frames(), seed);
    int start = random.nextInt(count);
    check(
        packets, builder.build(start, random.nextInt(4), Math.min(count - 1, start + 2)), -1, seed);
  }

  /** Times of one kind of fault: equal, negative, huge, shuffled, missing, jumping, or none. */
  private static LongUnaryOperator times(Random random) {
    long[] base = random.longs(3000).map(value -> value >> (value & 63)).toArray();
    long step = 1L + random.nextInt(4000);
    return switch (random.nextInt(9)) {
      case 0 -> i -> 7L;
      case 1 -> i -> -step * i;
      case 2 -> i -> base[(int) i];
      case 3 -> i -> (i * 7919 % 3001) * step;
      case 4 -> i -> i % 3 == 0 ? Timeline.MISSING : i * step;
      case 5 -> i -> i % 40 * step + i / 40 % 3 * 1_000_000_000L;
      case 6 -> i -> i / 4 * step;
      case 7 -> i -> i == 9 ? Long.MAX_VALUE - i : i * step;
      default -> i -> i * step;
    };
  }

  private static void check(PacketTable packets, Timeline timeline, int frames, int seed) {
    double[] seconds = timeline.seconds();
    if (frames >= 0) {
      assertThat(seconds).as("seed " + seed).hasSize(frames);
    }
    if (seconds.length < 2) {
      return; // is rejected
    }
    assertThat(seconds[0]).isZero();
    for (int i = 1; i < seconds.length; i++) {
      assertThat(seconds[i]).as("seed " + seed + ", " + i).isGreaterThan(seconds[i - 1]).isFinite();
    }
    assertThat(timeline.endSeconds()).isGreaterThan(seconds[seconds.length - 1]).isFinite();
    for (int i = 0; i < packets.packets() && !timeline.counted(); i++) {
      assertThat(timeline.number(i)).isBetween(-1, seconds.length - 1);
    }
    for (int i = 0; i < seconds.length; i++) {
      Timeline.Start begin = timeline.startFor(i);
      assertThat(timeline.lastTied(i)).isBetween(i, seconds.length - 1);
      assertThat(begin == null || begin.frame() <= i).isTrue();
    }
    for (Sampling sampling : SAMPLINGS) {
      for (ClipSpec spec : List.of(RATE, FAST, SINGLE, STRIDE)) {
        checkClips(sampling, spec, seconds, timeline.endSeconds(), seed);
      }
    }
  }

  private static void checkClips(
      Sampling sampling, ClipSpec spec, double[] seconds, double end, int seed) {
    String what = "seed " + seed + ", " + sampling + ", " + spec;
    List<ClipSampler.Window> windows = ClipSampler.sample(sampling, spec, seconds, end);
    assertThat(windows).as(what).isNotEmpty();
    for (ClipSampler.Window window : windows) {
      assertThat(window.range().endSeconds()).as(what).isLessThanOrEqualTo(end);
      assertThat(window.frames()).as(what).hasSize(spec.frames());
      for (int frame : window.frames()) {
        assertThat(frame).as(what).isBetween(0, seconds.length - 1);
      }
    }
  }
}
