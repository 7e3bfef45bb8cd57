package io.clipstream.model.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.swin.KernelModels;
import io.clipstream.model.swin.Swin3d.Precision;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients of networks that learn with clipstream's own attention. */
@Tag("gpu")
class LearningKernelsGpuTest {
  private static final int CLIPS = 3;

  @TempDir Path folder;

  /** No farther from those in float32 than with PyTorch's attention, and the same every time. */
  @ParameterizedTest(name = "windows of {0}")
  @ValueSource(strings = {"8,7,7", "2,4,4", "4,7,7", "8,5,7"})
  void shouldGiveGradients(String window) throws Exception {
    List<Integer> sizes = Stream.of(window.split(",")).map(Integer::valueOf).toList();
    Path single = KernelModels.writeLearning(folder.resolve("fp32.pt"), sizes, 2, Precision.FP32);
    Path half = KernelModels.writeLearning(folder.resolve("bf16.pt"), sizes, 2, Precision.BF16);
    Path kernels = folder.resolve("kernels.pt");
    try (InputStream archive = KernelForm.openLearning(ModelArtifact.open(half), Device.gpu())) {
      Files.copy(archive, kernels);
    }

    Map<String, float[]> exact = gradients(single);
    Map<String, float[]> plain = gradients(half);
    Map<String, float[]> own = gradients(kernels);
    Map<String, float[]> again = gradients(kernels);

    exact.forEach(
        (name, gradient) -> {
          assertThat(distance(own.get(name), gradient))
              .as("%s: relative distance from float32", name)
              .isLessThan(1.3 * distance(plain.get(name), gradient) + 4e-3);
          assertThat(distance(again.get(name), own.get(name))).as(name).isLessThan(1e-5);
        });
  }

  private static Map<String, float[]> gradients(Path file) throws Exception {
    JniUtils.setGradMode(true);
    try (Model model = Model.newInstance("learning", Device.gpu(), "PyTorch")) {
      model.load(file, null, Map.of("trainParam", "true", "mapLocation", "true"));
      try (NDManager scope = model.getNDManager().newSubManager();
          GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
        byte[] pixels = new byte[CLIPS * 16 * 56 * 56 * 3];
        new Random(3).nextBytes(pixels);
        NDArray clips =
            scope.create(ByteBuffer.wrap(pixels), new Shape(CLIPS, 16, 56, 56, 3), DataType.UINT8);
        NDArray logits =
            model
                .getBlock()
                .forward(new ParameterStore(scope, false), new NDList(clips), true)
                .singletonOrThrow();
        float[] weights = new float[CLIPS * 4];
        for (int i = 0; i < weights.length; i++) {
          weights[i] = i % 5 - 2.3f;
        }
        collector.backward(logits.mul(scope.create(weights, new Shape(CLIPS, 4))).sum());
        Map<String, float[]> gradients = new LinkedHashMap<>();
        for (Pair<String, Parameter> parameter : model.getBlock().getParameters()) {
          gradients.put(
              parameter.getKey(), parameter.getValue().getArray().getGradient().toFloatArray());
        }
        return gradients;
      }
    }
  }

  private static double distance(float[] found, float[] expected) {
    double apart = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      apart += Math.pow(found[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    assertThat(Arrays.equals(found, new float[found.length])).isFalse();
    return Math.sqrt(apart / norm);
  }
}
