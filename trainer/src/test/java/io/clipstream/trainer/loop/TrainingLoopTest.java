package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.trainer.TinyRun;
import io.clipstream.trainer.data.ClipSet;
import io.clipstream.trainer.recipe.Recipe;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingLoopTest {
  private static final Map<String, String> ONE_STEP =
      Map.of("train.epochs", "1", "train.batch-size", "9", "train.warmup-epochs", "0");

  @TempDir static Path folder;
  private List<Device> devices = List.of(Device.cpu());
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  @BeforeAll
  static void videos() throws Exception {
    TinyRun.videos(folder, 9, 4);
  }

  @Test
  void shouldMakeClipsOnTheCoresThatTheNetworkLeaves() {
    assertThat(TrainingLoop.loaders(16, List.of(Device.gpu()))).isEqualTo(15);
    assertThat(TrainingLoop.loaders(16, List.of(Device.gpu(0), Device.gpu(1)))).isEqualTo(14);
    assertThat(TrainingLoop.loaders(16, List.of(Device.cpu()))).isEqualTo(5);
    assertThat(TrainingLoop.loaders(1, List.of(Device.cpu()))).isEqualTo(1);
    assertThat(TrainingLoop.loaders(1, List.of(Device.gpu()))).isEqualTo(1);
  }

  @Test
  void shouldDropBranchesAndFeaturesFromTheFirstStepOn() throws Exception {
    double plain = firstLoss("plain", ONE_STEP);

    assertThat(firstLoss("again", ONE_STEP)).isEqualTo(plain);
    assertThat(firstLoss("depth", with(ONE_STEP, "network.stochastic-depth", "0.9")))
        .isNotEqualTo(plain);
    assertThat(firstLoss("head", with(ONE_STEP, "network.head-dropout", "0.5")))
        .isNotEqualTo(plain);
  }

  /** Parts of a batch add up to it, whatever they drop and weigh. */
  @Test
  void shouldTakeTheSameStepInParts() throws Exception {
    Map<String, String> keys = with(ONE_STEP, "network.stochastic-depth", "0.3");
    keys.put("train.class-weights", "balanced");
    keys.put("train.label-smoothing", "0.1");
    TrainingLoop.Trained whole =
        train(TinyRun.recipe(folder, keys), "whole-batch", Integer.MAX_VALUE);
    keys.put("train.micro-batch", "4");
    TrainingLoop.Trained parts = train(TinyRun.recipe(folder, keys), "parts", Integer.MAX_VALUE);

    assertThat(parts.history().get(0).trainLoss())
        .isCloseTo(whole.history().get(0).trainLoss(), within(1e-5));
    // Adam's first step has the size of the rate, whatever the gradient's: signs must agree.
    whole
        .weights()
        .forEach(
            (name, weights) ->
                assertThat(parts.weights().get(name).toArray())
                    .as(name)
                    .containsExactly(weights.toArray(), within(2e-3f)));
  }

  @Test
  void shouldTakeTheSameStepWhenStagesRunAgain() throws Exception {
    Map<String, String> keys = with(ONE_STEP, "network.stochastic-depth", "0.3");
    TrainingLoop.Trained whole = train(TinyRun.recipe(folder, keys), "once", Integer.MAX_VALUE);
    keys.put("train.recompute", "true");
    TrainingLoop.Trained again =
        train(TinyRun.recipe(folder, keys), "recomputed", Integer.MAX_VALUE);

    assertThat(again.history().get(0).trainLoss())
        .isCloseTo(whole.history().get(0).trainLoss(), within(1e-6));
    assertThat(again.history().get(0).validationLoss())
        .isCloseTo(whole.history().get(0).validationLoss(), within(1e-3));
  }

  @Test
  void shouldGoOnWithAnotherNumberOfDevices() throws Exception {
    Recipe recipe = TinyRun.recipe(folder, Map.of("network.stochastic-depth", "0.3"));
    TrainingLoop.Trained whole = train(recipe, "never-stopped", Integer.MAX_VALUE);
    train(recipe, "stopped", 3);
    devices = List.of(Device.cpu(), Device.cpu());

    TrainingLoop.Trained resumed = train(recipe, "stopped", Integer.MAX_VALUE);

    assertThat(resumed.history().get(1).trainLoss())
        .isCloseTo(whole.history().get(1).trainLoss(), within(1e-3));
  }

  @Test
  void shouldTakeTheSameStepsWithAndWithoutDecodedVideosOnTheDisk() throws Exception {
    TrainingLoop.Trained cached = train(TinyRun.recipe(folder, ONE_STEP), "disk", 9);
    TrainingLoop.Trained decoded =
        train(TinyRun.recipe(folder, with(ONE_STEP, "cache.pixels", "none")), "none", 9);

    assertThat(decoded.history().get(0).trainLoss()).isEqualTo(cached.history().get(0).trainLoss());
  }

  @Test
  void shouldLearnInBfloat16() throws Exception {
    Map<String, String> keys = with(Map.of(), "network.stochastic-depth", "0.1");
    TrainingLoop.Trained single = train(TinyRun.recipe(folder, keys), "fp32", Integer.MAX_VALUE);
    keys.put("train.precision", "bf16");
    TrainingLoop.Trained half = train(TinyRun.recipe(folder, keys), "bf16", Integer.MAX_VALUE);

    assertThat(half.history().get(1).trainLoss())
        .isNotEqualTo(single.history().get(1).trainLoss())
        .isCloseTo(single.history().get(1).trainLoss(), within(2e-2));
    keys.put("train.recompute", "true");
    TrainingLoop.Trained again = train(TinyRun.recipe(folder, keys), "bf16-again", 1);
    assertThat(again.history()).isEmpty();
    assertThatThrownBy(() -> TinyRun.recipe(folder, Map.of("train.precision", "fp16")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("train.precision")
        .hasMessageContaining("fp32 or bf16");
  }

  @Test
  void shouldTrainOnEveryClipOfAnEpoch() throws Exception {
    train(TinyRun.recipe(folder, Map.of("train.batch-size", "4")), "every", Integer.MAX_VALUE);

    assertThat(said.toString()).contains("training 18/18"); // 2 epochs of 9 in batches of 3
  }

  @Test
  void shouldStopOnceNoEpochWasBetterForLong() throws Exception {
    Map<String, String> still =
        Map.of(
            "train.epochs", "9",
            "train.learning-rate", "0",
            "train.final-learning-rate", "0",
            "train.patience", "3");
    Recipe recipe = TinyRun.recipe(folder, still);

    assertThat(train(recipe, "patience", Integer.MAX_VALUE).history()).hasSize(4);
    assertThat(said.toString()).contains("stopped after epoch 4: none was better for 3 epochs");
    said.reset();
    assertThat(train(recipe, "patience", Integer.MAX_VALUE).history()).hasSize(4);
    assertThat(said.toString())
        .contains("nothing left to train: it stopped after epoch 4, since none was better for 3");
  }

  @Test
  void shouldLeaveWhatIsFrozen() throws Exception {
    Recipe recipe =
        TinyRun.recipe(
            folder, with(with(ONE_STEP, "train.backbone-rate", "0"), "train.head-rate", "2"));
    Map<String, Weights> before = recipe.firstWeights();

    Map<String, Weights> after = train(recipe, "frozen", Integer.MAX_VALUE).weights();

    before.forEach(
        (name, weights) -> {
          if (name.startsWith("head.")) {
            assertThat(after.get(name).toArray()).isNotEqualTo(weights.toArray());
          } else {
            assertThat(after.get(name).toArray()).as(name).isEqualTo(weights.toArray());
          }
        });
  }

  @Test
  void shouldEndTheWarmUpHoweverFewStepsThereAre() throws Exception {
    Recipe recipe = TinyRun.recipe(folder, with(ONE_STEP, "train.epochs", "10"));
    Recipe warm =
        TinyRun.recipe(
            folder, with(with(ONE_STEP, "train.epochs", "10"), "train.warmup-epochs", "2.5"));

    assertThat(train(recipe, "cold", 1).chosen().orElseThrow().learningRate())
        .isCloseTo(1e-2, within(1e-12));
    double[] rates =
        train(warm, "warm", Integer.MAX_VALUE).history().stream()
            .mapToDouble(EpochReport::learningRate)
            .toArray();
    assertThat(rates).hasSize(10);
    assertThat(Arrays.copyOf(rates, 4))
        .containsExactly(new double[] {1e-2 / 3, 2e-2 / 3, 1e-2, 1e-2}, within(1e-12));
    assertThat(rates[9]).isBetween(1e-3, 2e-3);
    assertThatThrownBy(
            () -> TinyRun.recipe(folder, Map.of("train.epochs", "3", "train.warmup-epochs", "3")))
        .isInstanceOf(UserError.class)
        .hasMessage("train.warmup-epochs is 3, expected fewer than train.epochs, 3");
  }

  @Test
  void shouldSayThatNothingIsLeftToTrain() throws Exception {
    Recipe recipe = TinyRun.recipe(folder, Map.of());
    TrainingLoop.Trained trained = train(recipe, "done", Integer.MAX_VALUE);
    said.reset();

    TrainingLoop.Trained again = train(recipe, "done", Integer.MAX_VALUE);

    assertThat(said.toString())
        .contains("nothing left to train: 2 epochs are done; --fresh begins anew")
        .contains("chosen: epoch " + trained.chosen().orElseThrow().epoch());
    assertThat(again.history()).isEqualTo(trained.history());
    trained
        .weights()
        .forEach(
            (name, weights) ->
                assertThat(again.weights().get(name).toArray()).containsExactly(weights.toArray()));
  }

  @Test
  void shouldGoOnFromThePreviousCheckpointToTheSameEnd() throws Exception {
    Recipe recipe =
        TinyRun.recipe(
            folder,
            Map.of(
                "train.epochs", "4",
                "augment.randaugment", "2,9",
                "augment.mixup", "0.8",
                "augment.cutmix", "1"));
    TrainingLoop.Trained whole = train(recipe, "whole", Integer.MAX_VALUE);
    train(recipe, "cut", 9);
    Path last = folder.resolve("cut/checkpoint.bin");
    byte[] bytes = Files.readAllBytes(last);
    Files.write(last, Arrays.copyOf(bytes, bytes.length / 2));
    said.reset();

    TrainingLoop.Trained resumed = train(recipe, "cut", Integer.MAX_VALUE);

    assertThat(said.toString())
        .contains("checkpoint.bin: it is cut off; going on from step 6")
        .contains("training goes on after step 6 of 12");
    assertThat(resumed.history())
        .extracting(EpochReport::trainLoss)
        .isEqualTo(whole.history().stream().map(EpochReport::trainLoss).toList());
    whole
        .weights()
        .forEach(
            (name, weights) ->
                assertThat(resumed.weights().get(name).toArray())
                    .as(name)
                    .containsExactly(weights.toArray()));
  }

  @Test
  void shouldStopBeforeTheStepAndNameTheClipsWhenTheLossIsNotFinite() throws Exception {
    Recipe plain = TinyRun.recipe(folder, ONE_STEP);
    Map<String, Weights> weights = new HashMap<>(plain.firstWeights());
    Weights bias = weights.get("head.bias");
    weights.put("head.bias", Weights.of(bias.shape(), new float[] {Float.NaN, 0}));
    Swin3d.write(folder.resolve("nan.pt"), plain.network(), weights, plain.manifest(Map.of()));
    Map<String, String> keys = with(ONE_STEP, "train.start", "nan.pt");
    keys.put("train.batch-size", "3");

    assertThatThrownBy(() -> train(TinyRun.recipe(folder, keys), "nan", Integer.MAX_VALUE))
        .isInstanceOf(UserError.class)
        .hasMessageMatching(
            "the loss is NaN at step 1, so no step was taken; clips: (\\S+/\\d\\.avi, ){2}\\S+/\\d"
                + "\\.avi; look at them, or lower train.learning-rate");
    assertThat(folder.resolve("nan/checkpoint.bin")).doesNotExist();
  }

  private static Map<String, String> with(Map<String, String> map, String key, String value) {
    Map<String, String> more = new HashMap<>(map);
    more.put(key, value);
    return more;
  }

  private double firstLoss(String name, Map<String, String> more) throws Exception {
    return train(TinyRun.recipe(folder, more), name, Integer.MAX_VALUE)
        .history()
        .get(0)
        .trainLoss();
  }

  private TrainingLoop.Trained train(Recipe recipe, String name, int stopAfter) throws Exception {
    Path run = Files.createDirectories(folder.resolve(name));
    Progress progress = new Progress(new PrintWriter(said, true));
    try (ClipSet train = TinyRun.clips(recipe, "train", folder);
        ClipSet validation = TinyRun.clips(recipe, "validation", folder)) {
      return new TrainingLoop(recipe, "run", train, validation, run, devices, progress)
          .run(stopAfter);
    }
  }
}
