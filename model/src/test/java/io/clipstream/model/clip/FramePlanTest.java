package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** On a timeline of 40 frames, 10 a second. */
class FramePlanTest {
  private static final ClipSpec SPEC = TestVideos.spec(4, 10);

  private final Timeline timeline = timeline();

  @Test
  void shouldNumberPlacesInTheOrderInWhichTheirFramesAreShown() throws Exception {
    FramePlan plan = plan(new Sampling.Sliding(0.2, 100, Sampling.Padding.LOOP), Optional.empty());

    assertThat(plan.windows()).isEqualTo(19);
    assertThat(plan.places()).isEqualTo(19 * 4);
    int[] frames = IntStream.range(0, plan.places()).map(plan::frame).toArray();
    assertThat(frames).isSorted().startsWith(0, 1, 2, 2, 3, 3, 4, 4, 5, 5);
    for (int place = 0; place < plan.places(); place++) {
      assertThat(plan.frame(place)).isEqualTo(2 * plan.window(place) + plan.offset(place));
    }
    assertThat(plan.mostOpen()).isEqualTo(2);
    assertThat(plan.range(3)).isEqualTo(new TimeRange(0.6, 1.0));
  }

  @Test
  void shouldPlanOnlyTheRange() throws Exception {
    FramePlan plan = plan(Sampling.sliding(100), Optional.of(new TimeRange(0.95, 1.79)));

    assertThat(IntStream.range(0, plan.places()).map(plan::frame).toArray())
        .containsExactly(9, 10, 11, 12, 13, 14, 15, 16);
    assertThat(plan.wants(9, 9)).isTrue();
    assertThat(plan.wants(6, 8)).isFalse();
    assertThat(plan.wants(6, 9)).isTrue();
    assertThat(plan.wants(17, 40)).isFalse();
    assertThat(plan.mostOpen()).isEqualTo(1);
  }

  @Test
  void shouldRepeatTheFramesOfAShortRange() throws Exception {
    FramePlan plan = plan(Sampling.sliding(100), Optional.of(new TimeRange(1, 1.2)));

    assertThat(IntStream.range(0, plan.places()).map(plan::frame).toArray())
        .containsExactly(10, 10, 11, 11);
    assertThat(IntStream.range(0, plan.places()).map(plan::offset).toArray())
        .containsExactly(0, 2, 1, 3);
  }

  @Test
  void shouldSayThatARangeLiesBehindTheEnd() {
    assertThatThrownBy(() -> plan(Sampling.sliding(1), Optional.of(new TimeRange(4, 5))))
        .isInstanceOf(UnusableVideoException.class)
        .hasMessage("the range 4.000 to 5.000 s has no frame, the video is 4.000 s long");
  }

  private FramePlan plan(Sampling sampling, Optional<TimeRange> range)
      throws UnusableVideoException {
    return FramePlan.of(timeline, sampling, SPEC, range);
  }

  private static Timeline timeline() {
    PacketTable packets = new PacketTable();
    for (int i = 0; i < 40; i++) {
      packets.add(100L * i, 100L * i, 100, PacketTable.Shows.FRAME, i % 10 == 0, false);
    }
    return new TimelineBuilder(packets, 0.001, 10, false, Timeline.MISSING).build();
  }
}
