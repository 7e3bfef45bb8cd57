package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.trainer.recipe.LayerSettings;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerRatesTest {
  /** Three blocks in two stages: five layers with the patch embedding and what follows them. */
  private static final Swin3dConfig NETWORK =
      new Swin3dConfig(
          8, List.of(1, 2), List.of(2, 4), List.of(2, 2, 2), List.of(2, 4, 4), 2, 0, 0, 0, true, 3);

  @ParameterizedTest
  @CsvSource({
    "patch_embed.proj.weight, 0.0625",
    "features.0.0.attn.qkv.weight, 0.125",
    "features.1.reduction.weight, 0.125",
    "features.2.0.mlp.0.weight, 0.25",
    "features.2.1.mlp.0.weight, 0.5",
    "norm.weight, 1",
    "head.weight, 10",
  })
  void shouldFallTowardsThePatches(String name, double rate) {
    assertThat(new LayerRates(NETWORK, new LayerSettings(10, 1, 0.5)).of(name))
        .isCloseTo(rate, within(1e-12));
  }

  @Test
  void shouldFreezeAllButTheHead() {
    LayerRates rates = new LayerRates(NETWORK, new LayerSettings(1, 0, 1));

    assertThat(rates.of("norm.weight")).isZero();
    assertThat(rates.of("features.2.1.mlp.0.weight")).isZero();
    assertThat(rates.of("head.bias")).isEqualTo(1);
  }
}
