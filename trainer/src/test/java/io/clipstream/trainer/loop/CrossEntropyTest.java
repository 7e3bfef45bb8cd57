package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.clipstream.trainer.data.Shown;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Against PyTorch 2.7.1: {@code torch.nn.functional.cross_entropy(logits, [0, 3, 1],
 * label_smoothing=s)}.
 */
class CrossEntropyTest {
  @ParameterizedTest
  @CsvSource({"0, 8.55421543", "0.1, 8.0867157", "0.3, 7.15171576"})
  void shouldBePyTorchs(double smoothing, float expected) {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      NDArray logits =
          manager.create(
              new float[] {2, -1, 0.5f, 0, 0.1f, 0.2f, 0.3f, -4, 10, -10, 5, 5}, new Shape(3, 4));

      NDArray loss = CrossEntropy.of(logits, new int[] {0, 3, 1}, smoothing);

      assertThat(loss.getFloat()).isCloseTo(expected, within(1e-5f));
    }
  }

  /** {@code cross_entropy(logits, [[.7, .3, 0], [0, .2, .8], [1, 0, 0]], label_smoothing=s)}. */
  @ParameterizedTest
  @CsvSource({"0, 0.825049499", "0.1, 0.931716166"})
  void shouldTakeClipsOfTwoClassesAsPyTorch(double smoothing, float expected) {
    Shown shown = new Shown(new int[] {0, 2, 0}, new int[] {1, 1, 2}, new float[] {0.7f, 0.8f, 1});
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      NDArray logits =
          manager.create(new float[] {1, 2, -1, 0.5f, 0, 3, 2, 2, -2}, new Shape(3, 3));

      NDArray loss = CrossEntropy.of(logits, Targets.of(shown, 3, smoothing));

      assertThat(loss.getFloat()).isCloseTo(expected, within(1e-5f));
    }
  }

  @Test
  void shouldBeTheWeightedMeanOfItsClips() {
    float[] values = {2, -1, 0.5f, 0, 0.1f, 0.2f, 0.3f, -4, 10, -10, 5, 5};
    int[] classes = {0, 3, 1};
    float[] weights = {0.5f, 4, 1, 2};
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      double sum = 0;
      double expected = 0;
      for (int i = 0; i < classes.length; i++) {
        NDArray one = manager.create(Arrays.copyOfRange(values, 4 * i, 4 * i + 4), new Shape(1, 4));
        double weight = weights[classes[i]];
        expected += weight * CrossEntropy.of(one, new int[] {classes[i]}, 0.1).getFloat();
        sum += weight;
      }

      NDArray loss =
          CrossEntropy.of(manager.create(values, new Shape(3, 4)), classes, 0.1, weights);

      assertThat(loss.getFloat()).isCloseTo((float) (expected / sum), within(1e-5f));
    }
  }
}
