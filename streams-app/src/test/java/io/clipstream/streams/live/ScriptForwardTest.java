package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.TorchArchive;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScriptForwardTest {
  private static final String EXPECTED = ", expected forward(clips: Tensor) -> Tensor";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "clips: Tensor, scale: float | Tensor",
        "clips: List[Tensor] | Tensor",
        "clips: Dict[str, Tensor] | Tensor",
        "x: int | Tensor",
        "clips: Tensor | Tuple[Tensor, Tensor]",
        "clips: Tensor | Dict[str, Tensor]",
      })
  void shouldTellWhatForwardIsInstead(String parameters, String result) {
    assertThat(problem("self: __torch__.Net, " + parameters, result))
        .isEqualTo("its network is forward(" + parameters + ") -> " + result + EXPECTED);
  }

  @Test
  void shouldTellOfAForwardOfNothing() {
    assertThat(problem("self: __torch__.Net", "Tensor"))
        .isEqualTo("its network is forward() -> Tensor" + EXPECTED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "clips: Tensor",
        "\n    clips: Tensor",
        "clips: Tensor, mask: Optional[Tensor]=None",
        "clips: Tensor, sizes: Tuple[int, int]=(1, 2), training: bool=False",
      })
  void shouldAllowOneTensorThatGivesOne(String parameters) {
    assertThat(ScriptForward.problem(source("self: __torch__.Net, " + parameters, "Tensor"), "Net"))
        .isEmpty();
  }

  @Test
  void shouldTellOfANetworkWithoutForward() {
    String source = source("self: __torch__.Net, x: Tensor", "Tensor").replace("forward", "run");

    assertThat(ScriptForward.problem(source, "Net"))
        .contains("its network has no method forward" + EXPECTED);
  }

  @Test
  void shouldLookAtTheNetworkItself() throws IOException {
    try (TorchArchive archive = TorchArchive.open(ModelArtifact.bundled().path())) {
      assertThat(archive.rootType()).startsWith("__torch__.");
      assertThat(ScriptForward.problem(archive)).isEmpty();
    }
  }

  private static String problem(String parameters, String result) {
    return ScriptForward.problem(source(parameters, result), "Net").orElseThrow();
  }

  /** Beside two classes that fit. */
  private static String source(String parameters, String result) {
    return """
        class Netting(Module):
          def forward(self: __torch__.Netting, x: Tensor) -> Tensor:
            return x
        class Net(Module):
          training : bool
          def forward_features(self: __torch__.Net, x: Tensor) -> Tensor:
            return x
          def forward(%s) -> %s:
            return clips
        class Last(Module):
          def forward(self: __torch__.Last, x: Tensor) -> Tensor:
            return x
        """
        .formatted(parameters, result);
  }
}
