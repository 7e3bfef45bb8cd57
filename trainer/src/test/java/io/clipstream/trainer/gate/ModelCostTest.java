package io.clipstream.trainer.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.trainer.TinyRun;
import io.clipstream.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCostTest {
  @TempDir Path folder;

  private ModelArtifact model(String name, String channels) throws Exception {
    TinyRun.videos(folder, 2, 2);
    Recipe recipe = TinyRun.recipe(folder, Map.of("network.embed-dim", channels));
    Path file = folder.resolve(name);
    Swin3d.write(file, recipe.network(), recipe.firstWeights(), recipe.manifest(Map.of()));
    return ModelArtifact.open(file);
  }

  /**
   * Files of the same size can need very different memory, and a process needs more than a file.
   */
  @Test
  void shouldMeasureWhatAProcessTakes() throws Exception {
    ModelArtifact small = model("small.pt", "8");
    ModelArtifact large = model("large.pt", "512");
    long weights = Files.size(large.path());
    assertThat(weights).isGreaterThan(50L << 20);

    ModelCost ofSmall = ModelCost.of(small, Device.cpu());
    ModelCost ofLarge = ModelCost.of(large, Device.cpu());

    assertThat(ofSmall.bytes()).isGreaterThan(50L << 20);
    assertThat(ofLarge.bytes() - ofSmall.bytes()).isBetween(weights * 8 / 10, weights * 4);
    assertThat(ofSmall.latencyMillis()).isPositive();
  }

  /** Whatever else the machine does meanwhile makes a model slower, never faster. */
  @Test
  void shouldMeasureBothAgainWhereTheSecondSeemsTooSlow() throws Exception {
    Iterator<ModelCost> live = costs(6, 7, 5);
    Iterator<ModelCost> candidate = costs(12, 10, 7, 1);

    List<ModelCost> costs = ModelCost.compare(live::next, candidate::next, 1.5);

    assertThat(costs).extracting(ModelCost::latencyMillis).containsExactly(5.0, 7.0);
    assertThat(candidate).hasNext();
  }

  @Test
  void shouldNotMeasureForEverWhatIsTooSlow() throws Exception {
    Iterator<ModelCost> live = costs(6, 6, 6, 6, 6, 6, 6, 6);
    Iterator<ModelCost> candidate = costs(12, 11, 12, 12, 12, 1, 1, 1);

    List<ModelCost> costs = ModelCost.compare(live::next, candidate::next, 1.5);

    assertThat(costs).extracting(ModelCost::latencyMillis).containsExactly(6.0, 11.0);
  }

  private static Iterator<ModelCost> costs(double... millis) {
    return Arrays.stream(millis).mapToObj(latency -> new ModelCost(latency, 1)).iterator();
  }

  @Test
  void shouldSayInOneLineWhatFailed() throws Exception {
    ModelArtifact gone = model("gone.pt", "8");
    Files.delete(gone.path());

    assertThatThrownBy(() -> ModelCost.of(gone, Device.cpu()))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(
            gone.path() + ": the process that measures its cost ended with code");
  }
}
