package io.clipstream.model.swin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import io.clipstream.model.artifact.Weights;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Swin3dTest {
  private static final int CLIPS = 4;

  @TempDir Path folder;

  @Test
  void shouldInitialiseAsTorchvisionDoes() {
    Swin3dConfig config =
        new Swin3dConfig(
            64,
            List.of(2, 2),
            List.of(2, 4),
            List.of(8, 7, 7),
            List.of(2, 4, 4),
            4,
            0,
            0,
            0.1,
            true,
            400);

    Map<String, Weights> weights = Swin3d.init(config, 1);

    // Normal, deviation 0.02
    for (String name :
        List.of(
            "features.0.1.attn.qkv.weight",
            "features.2.0.mlp.3.weight",
            "features.1.reduction.weight",
            "features.0.0.attn.relative_position_bias_table",
            "head.weight")) {
      double deviation = deviation(weights.get(name));
      assertThat(deviation).as(name).isCloseTo(0.02, within(0.001));
    }
    // Uniform within 1 / sqrt(3 * 2 * 4 * 4): deviation is that over sqrt(3)
    double bound = 1 / Math.sqrt(96);
    Weights projection = weights.get("patch_embed.proj.weight");
    assertThat(deviation(projection)).isCloseTo(bound / Math.sqrt(3), within(0.002));
    for (float w : projection.toArray()) {
      assertThat(Math.abs(w)).isLessThanOrEqualTo((float) bound);
    }
    assertThat(deviation(weights.get("patch_embed.proj.bias"))).isPositive();
    assertThat(weights.get("features.0.0.norm1.weight").toArray()).containsOnly(1);
    assertThat(weights.get("norm.bias").toArray()).containsOnly(0);
    assertThat(weights.get("head.bias").toArray()).containsOnly(0);
    assertThat(Swin3d.init(config, 1).get("head.weight").values())
        .isEqualTo(weights.get("head.weight").values())
        .isNotEqualTo(Swin3d.init(config, 2).get("head.weight").values());
  }

  private static double deviation(Weights weights) {
    double squares = 0;
    for (float w : weights.toArray()) {
      squares += (double) w * w;
    }
    return Math.sqrt(squares / weights.size());
  }

  @Test
  void shouldNameTheWeightThatDoesNotFit() {
    Swin3dConfig config = SmallModels.config(4);
    Map<String, Weights> weights = new LinkedHashMap<>(Swin3d.init(config, 1));
    Weights head = weights.remove("head.bias");
    assertThatThrownBy(() -> Swin3d.check(config, weights))
        .hasMessage("weights lack head.bias, expected shape [4]");

    weights.put("head.bias", Weights.of(List.of(5), new float[5]));
    assertThatThrownBy(() -> Swin3d.check(config, weights))
        .hasMessage("head.bias has shape [5], expected [4]");

    weights.put("head.bias", head);
    weights.put("head.extra", head);
    assertThatThrownBy(() -> Swin3d.check(config, weights))
        .hasMessage("weights have head.extra, which this network does not have");
  }

  /** DJL's block takes itself for training when it is loaded, whatever the network's mode is. */
  @Test
  void shouldDropWhatTheMaskSaysInTheFirstCall() throws Exception {
    Swin3dConfig config = with(SmallModels.config(4), 0.9);
    int columns = Swin3d.maskColumns(config);
    assertThat(columns).isEqualTo(2 * 4 + 16);
    float[] whole = mask(columns, 1);
    float[] serving = logits(config, List.of(), false).get(0);

    // Each call below is the first one of its block.
    assertThat(logits(config, List.of(whole), true).get(0)).containsExactly(serving);
    for (int column = 0; column < columns; column++) {
      float[] dropped = mask(columns, 1);
      dropped[column] = 0; // of the first clip
      float[] found = logits(config, List.of(dropped), true).get(0);
      assertThat(Arrays.copyOf(found, 4)).as("column " + column).isNotEqualTo(first(serving));
      assertThat(Arrays.copyOfRange(found, 4, 16))
          .as("column " + column)
          .containsExactly(Arrays.copyOfRange(serving, 4, 16));
    }
  }

  @Test
  void shouldScaleWhatTheMaskKeeps() throws Exception {
    Swin3dConfig config = SmallModels.config(4);
    int columns = Swin3d.maskColumns(config);
    float[] noFeatures = mask(columns, 1);
    float[] twice = mask(columns, 1);
    for (int clip = 0; clip < CLIPS; clip++) {
      Arrays.fill(noFeatures, clip * columns + 8, (clip + 1) * columns, 0);
      Arrays.fill(twice, clip * columns + 8, (clip + 1) * columns, 2);
    }

    List<float[]> found = logits(config, List.of(mask(columns, 1), noFeatures, twice), true);

    // The head is linear, its bias 0.
    for (int i = 0; i < found.get(0).length; i++) {
      assertThat(found.get(1)[i]).isZero();
      assertThat(found.get(2)[i]).isCloseTo(2 * found.get(0)[i], within(1e-4f));
    }
  }

  /** As plain PyTorch trains it: no mask, the network's own draws. */
  @Test
  void shouldDropAtRandomInTrainingModeWithoutAMask() throws Exception {
    Swin3dConfig config = with(SmallModels.config(4), 0.9);
    Path file = write(config);
    try (Model model = load(file)) {
      float[] serving = logits(model, null, false);
      assertThat(logits(model, null, false)).isEqualTo(serving);
      assertThat(logits(model, null, true)).isNotEqualTo(logits(model, null, true));
      assertThat(logits(model, null, false)).isEqualTo(serving);
    }
  }

  /** Weights so large that every branch shows in the logits. */
  private static Map<String, Weights> loud(Swin3dConfig config) {
    Map<String, Weights> weights = Swin3d.init(config, 3);
    weights.replaceAll(
        (name, w) -> {
          float[] values = w.toArray();
          for (int i = 0; i < values.length; i++) {
            values[i] *= 10;
          }
          return Weights.of(w.shape(), values);
        });
    return weights;
  }

  private static Swin3dConfig with(Swin3dConfig c, double stochasticDepth) {
    return new Swin3dConfig(
        c.embedDim(),
        c.depths(),
        c.heads(),
        c.window(),
        c.patch(),
        c.mlpRatio(),
        c.dropout(),
        c.attentionDropout(),
        stochasticDepth,
        c.patchNorm(),
        c.classes());
  }

  private static float[] mask(int columns, float value) {
    float[] mask = new float[CLIPS * columns];
    Arrays.fill(mask, value);
    return mask;
  }

  private static float[] first(float[] logits) {
    return Arrays.copyOf(logits, logits.length / CLIPS);
  }

  private Path write(Swin3dConfig config) throws Exception {
    Path file = folder.resolve("dropping-1.pt");
    Swin3d.write(file, config, loud(config), SmallModels.manifest("dropping", 4));
    return file;
  }

  private static Model load(Path file) throws Exception {
    Model model = Model.newInstance("dropping", Device.cpu(), "PyTorch");
    model.load(file, null, Map.of("mapLocation", "true", "trainParam", "true"));
    return model;
  }

  /** Logits of a newly loaded network, called once for each mask, or once without one. */
  private List<float[]> logits(Swin3dConfig config, List<float[]> masks, boolean training)
      throws Exception {
    try (Model model = load(write(config))) {
      if (masks.isEmpty()) {
        return List.of(logits(model, null, training));
      }
      return masks.stream().map(mask -> logits(model, mask, training)).toList();
    }
  }

  private static float[] logits(Model model, float[] mask, boolean training) {
    try (NDManager call = model.getNDManager().newSubManager()) {
      NDList input =
          new NDList(
              call.arange(CLIPS * 8 * 32 * 32 * 3)
                  .mod(251)
                  .toType(DataType.UINT8, false)
                  .reshape(new Shape(CLIPS, 8, 32, 32, 3)));
      if (mask != null) {
        input.add(call.create(mask, new Shape(CLIPS, mask.length / CLIPS)));
      }
      return model
          .getBlock()
          .forward(new ParameterStore(call, false), input, training)
          .singletonOrThrow()
          .toFloatArray();
    }
  }
}
