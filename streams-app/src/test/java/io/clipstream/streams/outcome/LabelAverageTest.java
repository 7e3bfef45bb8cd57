package io.clipstream.streams.outcome;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.clipstream.model.clip.TimeRange;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.LabelledSegment;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LabelAverageTest {
  private static final List<String> NAMES = List.of("a", "b", "c");
  private static final Offset<Float> EXACT = Offset.offset(1e-7f);
  private final LabelAverage average = new LabelAverage();

  private void add(double start, double end, float... probabilities) {
    average.add(new TimeRange(start, end), probabilities);
  }

  @Test
  void shouldAverageTheCropsOfAWindowAndThenTheWindows() {
    add(0, 1, 0.9f, 0.1f, 0f);
    add(0, 1, 0.3f, 0.3f, 0.4f);
    add(1, 2, 0f, 1f, 0f);

    List<Label> labels = average.labels(NAMES, 3);

    assertThat(labels).extracting(Label::getName).containsExactly("b", "a", "c");
    assertThat(labels.get(0).getScore()).isCloseTo((0.2f + 1f) / 2, EXACT);
    assertThat(labels.get(1).getScore()).isCloseTo(0.6f / 2, EXACT);
    assertThat(labels.get(2).getScore()).isCloseTo(0.2f / 2, EXACT);
    assertThat(average.segments(NAMES, 1))
        .extracting(segment -> segment.getLabels().get(0).getScore())
        .satisfiesExactly(
            first -> assertThat(first).isCloseTo(0.6f, EXACT),
            second -> assertThat(second).isEqualTo(1f));
  }

  @Test
  void shouldGiveWindowsInTheOrderOfTimeHoweverTheyCame() {
    add(2.0004, 3.0005, 1, 0, 0);
    add(0, 2, 0, 1, 0);
    add(0, 1, 0, 0, 1);

    List<LabelledSegment> segments = average.segments(NAMES, 1);

    assertThat(segments)
        .extracting(segment -> segment.getLabels().get(0).getName())
        .containsExactly("c", "b", "a");
    assertThat(segments)
        .extracting(LabelledSegment::getStartMillis, LabelledSegment::getEndMillis)
        .containsExactly(tuple(0L, 1000L), tuple(0L, 2000L), tuple(2000L, 3001L));
  }

  @Test
  void shouldGiveTheFirstOfEqualLabelsAndNoMoreThanThereAre() {
    add(0, 1, 0.3f, 0.4f, 0.3f);

    assertThat(average.labels(NAMES, 2)).extracting(Label::getId).containsExactly(1, 0);
    assertThat(average.labels(NAMES, 7)).extracting(Label::getId).containsExactly(1, 0, 2);
  }

  @Test
  void shouldNotDependOnTheOrderOfClips() {
    LabelAverage reversed = new LabelAverage();
    float[][] scores = {{0.1f, 0.2f, 0.7f}, {0.25f, 0.5f, 0.25f}, {0.6f, 0.3f, 0.1f}};
    for (int i = 0; i < 3; i++) {
      average.add(new TimeRange(i < 2 ? 0 : 1, 2), scores[i]);
      reversed.add(new TimeRange(2 - i < 2 ? 0 : 1, 2), scores[2 - i]);
    }

    assertThat(reversed.labels(NAMES, 3)).isEqualTo(average.labels(NAMES, 3));
    assertThat(reversed.segments(NAMES, 3)).isEqualTo(average.segments(NAMES, 3));
  }

  @Test
  void shouldKeepWhatItWasGivenThoughTheArrayIsUsedAgain() {
    float[] scores = {1, 0, 0};
    average.add(new TimeRange(0, 1), scores);
    scores[0] = 0;
    scores[2] = 1;
    average.add(new TimeRange(1, 2), scores);

    assertThat(average.labels(NAMES, 3))
        .extracting(Label::getScore)
        .containsExactly(0.5f, 0.5f, 0f);
  }
}
