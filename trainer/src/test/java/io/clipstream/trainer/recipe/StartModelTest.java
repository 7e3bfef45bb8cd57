package io.clipstream.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.checkpoint.Checkpoint;
import io.clipstream.model.checkpoint.Kinetics400;
import io.clipstream.model.checkpoint.Swin3dImport;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.clip.Protocol;
import io.clipstream.model.clip.VideoEncoder;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dServing;
import io.clipstream.trainer.TinyRun;
import io.clipstream.trainer.TrainingRun;
import io.clipstream.trainer.data.ClipSet;
import io.clipstream.trainer.loop.TrainingLoop;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training that begins with a 2D Swin Transformer's checkpoint, inflated as import does. */
@Timeout(300)
class StartModelTest {
  private static final Path OWN_VIDEOS = Path.of("recipes/own-videos.properties");
  private static final Path SWIN_2D =
      Path.of("../model/src/test/resources/io/clipstream/model/checkpoint/swin2d.pth");
  private static final ClipSpec CLIP =
      new ClipSpec(6, 6, 24, 24, false, Kinetics400.CLIP.mean(), Kinetics400.CLIP.std())
          .by(Protocol.MMACTION2_1);
  private static final List<String> LABELS = List.of("dark", "bright");

  @TempDir static Path folder;
  private static Path start;

