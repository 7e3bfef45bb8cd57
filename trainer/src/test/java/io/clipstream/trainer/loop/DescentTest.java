package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.util.Pair;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.trainer.TinyRun;
import io.clipstream.trainer.recipe.Recipe;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescentTest {
  private static final int CLIPS = 3;

  @TempDir Path folder;

  private Map<String, float[]> gradients(Recipe recipe, Path artifact, Descent descent)
      throws Exception {
    byte[] bytes = new byte[CLIPS * recipe.clip().clipBytes()];
    new Random(1).nextBytes(bytes);
    ByteBuffer pixels = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    float[] mask = new DropMasks(recipe.network(), 0.3, 1).draw(0, new int[] {0, 1, 2});
    Map<String, float[]> gradients = new LinkedHashMap<>();
    try (Replica network = new Replica(artifact, recipe.clip(), Device.cpu());
        NDManager scope = network.manager().newSubManager();
        GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
      // Twice: gradients add up.
      for (int i = 0; i < 2; i++) {
        NDArray logits =
            descent.descend(
                collector,
                network,
                scope,
                pixels,
                CLIPS,
                mask,
                answers -> CrossEntropy.of(answers, new int[] {0, 1, 1}, 0.1));
        gradients.put("logits", logits.toFloatArray());
      }
      for (Pair<String, Parameter> parameter : network.parameters()) {
        gradients.put(
            parameter.getKey(), parameter.getValue().getArray().getGradient().toFloatArray());
      }
    }
    return gradients;
  }

  @Test
  void shouldGiveTheGradientsOfTheTrainingFormAtOnceAndStageByStage() throws Exception {
    Recipe recipe =
        TinyRun.recipe(
            folder,
            Map.of(
                "network.depths", "2,2,1",
                "network.heads", "1,2,4",
                "network.window", "2,3,3", // padded and shifted along all axes
                "clip.frames", "6",
                "clip.crop", "20",
                "network.stochastic-depth", "0.5"));
    Map<String, Weights> weights = recipe.firstWeights();
    Path whole = folder.resolve("whole.pt");
    Path learning = folder.resolve("learning.pt");
    Swin3d.write(whole, recipe.network(), weights, recipe.manifest(Map.of()));
    Learner.write(learning, recipe, weights);

    Map<String, float[]> expected = gradients(recipe, whole, Descent.whole());
    requireSame(gradients(recipe, learning, Descent.whole()), expected);
    requireSame(gradients(recipe, learning, Descent.byStage(3)), expected);
  }

  private static void requireSame(Map<String, float[]> found, Map<String, float[]> expected) {
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (name, values) -> {
          float largest = 0;
          for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
          }
          assertThat(found.get(name)).as(name).containsExactly(values, within(1e-5f * largest));
        });
  }
}
