package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.clipstream.model.UserError;
import io.clipstream.trainer.TinyRun;
import io.clipstream.trainer.data.Batches;
import io.clipstream.trainer.data.Shown;
import io.clipstream.trainer.recipe.Recipe;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Replicas on one CPU do what replicas on several GPUs do. */
class LearnerTest {
  private static final int CLIPS = 7; // which neither 2 nor 3 replicas share evenly
  private static final int STEPS = 4;

  @TempDir Path folder;

  private Recipe recipe(Map<String, String> more) throws Exception {
    Map<String, String> keys = new HashMap<>(more);
    keys.putIfAbsent("network.stochastic-depth", "0.3");
    keys.put("network.head-dropout", "0.2");
    keys.put("train.class-weights", "balanced");
    keys.put("train.label-smoothing", "0.1");
    keys.put("train.max-grad-norm", "0.5");
    keys.put("train.ema-decay", "0.9");
    keys.put("train.batch-size", String.valueOf(CLIPS));
    return TinyRun.recipe(folder, keys);
  }

  /** Two of the clips are mixed. */
  private static Batches.Batch batch(Recipe recipe, int step) {
    byte[] bytes = new byte[CLIPS * recipe.clip().clipBytes()];
    new Random(step).nextBytes(bytes);
    Shown shown =
        new Shown(
            new int[] {0, 1, 1, 0, 1, 0, 0},
            new int[] {1, 1, 0, 0, 1, 0, 0},
            new float[] {0.7f, 1, 0.4f, 1, 1, 1, 1});
    return new Batches.Batch(
        ByteBuffer.allocateDirect(bytes.length).put(bytes).flip(),
        shown,
        IntStream.range(0, CLIPS).toArray());
  }

  private Learner learner(Recipe recipe, int replicas) throws Exception {
    Path initial = folder.resolve("initial.pt");
    Learner.write(initial, recipe, recipe.firstWeights());
    return new Learner(
        initial,
        recipe,
        new int[] {5, 2},
        clip -> Path.of(clip + ".avi"),
        Collections.nCopies(replicas, Device.cpu()));
  }

  private record Learned(Map<String, float[]> weights, double loss, List<List<Integer>> answers) {}

  private Learned learn(Recipe recipe, int replicas) throws Exception {
    Tally tally = new Tally(2);
    try (Learner learner = learner(recipe, replicas)) {
      for (int step = 0; step < STEPS; step++) {
        learner.step(batch(recipe, step), step, 1e-2, tally);
      }
      return new Learned(learner.weights(), tally.loss(), tally.answers().rows());
    }
  }

  /** With drop path, dropout, mixed clips, class weights, clipping and averaging on. */
  @Test
  void shouldLearnTheSameOnSeveralDevicesAsOnOneThatAccumulates() throws Exception {
    Learned one = learn(recipe(Map.of("train.micro-batch", "3")), 1);

    for (int replicas : new int[] {2, 3, CLIPS}) {
      Learned several = learn(recipe(Map.of("train.micro-batch", "3")), replicas);

      assertThat(several.loss()).isCloseTo(one.loss(), within(1e-4));
      assertThat(several.answers()).isEqualTo(one.answers());
      one.weights()
          .forEach(
              (name, weights) ->
                  assertThat(several.weights().get(name))
                      .as("%s on %d", name, replicas)
                      .containsExactly(weights, within(1e-3f)));
    }
    Learned undropped = learn(recipe(Map.of("network.stochastic-depth", "0")), 1);
    assertThat(undropped.loss()).isNotCloseTo(one.loss(), within(1e-3)); // it was on
  }

  @Test
  void shouldLearnTheSameInRecomputedStagesOnTwoDevices() throws Exception {
    Learned whole = learn(recipe(Map.of()), 1);
    Learned recomputed = learn(recipe(Map.of("train.recompute", "true")), 2);

    assertThat(recomputed.loss()).isCloseTo(whole.loss(), within(1e-4));
  }

  @Test
  void shouldLearnNearlyTheSameInBfloat16() throws Exception {
    Learned single = learn(recipe(Map.of()), 1);
    Learned half = learn(recipe(Map.of("train.precision", "bf16")), 2);
    Learned recomputed =
        learn(recipe(Map.of("train.precision", "bf16", "train.recompute", "true")), 1);

    assertThat(half.loss()).isNotEqualTo(single.loss()).isCloseTo(single.loss(), within(5e-2));
    assertThat(recomputed.loss()).isCloseTo(single.loss(), within(5e-2));
  }

  @Test
  void shouldRefuseToLearnWithoutKernelsThatAreWanted() throws Exception {
    Recipe wanted = recipe(Map.of("train.precision", "bf16", "train.kernels", "on"));

    assertThatThrownBy(() -> learner(wanted, 1))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "train.kernels is on, but cpu cannot train with them: the device is cpu, expected a"
                + " GPU; with auto it trains without");
    assertThatThrownBy(() -> recipe(Map.of("train.kernels", "always")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("train.kernels")
        .hasMessageContaining("auto, on or off");
    for (String kernels : new String[] {"auto", "off"}) {
      learner(recipe(Map.of("train.kernels", kernels)), 1).close();
    }
  }
}
