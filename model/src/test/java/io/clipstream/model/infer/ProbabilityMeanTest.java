package io.clipstream.model.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ProbabilityMeanTest {
  @Test
  void shouldGiveTheMeanOfAllViews() {
    ProbabilityMean mean = new ProbabilityMean(3);
    mean.add(new float[] {0.5f, 0.25f, 0.25f});
    mean.add(new float[] {0.125f, 0.75f, 0.125f});
    mean.add(new float[] {0.125f, 0.5f, 0.375f});

    assertThat(mean.get()).containsExactly(0.25f, 0.5f, 0.25f);
  }

  @Test
  void shouldAddInDoublesAndRoundOnce() {
    ProbabilityMean mean = new ProbabilityMean(2);
    for (int view = 0; view < 12; view++) {
      mean.add(new float[] {0.1f, 0.9f});
    }

    // The mean of equal floats is that float. Sums in float would give 0.10000001 and 0.9000001:
    // 0.1f added twelve times is 1.2000002f.
    assertThat(mean.get()).containsExactly(0.1f, 0.9f);
  }

  @Test
  void shouldGiveTheLargestFirstAndOfEqualOnesTheLowerClass() {
    float[] scores = {0.1f, 0.3f, 0.1f, 0.3f, 0.2f};

    assertThat(ProbabilityMean.best(scores, 1)).containsExactly(1);
    assertThat(ProbabilityMean.best(scores, 4)).containsExactly(1, 3, 4, 0);
    assertThat(ProbabilityMean.best(scores, 9)).containsExactly(1, 3, 4, 0, 2);
    assertThat(ProbabilityMean.best(new float[] {0, 0}, 1)).containsExactly(0);
  }

  @Test
  void shouldRefuseOtherClassesAndTheMeanOfNothing() {
    ProbabilityMean mean = new ProbabilityMean(3);

    assertThatThrownBy(() -> mean.add(new float[2]))
        .hasMessage("there are 2 probabilities, expected 3");
    assertThatThrownBy(mean::get).isInstanceOf(IllegalStateException.class);
  }
}
