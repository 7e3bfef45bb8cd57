package io.clipstream.model.swin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.UserError;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class Swin3dConfigTest {
  @Test
  void shouldHaveThePublishedNumbersOfParameters() {
    // torchvision: Swin3D_T_Weights, Swin3D_S_Weights and Swin3D_B_Weights.KINETICS400_V1
    assertThat(parameters(Swin3dConfig.tiny(400))).isEqualTo(28_158_070);
    assertThat(parameters(Swin3dConfig.small(400))).isEqualTo(49_816_678);
    assertThat(parameters(Swin3dConfig.base(400))).isEqualTo(88_048_984);
    assertThat(parameters(Swin3dConfig.large(400))).isBetween(196_000_000L, 198_000_000L);
  }

  private static long parameters(Swin3dConfig config) {
    return Swin3d.shapes(config).values().stream()
        .mapToLong(shape -> shape.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b))
        .sum();
  }

  @Test
  void shouldComeBackFromJson() throws Exception {
    ObjectMapper json = new ObjectMapper();
    Swin3dConfig config = Swin3dConfig.base(174);

    String text = json.writeValueAsString(config.toMap());

    assertThat(Swin3dConfig.fromMap(json.readValue(text, new TypeReference<>() {})))
        .isEqualTo(config);
  }

  @Test
  void shouldRampStochasticDepthOverAllBlocks() {
    Swin3dConfig config = Swin3dConfig.tiny(400);
    assertThat(config.stochasticDepth(0)).isZero();
    assertThat(config.stochasticDepth(6)).isCloseTo(0.1 * 6 / 11, within(1e-12));
    assertThat(config.stochasticDepth(11)).isCloseTo(0.1, within(1e-12));
  }

  @Test
  void shouldSayWhatIsWrongWithAnArchitecture() {
    assertRefused("family", "resnet", "architecture.family is resnet, expected swin3d");
    assertRefused("embedDim", "wide", "architecture.embedDim is wide, expected an integer");
    assertRefused("classes", 0, "classes is 0, expected 1 to 1048576");
    assertRefused("heads", List.of(3, 6), "heads [3, 6] are for 2 stages, expected 4");
    assertRefused(
        "heads",
        List.of(5, 6, 12, 24),
        "stage 0 has 96 channels, expected a multiple of its 5 heads");
    assertRefused(
        "window", List.of(8, 7), "window is [8, 7], expected sizes along time, height and width");
    assertRefused(
        "window",
        List.of(8, 7, "7"),
        "architecture.window is [8, 7, 7], expected a list of integers");
    assertRefused(
        "window",
        List.of(32, 32, 32),
        "window [32, 32, 32] has 32768 tokens, expected at most 4096");
    assertRefused("dropout", 1.0, "dropout is 1.0, expected at least 0, below 1");
    assertRefused("mlpRatio", Double.NaN, "mlpRatio is NaN, expected more than 0, at most 16");
    assertRefused("colour", "red", "architecture has unknown colour");
    assertRefused("patch", null, "architecture.patch is null, expected a list of integers");
  }

  private static void assertRefused(String component, Object value, String message) {
    Map<String, Object> map = new LinkedHashMap<>(Swin3dConfig.tiny(400).toMap());
    map.put(component, value);
    assertThatThrownBy(() -> Swin3dConfig.fromMap(map))
        .isInstanceOf(UserError.class)
        .hasMessage(message);
  }

  @Test
  void shouldCountTheOperationsOfAClip() {
    assertThat(Swin3dConfig.base(400).flops(32, 224, 224) / 1e9).isCloseTo(563, within(1.0));
    assertThat(Swin3dConfig.small(400).flops(32, 224, 224) / 1e9).isCloseTo(331, within(1.0));
    assertThat(Swin3dConfig.tiny(400).flops(32, 224, 224) / 1e9).isCloseTo(176, within(1.0));
  }
}
