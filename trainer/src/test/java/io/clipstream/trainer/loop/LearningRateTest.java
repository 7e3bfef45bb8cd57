package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LearningRateTest {
  /**
   * PyTorch 2.7.1: {@code SequentialLR} with milestone 4 of {@code LinearLR(start_factor=0.25,
   * end_factor=1, total_iters=3)} and {@code CosineAnnealingLR(T_max=6, eta_min=0.0002)} on a rate
   * of 0.002.
   */
  @Test
  void shouldWarmUpAndFallAsPyTorchsSchedulers() {
    double[] expected = {
      0.0005, 0.001, 0.0015, 0.002, 0.002, 0.00187942286, 0.00155, 0.0011, 0.00065, 0.000320577137
    };
    LearningRate rate = new LearningRate(0.002, 0.0002, 4, 10);

    for (int step = 0; step < expected.length; step++) {
      assertThat(rate.at(step)).as("step " + step).isCloseTo(expected[step], within(1e-11));
    }
  }

  @Test
  void shouldBeginAtThePeakWithoutAWarmUp() {
    assertThat(new LearningRate(0.1, 0, 0, 5).at(0)).isEqualTo(0.1);
  }
}
