package io.clipstream.trainer.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfusionTest {
  private static final Offset<Double> CLOSE = within(1e-6);

  /** Against statsmodels 0.15: {@code proportion_confint(right, all, method="wilson")}. */
  @ParameterizedTest
  @CsvSource({
    "8, 10, 0.490162, 0.943318",
    "0, 10, 0, 0.277533",
    "10, 10, 0.722467, 1",
    "29, 52, 0.423398, 0.684049",
    "5, 10, 0.236593, 0.763407",
  })
  void shouldGiveWilsonsInterval(int right, int all, double low, double high) {
    Interval interval = Interval.wilson(right, all);

    assertThat(interval.share()).isEqualTo(right / (double) all);
    assertThat(interval.low()).isCloseTo(low, CLOSE);
    assertThat(interval.high()).isCloseTo(high, CLOSE);
  }

  @Test
  void shouldNotBeImpressedByTheMajority() {
    Confusion always = new Confusion(3);
    for (int i = 0; i < 8; i++) {
      always.add(0, 0);
    }
    always.add(1, 0);
    always.addUnanswered(1);

    assertThat(always.all()).isEqualTo(10);
    assertThat(always.top1().share()).isEqualTo(0.8);
    assertThat(always.majority()).isEqualTo(0.8);
    assertThat(always.meanClass().share()).isEqualTo(0.5); // of the two classes that there are
    assertThat(always.rows().get(1)).containsExactly(1, 0, 0);
  }

  @Test
  void shouldRecoverTheIntervalOfTheMeanFromThoseOfTheClasses() {
    Confusion one = new Confusion(1);
    Confusion two = new Confusion(2);
    for (int i = 0; i < 10; i++) {
      two.add(0, i < 8 ? 0 : 1);
      two.add(1, i < 8 ? 1 : 0);
      one.add(0, 0);
    }
    Interval each = Interval.wilson(8, 10);

    Interval mean = two.meanClass();

    // Two equal independent shares: the interval is smaller by the root of two.
    assertThat(mean.share()).isCloseTo(0.8, CLOSE);
    assertThat(mean.low()).isCloseTo(0.8 - (0.8 - each.low()) / Math.sqrt(2), CLOSE);
    assertThat(mean.high()).isCloseTo(0.8 + (each.high() - 0.8) / Math.sqrt(2), CLOSE);
    assertThat(one.meanClass()).isEqualTo(Interval.wilson(10, 10));
  }
}
