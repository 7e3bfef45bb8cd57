package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.util.Pair;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Four steps on a matrix (decayed) and a bias (not decayed), against PyTorch 2.7.1: {@code
 * clip_grad_norm_([W, B], 1.0)}, then {@code torch.optim.AdamW} with {@code betas=(0.9, 0.99)},
 * weight decay 0.1 of W and 0 of B and a learning rate set before each step, then {@code
 * ema.mul_(k).add_(p, alpha=1 - k)} with {@code k = min(0.9, (1 + t) / (10 + t))} at step t = 1, 2,
 * ... Gradients of step t: W {@code s[t] * [[1, -2, .5], [.25, 3, -1]] + t * [[0, .1, .2], [.3, .4,
 * .5]]}, B {@code s[t] * [.3, 0, -.7]} with {@code s = .1, 5, -1, .001}, t from 0.
 */
class AdamWTest {
  private static final Offset<Float> CLOSE = within(2e-6f);
  private static final double[] RATES = {0.01, 0.02, 0.005, 0.001};
  private static final float[] SCALES = {0.1f, 5, -1, 0.001f};
  private static final double[] NORMS = {0.398654014, 20.1149807, 3.92332768, 2.22577286};
  private static final float[][] MATRIX = {
    {0.489500016f, -0.239749998f, 0.989000022f, 1.98800004f, -1.50849998f, 0.134875f},
    {0.469743848f, -0.220469236f, 0.968430519f, 1.96576667f, -1.52419698f, 0.153631359f},
    {0.469079256f, -0.220176533f, 0.964961708f, 1.9600538f, -1.52462566f, 0.152274609f},
    {0.46896109f, -0.220224321f, 0.964125216f, 1.95908403f, -1.52492201f, 0.151681572f},
  };
  private static final float[][] BIAS = {
    {0.0900000036f, -0.200000003f, 0.310000002f},
    {0.0712228045f, -0.200000003f, 0.328777194f},
    {0.0707930773f, -0.200000003f, 0.329206914f},
    {0.0707218051f, -0.200000003f, 0.329278171f},
  };
  private static final float[][] MATRIX_EMA = {
    {0.491409093f, -0.241613641f, 0.990999997f, 1.9901818f, -1.50695455f, 0.133079544f},
    {0.475160152f, -0.225755334f, 0.974072874f, 1.97187042f, -1.51988637f, 0.148493409f},
    {0.470950305f, -0.221893102f, 0.967765152f, 1.9636898f, -1.52316749f, 0.151111171f},
    {0.469671518f, -0.220820323f, 0.965425193f, 1.96072888f, -1.52429545f, 0.151477858f},
  };
  private static final float[][] BIAS_EMA = {
    {0.0918181837f, -0.200000003f, 0.308181822f},
    {0.0763716474f, -0.200000003f, 0.323628366f},
    {0.0725095645f, -0.200000003f, 0.327490449f},
    {0.0713602901f, -0.200000003f, 0.328639686f},
  };
  private static final AdamW.Options OPTIONS = new AdamW.Options(0.1, 0.99, 1, 0.9);

  private final NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
  private final NDArray matrix = variable(new Shape(2, 3), 0.5f, -0.25f, 1, 2, -1.5f, 0.125f);
  private final NDArray bias = variable(new Shape(3), 0.1f, -0.2f, 0.3f);

  private NDArray variable(Shape shape, float... values) {
    NDArray array = manager.create(values, shape);
    array.setRequiresGradient(true);
    return array;
  }

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void shouldStepAsPyTorch() {
    try (AdamW optimizer = optimizer(OPTIONS)) {
      for (int t = 0; t < RATES.length; t++) {
        gradients(t);

        assertThat(optimizer.step(RATES[t])).isCloseTo(NORMS[t], within(1e-5 * NORMS[t]));

        assertThat(matrix.toFloatArray()).as("matrix, step " + t).containsExactly(MATRIX[t], CLOSE);
        assertThat(bias.toFloatArray()).as("bias, step " + t).containsExactly(BIAS[t], CLOSE);
        Map<String, float[]> kept = optimizer.weights();
        assertThat(kept.get("linear.weight")).containsExactly(MATRIX_EMA[t], CLOSE);
        assertThat(kept.get("linear.bias")).containsExactly(BIAS_EMA[t], CLOSE);
      }
    }
  }

  @Test
  void shouldGoOnFromItsState() {
    Map<String, float[]> state;
    try (AdamW optimizer = optimizer(OPTIONS)) {
      gradients(0);
      optimizer.step(RATES[0]);
      gradients(1);
      optimizer.step(RATES[1]);
      state = optimizer.state();
    }
    matrix.set(new float[6]);
    bias.set(new float[3]);
    try (AdamW optimizer = optimizer(OPTIONS)) {
      optimizer.restore(state, 2);
      gradients(2);
      optimizer.step(RATES[2]);

      assertThat(matrix.toFloatArray()).containsExactly(MATRIX[2], CLOSE);
      assertThat(bias.toFloatArray()).containsExactly(BIAS[2], CLOSE);
      assertThat(optimizer.weights().get("linear.weight")).containsExactly(MATRIX_EMA[2], CLOSE);
    }
  }

  @Test
  void shouldKeepTheWeightsThemselvesWithoutAnAverage() {
    try (AdamW optimizer = optimizer(new AdamW.Options(0.1, 0.99, 1, 0))) {
      gradients(0);
      optimizer.step(RATES[0]);

      assertThat(optimizer.weights().get("linear.weight")).containsExactly(MATRIX[0], CLOSE);
    }
  }

  @Test
  void shouldTakeNoStepDownWhatIsNotFinite() {
    try (AdamW optimizer = optimizer(OPTIONS)) {
      gradients(0);
      optimizer.step(RATES[0]);
      gradients(1, Float.NaN);

      assertThat(optimizer.step(RATES[1])).isNaN();

      assertThat(matrix.toFloatArray()).containsExactly(MATRIX[0], CLOSE);
      assertThat(optimizer.weights().get("linear.weight")).containsExactly(MATRIX_EMA[0], CLOSE);
    }
  }

  private AdamW optimizer(AdamW.Options options) {
    return new AdamW(
        List.of(
            new Pair<>("linear.weight", parameter("weight", matrix)),
            new Pair<>("linear.bias", parameter("bias", bias))),
        manager,
        options);
  }

  private static Parameter parameter(String name, NDArray array) {
    Parameter parameter = Parameter.builder().setName(name).setType(Parameter.Type.OTHER).build();
    parameter.setArray(array);
    return parameter;
  }

  /** The gradient of a sum of products with constants is the constants. */
  private void gradients(int t) {
    gradients(t, SCALES[t]);
  }

  private void gradients(int t, float s) {
    try (NDManager scope = manager.newSubManager();
        GradientCollector gradients = Engine.getEngine("PyTorch").newGradientCollector()) {
      NDArray forMatrix =
          scope.create(
              new float[] {
                s,
                -2 * s + 0.1f * t,
                0.5f * s + 0.2f * t,
                0.25f * s + 0.3f * t,
                3 * s + 0.4f * t,
                -s + 0.5f * t
              },
              new Shape(2, 3));
      NDArray forBias = scope.create(new float[] {0.3f * s, 0, -0.7f * s});
      NDArray sum = matrix.mul(forMatrix).sum().add(bias.mul(forBias).sum());
      sum.attach(scope);
      gradients.backward(sum);
    }
  }
}
