package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.clipstream.model.clip.Timeline.Mode;
import org.junit.jupiter.api.Test;

/** Times in milliseconds, 10 frames a second. */
class TimelineTest {
  private static final long NONE = Timeline.MISSING;

  private final Timeline.Builder builder = new Timeline.Builder(0.001, 10, true);

  @Test
  void shouldOrderReorderedFramesAndFindTheirKeys() {
    long[] pts = {5000, 5300, 5100, 5200, 5400, 5700, 5500, 5600};
    for (int i = 0; i < pts.length; i++) {
      builder.add(pts[i], 4900 + 100L * i, i % 4 == 0, true);
    }

    Timeline timeline = builder.build();

    assertThat(timeline.mode()).isEqualTo(Mode.SEEKABLE);
    assertThat(timeline.seconds())
        .containsExactly(new double[] {0, .1, .2, .3, .4, .5, .6, .7}, within(1e-9));
    assertThat(timeline.endSeconds()).isCloseTo(0.8, within(1e-9));
    assertThat(timeline.rate()).isCloseTo(10, within(1e-9));
    assertThat(timeline.indexOf(5300)).isEqualTo(3);
    assertThat(timeline.indexOf(5350)).isEqualTo(3);
    assertThat(timeline.keyAtOrBefore(3)).isEqualTo(5000);
    assertThat(timeline.keyAtOrBefore(5)).isEqualTo(5400);
    assertThat(timeline.decodedAt(5400)).isEqualTo(5300);
    assertThat(timeline.firstFrom(0.25)).isEqualTo(3);
    assertThat(timeline.firstFrom(9)).isEqualTo(8);
  }

  @Test
  void shouldKeepTheGapsOfAVariableRate() {
    for (long pts : new long[] {0, 100, 200, 4000, 4100}) {
      builder.add(pts, pts, pts == 0, true);
    }

    Timeline timeline = builder.build();

    assertThat(timeline.mode()).isEqualTo(Mode.SEEKABLE);
    assertThat(timeline.seconds()[3]).isEqualTo(4.0);
  }

  @Test
  void shouldContinueWhereTimesJumpBack() {
    for (int i = 0; i < 10; i++) {
      builder.add(50_000 + 100L * i, 50_000 + 100L * i, i == 0, true);
    }
    for (int i = 0; i < 10; i++) {
      builder.add(100L * i, 100L * i, i == 0, true);
    }

    Timeline timeline = builder.build();

    assertThat(timeline.mode()).isEqualTo(Mode.REWRITTEN);
    assertThat(timeline.frames()).isEqualTo(20);
    assertThat(timeline.endSeconds()).isCloseTo(2, within(1e-9));
    assertThat(timeline.indexOf(timeline.rewritten(10))).isEqualTo(10);
    assertThat(timeline.rewritten(20)).isEqualTo(NONE);
  }

  @Test
  void shouldSurviveASingleAbsurdTime() {
    for (int i = 0; i < 10; i++) {
      builder.add(i == 5 ? 1L << 40 : 100L * i, i == 5 ? 1L << 40 : 100L * i, i == 0, true);
    }

    Timeline timeline = builder.build();

    assertThat(timeline.frames()).isEqualTo(10);
    assertThat(timeline.endSeconds()).isBetween(0.9, 1.3);
  }

  @Test
  void shouldOrderByDecodingTimesWherePresentationTimesAreMissing() {
    for (int i = 0; i < 10; i++) {
      builder.add(i % 3 == 0 ? NONE : 100L * i, 100L * i, i == 0, true);
    }

    Timeline timeline = builder.build();

    assertThat(timeline.mode()).isEqualTo(Mode.COUNTED);
    assertThat(timeline.seconds()[9]).isCloseTo(0.9, within(1e-9));
  }

  @Test
  void shouldCountFramesWhereThereAreNoTimes() {
    for (int i = 0; i < 10; i++) {
      builder.add(NONE, NONE, i == 0, true);
    }

    assertThat(builder.build().seconds()[9]).isCloseTo(0.9, within(1e-9));
    assertThat(builder.build().mode()).isEqualTo(Mode.COUNTED);
  }

  @Test
  void shouldCountFramesWhereTimesMakeNoSense() {
    for (int i = 0; i < 10; i++) {
      builder.add(7, 7, i == 0, true);
    }
    assertThat(builder.build().seconds()[9]).isCloseTo(0.9, within(1e-9));

    Timeline.Builder noClock = new Timeline.Builder(0, 0, false);
    Timeline.Builder fastClock = new Timeline.Builder(1e-9, 1e9, false);
    for (int i = 0; i < 10; i++) {
      noClock.add(i, i, i == 0, true);
      fastClock.add(i, i, i == 0, true);
    }
    assertThat(noClock.build().rate()).isCloseTo(25, within(1e-9));
    assertThat(fastClock.build().rate()).isCloseTo(25, within(1e-9));
  }

  @Test
  void shouldNotOverflowAtTheEndsOfTheRange() {
    builder.add(Long.MAX_VALUE, Long.MAX_VALUE, true, true);
    builder.add(Long.MIN_VALUE + 1, Long.MIN_VALUE + 1, false, true);
    builder.add(1L << 59, 1L << 59, false, true);

    assertThat(builder.build().frames()).isEqualTo(3);
    assertThat(builder.build().mode()).isEqualTo(Mode.COUNTED);
  }

  @Test
  void shouldStartAtAHiddenKeyFrame() {
    builder.add(-200, -200, true, false);
    for (int i = -1; i < 9; i++) {
      builder.add(100L * i, 100L * i, false, i >= 0);
    }

    Timeline timeline = builder.build();

    assertThat(timeline.frames()).isEqualTo(9);
    assertThat(timeline.keyAtOrBefore(0)).isEqualTo(-200);
  }
}
