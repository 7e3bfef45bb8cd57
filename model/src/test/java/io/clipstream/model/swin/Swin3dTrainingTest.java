package io.clipstream.model.swin;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.util.Pair;
import io.clipstream.model.artifact.Weights;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Swin3dTrainingTest {
  private static final int BATCH = 8;

  @TempDir Path folder;

  @Test
  void shouldLearnABatchThroughDjlAndGiveItsWeightsBack() throws Exception {
    Path file = SmallModels.write(folder, "learner", 4);
    ByteBuffer pixels = randomClips();
    try (Model model = Model.newInstance("learner", Device.cpu(), "PyTorch")) {
      model.load(file, null, Map.of("mapLocation", "true", "trainParam", "true"));
      Block block = model.getBlock();
      assertThat(block.getParameters().keys())
          .containsExactlyElementsOf(Swin3d.shapes(SmallModels.config(4)).keySet());

      float first = step(model, pixels);
      float last = first;
      for (int i = 1; i < 30; i++) {
        last = step(model, pixels);
      }

      assertThat(first).isBetween(1f, 2f); // about ln 4
      assertThat(last).isLessThan(first / 2);

      Map<String, Weights> before = Swin3d.read(file);
      Map<String, Weights> trained = Swin3d.weights(block);
      assertThat(trained.keySet()).isEqualTo(before.keySet());
      trained.forEach(
          (name, weights) ->
              assertThat(weights.values()).as(name).isNotEqualTo(before.get(name).values()));

      Path out = folder.resolve("trained-1.pt");
      Swin3d.write(out, SmallModels.config(4), trained, SmallModels.manifest("trained", 4));
      try (Model loaded = Model.newInstance("trained", Device.cpu(), "PyTorch")) {
        loaded.load(out, null, Map.of("mapLocation", "true"));
        assertThat(logits(loaded, pixels)).isEqualTo(logits(model, pixels));
      }
    }
  }

  private static ByteBuffer randomClips() {
    byte[] bytes = new byte[BATCH * SmallModels.CLIP.clipBytes()];
    new Random(1).nextBytes(bytes);
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  private static final Optimizer ADAM_W =
      Optimizer.adamW().optLearningRateTracker(Tracker.fixed(3e-3f)).build();

  private static float step(Model model, ByteBuffer pixels) {
    Block block = model.getBlock();
    float value;
    try (NDManager call = model.getNDManager().newSubManager();
        GradientCollector gradients = Engine.getEngine("PyTorch").newGradientCollector()) {
      NDArray logits = forward(call, block, pixels, true);
      NDArray labels = call.create(new long[] {0, 1, 2, 3, 0, 1, 2, 3});
      NDArray loss =
          Loss.softmaxCrossEntropyLoss().evaluate(new NDList(labels), new NDList(logits));
      gradients.backward(loss);
      value = loss.getFloat();
    }
    for (Pair<String, Parameter> parameter : block.getParameters()) {
      NDArray weights = parameter.getValue().getArray();
      try (NDArray gradient = weights.getGradient()) {
        ADAM_W.update(parameter.getKey(), weights, gradient);
      }
    }
    return value;
  }

  private static float[] logits(Model model, ByteBuffer pixels) {
    try (NDManager call = model.getNDManager().newSubManager()) {
      return forward(call, model.getBlock(), pixels, false).toFloatArray();
    }
  }

  private static NDArray forward(NDManager call, Block block, ByteBuffer pixels, boolean training) {
    Shape shape = new Shape(BATCH, 8, 32, 32, 3);
    NDArray clips = call.create(pixels, shape, DataType.UINT8);
    return block
        .forward(new ParameterStore(call, false), new NDList(clips), training)
        .singletonOrThrow();
  }
}
