package io.clipstream.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.ClipSet;
import io.clipstream.trainer.eval.Evaluation;
import io.clipstream.trainer.loop.EpochReport;
import io.clipstream.trainer.loop.TrainingLoop;
import io.clipstream.trainer.motion.Pictures;
import io.clipstream.trainer.recipe.Initialisation;
import io.clipstream.trainer.recipe.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs of a tiny recipe: rendered, encoded, decoded, trained, written and evaluated. */
class TrainingRunTest {
  @TempDir static Path folder;
  private static Recipe recipe;
  private static ClipList list;

  @BeforeAll
  static void generate() throws Exception {
    Pictures.library(folder.resolve("pictures"));
    recipe = recipe(Map.of());
    list = TrainingRun.data(recipe, folder.resolve("data"), 2, Progress.silent());
  }

  private static Recipe recipe(Map<String, String> more) throws Exception {
    Map<String, String> tiny = new HashMap<>();
    tiny.put("generate.photographs", folder.resolve("pictures").toString());
    tiny.put("generate.short-side", "72,80");
    tiny.put("generate.aspects", "1");
    tiny.put("generate.train.clips", "24");
    tiny.put("generate.validation.clips", "11");
    tiny.put("generate.test.clips", "11");
    tiny.put("generate.unseen.clips", "4");
    for (String split : List.of("train", "validation", "test")) {
      tiny.put("generate." + split + ".frame-rates", "12.5");
    }
    tiny.put("clip.frames", "8");
    tiny.put("clip.frames-per-second", "4");
    tiny.put("clip.short-side", "36");
    tiny.put("clip.crop", "32");
    tiny.put("network.embed-dim", "16");
    tiny.put("network.depths", "1,2");
    tiny.put("network.heads", "2,4");
    tiny.put("network.window", "2,4,4");
    tiny.put("network.stochastic-depth", "0.1");
    tiny.put("train.epochs", "6");
    tiny.put("train.batch-size", "8");
    tiny.put("train.warmup-epochs", "0.5");
    tiny.put("train.learning-rate", "3e-3");
    tiny.putAll(more);
    return Recipe.read(Path.of("recipes/camera-motion.properties"), tiny);
  }

  @Test
  void shouldGoFromPicturesToAModelThatOpensAndClassifies() throws Exception {
    Path run = folder.resolve("run");
    Files.createDirectories(run);
    Files.createSymbolicLink(run.resolve("data"), folder.resolve("data"));

    Path artifact =
        new TrainingRun(recipe(Map.of("train.epochs", "30")), Device.cpu(), 2, Progress.silent())
            .run(run, false);

    ModelArtifact model = ModelArtifact.open(artifact);
    assertThat(model.manifest().labels()).isEqualTo(recipe.labels());
    assertThat(model.manifest().metrics())
        .containsKeys("top1.test", "mean-class.unseen", "videos.test", "epoch");
    Evaluation evaluation =
        TrainingRun.evaluate(
            model, list, list.split("test"), "2x3", Device.cpu(), 2, Progress.silent());
    assertThat(evaluation.videos()).isEqualTo(11);
    assertThat(evaluation.leftOut()).isEmpty();
    String metrics = Files.readString(run.resolve("metrics.json"));
    assertThat(metrics).contains(model.digest()).doesNotContain(folder.toString());
  }

  @Test
  void shouldLearnTheClipsItSees() throws Exception {
    TrainingLoop.Trained trained =
        train(
            recipe(
                Map.of(
                    "train.epochs", "60",
                    "augment.mirror", "off",
                    "augment.flip", "off",
                    "augment.transpose", "off",
                    "augment.reverse", "off")),
            "learn",
            Integer.MAX_VALUE);

    List<EpochReport> history = trained.history();
    assertThat(history).hasSize(60);
    assertThat(history.get(0).trainLoss()).isGreaterThan(2);
    assertThat(history.get(59).trainLoss()).isLessThan(0.75 * history.get(0).trainLoss());
  }

  @Test
  void shouldEndWithTheSameWeightsWhenItWasStoppedHalfWay() throws Exception {
    TrainingLoop.Trained whole = train(recipe, "whole", Integer.MAX_VALUE);
    train(recipe, "stopped", 9); // a kill within the fourth epoch: the third's checkpoint stays
    TrainingLoop.Trained resumed = train(recipe, "stopped", Integer.MAX_VALUE);

    assertThat(resumed.history()).hasSize(whole.history().size());
    for (Map.Entry<String, Weights> weights : whole.weights().entrySet()) {
      assertThat(resumed.weights().get(weights.getKey()).toArray())
          .as(weights.getKey())
          .containsExactly(weights.getValue().toArray());
    }
  }

  @Test
  void shouldNotMixDataOfTwoRecipes() throws Exception {
    Recipe other = recipe(Map.of("generate.seed", "2"));

    assertThatThrownBy(() -> TrainingRun.data(other, folder.resolve("data"), 2, Progress.silent()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("holds data of other generate.* settings");
    assertThat(TrainingRun.data(recipe, folder.resolve("data"), 2, Progress.silent()).entries())
        .isEqualTo(ClipList.read(list.file()).entries());
  }

  @Test
  void shouldKeepSplitsApartByPicture() {
    for (String held : List.of("validation", "test", "unseen")) {
      list.requireDisjoint("train", held);
    }
    list.requireDisjoint("validation", "test");
    // Only a camera at rest may look at a blank sheet, which no picture shows.
    assertThat(list.entries())
        .filteredOn(e -> !(e.label().equals("static") && e.source().isEmpty()))
        .isNotEmpty()
        .allSatisfy(e -> assertThat(e.source()).endsWith(".png"));
  }

  @Test
  void shouldStartFromZeroMeanWaves() {
    Weights patch =
        Initialisation.GABOR.weights(recipe.network(), 1).get("patch_embed.proj.weight");
    float[] values = patch.toArray();
    int taps = values.length / patch.shape().get(0);
    for (int filter = 0; filter < 14; filter++) {
      double sum = 0;
      double power = 0;
      for (int i = 0; i < taps; i++) {
        sum += values[filter * taps + i];
        power += Math.pow(values[filter * taps + i], 2);
      }
      assertThat(sum).isCloseTo(0, org.assertj.core.api.Assertions.within(1e-4));
      assertThat(power).isCloseTo(1, org.assertj.core.api.Assertions.within(1e-4));
    }
    assertThat(Swin3d.shapes(recipe.network()).keySet())
        .isEqualTo(Initialisation.GABOR.weights(recipe.network(), 1).keySet());
  }

  private static TrainingLoop.Trained train(Recipe recipe, String name, int stopAfter)
      throws Exception {
    Path run = Files.createDirectories(folder.resolve(name));
    try (ClipSet train = TinyRun.clips(recipe, list, "train", folder);
        ClipSet validation = TinyRun.clips(recipe, list, "validation", folder)) {
      return new TrainingLoop(
              recipe, "run", train, validation, run, List.of(Device.cpu()), Progress.silent())
          .run(stopAfter);
    }
  }
}