  @BeforeAll
  static void make() throws Exception {
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      video(folder.resolve(i + ".avi"), i % 2 == 0 ? 60 : 160, i);
      list.append("%d.avi,%s,%s%n".formatted(i, LABELS.get(i % 2), i < 4 ? "train" : "validation"));
    }
    Files.writeString(folder.resolve("videos.csv"), list);
    start = inflate("inflated", LABELS);
  }

  private static void video(Path file, int level, int seed) throws Exception {
    Random random = new Random(seed);
    ByteBuffer picture = ByteBuffer.allocateDirect(48 * 32 * 3);
    try (VideoEncoder encoder =
        new VideoEncoder(file, VideoEncoder.Settings.of("mpeg4", 48, 32, 12))) {
      for (int frame = 0; frame < 24; frame++) {
        for (int i = 0; i < picture.capacity(); i++) {
          picture.put(i, (byte) (level + random.nextInt(40)));
        }
        encoder.add(picture);
      }
    }
  }

  private static Path inflate(String name, List<String> labels) throws Exception {
    Swin3dImport imported =
        Swin3dImport.of(
            Checkpoint.open(SWIN_2D),
            new Swin3dImport.Options(
                Optional.empty(), Optional.of(List.of(2, 3, 3)), Optional.of(labels.size())));
    assertThat(imported.inflated()).isTrue();
    Path file = folder.resolve(name + "-1.pt");
    Swin3d.write(file, imported.config(), imported.weights(), manifest(name, labels));
    return file;
  }

  private static ModelManifest manifest(String name, List<String> labels) {
    return new ModelManifest(
        name, "1", labels, CLIP, "1", Map.of(), "training", "fp32", Map.of(), Map.of(), "");
  }

  /** The shipped recipe with the tests' data; nothing that training does changes a weight. */
  private static Recipe recipe(Map<String, String> more) throws Exception {
    Map<String, String> keys = new HashMap<>();
    keys.put("labels", String.join(",", LABELS));
    keys.put("data.list", folder.resolve("videos.csv").toString());
    keys.put("train.start", start.toString());
    keys.put("train.epochs", "1");
    keys.put("train.batch-size", "2");
    keys.put("train.learning-rate", "0");
    keys.put("train.final-learning-rate", "0");
    keys.put("train.warmup-epochs", "0");
    keys.put("train.ema-decay", "0");
    keys.putAll(more);
    return Recipe.read(OWN_VIDEOS, keys);
  }

  private static ModelArtifact train(Recipe recipe, String run) throws Exception {
    return ModelArtifact.open(
        new TrainingRun(recipe, Device.cpu(), 2, Progress.silent())
            .run(folder.resolve(run), false));
  }

  private static void assertSame(Map<String, Weights> found, Map<String, Weights> expected) {
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (name, weights) ->
            assertThat(found.get(name).toArray()).as(name).containsExactly(weights.toArray()));
  }

  @Test
  void shouldBeginWithTheWeightsAndTheHeadOfAModelOfTheSameLabels() throws Exception {
    ModelArtifact trained = train(recipe(Map.of()), "same-labels");

    assertSame(Swin3d.read(trained.path()), Swin3d.read(start));
    assertThat(trained.manifest().parent()).isEqualTo("inflated-1");
    assertThat(trained.manifest().clip()).isEqualTo(CLIP);
    assertThat(trained.manifest().recipe())
        .containsEntry("train.start", "inflated-1")
        .containsEntry("train.start.sha256", ModelArtifact.open(start).digest())
        .containsEntry("network.window", "2,3,3");
    assertThat(trained.manifest().recipe().toString()).doesNotContain(folder.toString());
  }

  @Test
  void shouldReplaceTheHeadForOtherLabels() throws Exception {
    Path seven = inflate("seven", List.of("a", "b", "c", "d", "e", "f", "g"));
    Recipe recipe = recipe(Map.of("train.start", seven.toString()));

    ModelArtifact trained = train(recipe, "other-labels");

    Map<String, Weights> expected = new HashMap<>(Swin3d.read(seven));
    expected.putAll(Swin3d.initHead(recipe.network(), 1));
    assertThat(expected.get("head.weight").shape()).containsExactly(2, 8);
    assertSame(Swin3d.read(trained.path()), expected);
    assertThat(trained.manifest().labels()).isEqualTo(LABELS);
    assertThat(trained.manifest().parent()).isEqualTo("seven-1");
  }

  @Test
  void shouldTakeOverByNameWhatTheHeadKnows() throws Exception {
    float[] head = Swin3d.read(start).get("head.weight").toArray();
    int row = head.length / LABELS.size();
    Recipe recipe =
        recipe(Map.of("labels", LABELS.get(1) + ",new," + LABELS.get(0), "train.head", "by-name"));

    float[] found = recipe.firstWeights().get("head.weight").toArray();

    assertThat(Arrays.copyOf(found, row)).containsExactly(Arrays.copyOfRange(head, row, 2 * row));
    assertThat(Arrays.copyOfRange(found, 2 * row, 3 * row))
        .containsExactly(Arrays.copyOf(head, row));
    assertThat(recipe.headOrigin()).isEqualTo(" and its head for 2 of 3 labels");
    assertThatThrownBy(() -> recipe(Map.of("train.head", "old")))
        .isInstanceOf(UserError.class)
        .hasMessageEndingWith("train.head is 'old', expected fresh or by-name");
  }

  @Test
  void shouldReplaceTheHeadWhenLabelsChangePlaces() throws Exception {
    float[] head = Swin3d.read(start).get("head.weight").toArray();

    assertThat(recipe(Map.of("train.seed", "7")).firstWeights().get("head.weight").toArray())
        .containsExactly(head);
    assertThat(
            recipe(Map.of("train.seed", "7", "labels", "bright,dark"))
                .firstWeights()
                .get("head.weight")
                .toArray())
        .isNotEqualTo(head);
  }

  @Test
  void shouldLearnFromThere() throws Exception {
    Recipe recipe =
        recipe(
            Map.of(
                "train.epochs", "15",
                "train.learning-rate", "1e-2",
                "train.final-learning-rate", "1e-3",
                "train.label-smoothing", "0"));

    ModelArtifact trained = train(recipe, "learn");

    assertThat(trained.manifest().metrics()).containsEntry("top1.validation", 1.0);
    assertThat(Swin3d.read(trained.path()).get("patch_embed.proj.weight").toArray())
        .isNotEqualTo(Swin3d.read(start).get("patch_embed.proj.weight").toArray());
  }

  @Test
  void shouldGoOnWithoutReadingTheStartModelAgain() throws Exception {
    Path own = Files.copy(start, folder.resolve("own.pt"));
    Recipe recipe =
        recipe(
            Map.of(
                "train.start", own.toString(),
                "train.epochs", "3",
                "train.learning-rate", "1e-2",
                "train.ema-decay", "0.9"));
    TrainingLoop.Trained whole = loop(recipe, "whole", Integer.MAX_VALUE);
    loop(recipe, "stopped", 3); // a kill within the second epoch: the first's checkpoint stays
    Files.delete(own);

    TrainingLoop.Trained resumed = loop(recipe, "stopped", Integer.MAX_VALUE);

    assertThat(resumed.history()).hasSize(3);
    assertSame(resumed.weights(), whole.weights());
  }

  @Test
  void shouldNotGoOnWithAnotherStartModel() throws Exception {
    Path own = Files.copy(start, folder.resolve("changed.pt"));
    Map<String, String> keys = Map.of("train.start", own.toString(), "train.epochs", "3");
    Recipe recipe = recipe(keys);
    loop(recipe, "changed", 2);
    Swin3d.write(
        own, recipe.network(), Swin3d.init(recipe.network(), 5), manifest("inflated", LABELS));

    assertThatThrownBy(() -> loop(recipe(keys), "changed", Integer.MAX_VALUE))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("holds a run of another recipe, start model or data");
    // Nor does a run begin with another file than the one that its recipe was checked with.
    assertThatThrownBy(() -> loop(recipe, "new", Integer.MAX_VALUE))
        .hasMessageContaining("changed.pt: its SHA-256 is ");
  }

  private static TrainingLoop.Trained loop(Recipe recipe, String name, int stopAfter)
      throws Exception {
    Path run = Files.createDirectories(folder.resolve(name));
    try (ClipSet train = TinyRun.clips(recipe, "train", run);
        ClipSet validation = TinyRun.clips(recipe, "validation", run)) {
      String identity = recipe.published().toString();
      return new TrainingLoop(
              recipe, identity, train, validation, run, List.of(Device.cpu()), Progress.silent())
          .run(stopAfter);
    }
  }

  @Test
  void shouldLetARecipeCutClipsAndDropOtherwise() throws Exception {
    Recipe recipe =
        recipe(
            Map.of(
                "clip.frames", "8",
                "clip.crop", "20",
                "network.embed-dim", "4",
                "network.mlp-ratio", "2",
                "network.stochastic-depth", "0.3"));

    assertThat(recipe.clip())
        .isEqualTo(new ClipSpec(8, 6, 24, 20, false, CLIP.mean(), CLIP.std()).by(CLIP.protocol()));
    assertThat(recipe.network().stochasticDepth()).isEqualTo(0.3);
    assertThat(recipe.network().window()).containsExactly(2, 3, 3);
  }

  @Test
  void shouldTakeEveryFrameThatTheModelTakesOrTheRecipeWants() throws Exception {
    ClipSpec every =
        new ClipSpec(6, 0, 2, 24, CropSize.square(24), false, CLIP.mean(), CLIP.std())
            .by(CLIP.protocol());
    Recipe whole = recipe(Map.of());
    Path strided = folder.resolve("strided-1.pt");
    ModelManifest manifest =
        new ModelManifest(
            "strided",
            "1",
            LABELS,
            every,
            "1",
            Map.of(),
            "training",
            "fp32",
            Map.of(),
            Map.of(),
            "");
    Swin3d.write(strided, whole.network(), whole.firstWeights(), manifest);
    String file = strided.toString();

    assertThat(train(recipe(Map.of("train.start", file)), "strided").manifest().clip())
        .isEqualTo(every);
    assertThat(recipe(Map.of("train.start", file, "clip.frames-per-second", "6")).clip())
        .isEqualTo(CLIP);
    assertThat(recipe(Map.of("clip.stride", "2")).clip()).isEqualTo(every);
    assertThatThrownBy(() -> recipe(Map.of("clip.stride", "2", "clip.frames-per-second", "6")))
        .hasMessageEndingWith(
            " sets both clip.stride and clip.frames-per-second, expected one of them");
  }

  @Test
  void shouldPlaceClipsByTheRulesOfTheModelItBeginsWith() throws Exception {
    Recipe recipe = recipe(Map.of());

    assertThat(recipe.clip().protocol()).isEqualTo(Protocol.MMACTION2_1);
    assertThat(recipe.published()).containsEntry("clip.protocol", "mmaction2-1.x");
    assertThat(recipe(Map.of("clip.protocol", "paddlevideo")).clip().protocol())
        .isEqualTo(Protocol.PADDLEVIDEO);
    assertThatThrownBy(() -> recipe(Map.of("clip.protocol", "mmaction")))
        .isInstanceOf(UserError.class)
        .hasMessageEndingWith(
            "clip.protocol is 'mmaction', expected one of torchvision, paddlevideo,"
                + " mmaction2-0.x, mmaction2-1.x");
  }

  @Test
  void shouldAskForASquareWhereTheModelTakesRectangles() throws Exception {
    ClipSpec wide = new ClipSpec(6, 6, 0, 24, CropSize.of("24x36"), false, CLIP.mean(), CLIP.std());
    Recipe whole = recipe(Map.of());
    ModelManifest manifest =
        new ModelManifest(
            "wide", "1", LABELS, wide, "1", Map.of(), "training", "fp32", Map.of(), Map.of(), "");
    Path file = folder.resolve("wide-1.pt");
    Swin3d.write(file, whole.network(), whole.firstWeights(), manifest);

    assertThatThrownBy(() -> recipe(Map.of("train.start", file.toString())))
        .hasMessage(
            "train.start %s takes clips of 24x36, but training cuts squares: set clip.crop to a side",
            file);
    assertThat(recipe(Map.of("train.start", file.toString(), "clip.crop", "24")).clip().crop())
        .isEqualTo(CropSize.square(24));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "train.start | FOLDER/inflatde-1.pt | no such file, did you mean FOLDER/inflated-1.pt?",
        "train.start | FOLDER/videos.csv | videos.csv: ",
        "train.start | FOLDER/serving.pt | its form is serving, expected training",
        "network.depths | 2,2 | network.depths is 2,2, expected 2,1 as train.start FOLDER/infl",
        "network.depths | 2,2,6,2 | network.depths is 2,2,6,2, expected 2,1 as train.start",
        "network.mlp-ratio | 4 | network.mlp-ratio is 4, expected 2.0 as train.start",
        "network.heads | 1;2 | network.heads is '1;2', expected numbers separated by commas",
        "network.window | 8,7,7 | network.window is 8,7,7, expected 2,3,3 as train.start",
        "network.patch-norm | false | network.patch-norm is false, expected true as train.start",
        "clip.mean | 0.5,0.5,0.5 | clip.mean is 0.5,0.5,0.5, expected 0.485,0.456,0.406 as train",
        "train.initialisation | gabor | sets both train.start and train.initialisation",
      })
  void shouldSayInOneLineWhatDoesNotFit(String key, String value, String message) throws Exception {
    Swin3dServing.export(start, folder.resolve("serving.pt"), Swin3dServing.Precision.FP32);

    assertThatThrownBy(() -> recipe(Map.of(key, value.replace("FOLDER", folder.toString()))))
        .hasMessageContaining(message.replace("FOLDER", folder.toString()))
        .extracting(Throwable::getMessage)
        .asString()
        .doesNotContain("\n");
  }

  @Test
  void shouldFindTheStartModelBesideTheRecipe() throws Exception {
    Path copy = Files.copy(OWN_VIDEOS, folder.resolve("own.properties"));
    Files.copy(start, folder.resolve("start-1.pt"));

    Recipe recipe = Recipe.read(copy, Map.of());

    assertThat(recipe.start().orElseThrow().artifact().path())
        .isEqualTo(folder.resolve("start-1.pt"));
    assertThat(recipe.data().list()).contains(folder.resolve("videos.csv"));
    assertThat(recipe.manifest(Map.of()).parent()).isEqualTo("inflated-1");
  }
}
