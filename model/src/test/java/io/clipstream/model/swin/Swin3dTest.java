package io.clipstream.model.swin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import io.clipstream.model.artifact.Weights;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Swin3dTest {
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
        .hasMessage("weights have head.extra, which this network has not");
  }

  @Test
  void shouldDropBranchesAndValuesOnlyWhileTraining() throws Exception {
    Swin3dConfig plain = SmallModels.config(4);
    for (Swin3dConfig config :
        List.of(with(plain, 0.5, 0, 0), with(plain, 0, 0.5, 0), with(plain, 0, 0, 0.9))) {
      Path file = folder.resolve("dropping-1.pt");
      Swin3d.write(file, config, loud(config), SmallModels.manifest("dropping", 4));
      try (Model model = Model.newInstance("dropping", Device.cpu(), "PyTorch")) {
        model.load(file, null, Map.of("mapLocation", "true", "trainParam", "true"));

        float[] serving = logits(model, false);
        assertThat(logits(model, false)).isEqualTo(serving);
        assertThat(logits(model, true)).isNotEqualTo(logits(model, true));
        assertThat(logits(model, false)).isEqualTo(serving);
      }
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

  private static Swin3dConfig with(
      Swin3dConfig c, double dropout, double attentionDropout, double stochasticDepth) {
    return new Swin3dConfig(
        c.embedDim(),
        c.depths(),
        c.heads(),
        c.window(),
        c.patch(),
        c.mlpRatio(),
        dropout,
        attentionDropout,
        stochasticDepth,
        c.patchNorm(),
        c.classes());
  }

  private static float[] logits(Model model, boolean training) {
    try (NDManager call = model.getNDManager().newSubManager()) {
      NDArray pixels =
          call.arange(4 * 8 * 32 * 32 * 3)
              .mod(251)
              .toType(DataType.UINT8, false)
              .reshape(new Shape(4, 8, 32, 32, 3));
      return model
          .getBlock()
          .forward(new ParameterStore(call, false), new NDList(pixels), training)
          .singletonOrThrow()
          .toFloatArray();
    }
  }
}
