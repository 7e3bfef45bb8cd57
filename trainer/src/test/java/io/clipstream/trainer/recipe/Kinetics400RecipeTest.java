package io.clipstream.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.checkpoint.Kinetics400;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.trainer.data.ListOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped recipe for Kinetics-400, read with a small network in the place of Swin-B. */
class Kinetics400RecipeTest {
  @TempDir Path folder;

  @Test
  void shouldHaveThePublishedValues() throws Exception {
    Path list =
        Files.writeString(
            folder.resolve("kinetics400.csv"),
            """
            label,youtube_id,time_start,time_end,split
            archery,aaaaaaaaaaa,10,20,train
            zumba,bbbbbbbbbbb,30,40,validate
            """);
    Files.createFile(folder.resolve("aaaaaaaaaaa_000010_000020.mp4"));
    Files.createFile(folder.resolve("bbbbbbbbbbb_000030_000040.mp4"));

    Recipe recipe =
        Recipe.read(
            Path.of("recipes/k400-swin3d-base.properties"),
            Map.of("train.start", image().toString(), "data.list", list.toString()));

    assertThat(recipe.labels()).containsExactly("archery", "zumba");
    assertThat(recipe.data().options()).isEqualTo(ListOptions.NONE);
    assertThat(recipe.data().open().split(recipe.data().validationSplit())).hasSize(1);
    assertThat(recipe.clip().frames()).isEqualTo(32);
    assertThat(recipe.clip().stride()).isEqualTo(2);
    assertThat(recipe.clip().crop()).isEqualTo(CropSize.square(224));
    assertThat(recipe.network().stochasticDepth()).isEqualTo(0.2);
    TrainingSettings training = recipe.training();
    assertThat(training.headDropout()).isEqualTo(0.5);
    assertThat(training.epochs()).isEqualTo(30);
    assertThat(training.warmupEpochs()).isEqualTo(2.5);
    assertThat(training.batchSize()).isEqualTo(64);
    assertThat(training.learningRate()).isEqualTo(3e-5);
    assertThat(training.beta2()).isEqualTo(0.999);
    assertThat(training.weightDecay()).isEqualTo(0.05);
    assertThat(training.layers()).isEqualTo(new LayerSettings(10, 1, 1));
  }

  private Path image() throws Exception {
    Swin3dConfig config =
        new Swin3dConfig(
            8,
            List.of(1, 2),
            List.of(2, 4),
            List.of(8, 7, 7),
            List.of(2, 4, 4),
            2,
            0,
            0,
            0,
            true,
            3);
    ModelManifest manifest =
        new ModelManifest(
            "image",
            "1",
            List.of("a", "b", "c"),
            Kinetics400.CLIP,
            "1",
            Map.of(),
            "training",
            "fp32",
            Map.of(),
            Map.of(),
            "");
    Path file = folder.resolve("image-1.pt");
    Swin3d.write(file, config, Swin3d.init(config, 1), manifest);
    return file;
  }
}
