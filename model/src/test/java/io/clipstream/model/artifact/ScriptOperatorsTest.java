package io.clipstream.model.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScriptOperatorsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x = torch.from_file(name, False, 0)  | torch.from_file",
        "torch.save(x, name)                  | torch.save",
        "ops.aten.from_file(name, False, 0)   | ops.aten.from_file",
        "ops.image.write_file(name, x)        | ops.image.write_file",
        "ops.mylib.anything (x)               | ops.mylib.anything",
        "print(x)                             | print",
        "f = torch.save                       | torch.save",
        "x.save(name)                         | x.save",
        "x = torch.unheard_of(y)              | torch.unheard_of",
        "x = ops.prim.Print(y)                | ops.prim.Print",
      })
  void shouldFindWhatReachesOutside(String line, String operator) {
    assertThat(ScriptOperators.forbidden(Map.of("a.py", line)).orElseThrow())
        .startsWith("a.py calls " + operator + ",");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x = torch.add(torch.conv3d(x, w), 1)",
        "x = ops.prim.NumToTensor(n)",
        "raise AssertionError(\"print(x) and torch.save(x)\")",
        "x = self.print(y)",
        "x = fingerprint(y)",
        "# torch.from_file(x)",
        "x = ops.prim.min(a, b)",
        "proj : __torch__.torch.nn.modules.conv.Conv3d",
        "x = (getattr(self, \"0\")).forward(y, )",
        "x = torch.format(\"{} is no print(y)\", y)",
        "  def save_memory(self: __torch__.A) -> int:",
      })
  void shouldLetNetworksCompute(String line) {
    assertThat(ScriptOperators.forbidden(Map.of("a.py", line))).isEmpty();
  }

  @Test
  void shouldReadSourceAsTheCompilerDoes() {
    assertThat(ScriptOperators.forbidden(Map.of("a.py", "x = torch . \\\n save (y, n)")))
        .hasValueSatisfying(said -> assertThat(said).startsWith("a.py calls torch.save,"));
    assertThat(ScriptOperators.forbidden(Map.of("a.py", "x = 1.\nops.image.write_file(n, x)")))
        .hasValueSatisfying(said -> assertThat(said).startsWith("a.py calls ops.image.write_file"));
    assertThat(ScriptOperators.forbidden(Map.of("a.py", "getattr(x, 'save')(name)")))
        .hasValueSatisfying(said -> assertThat(said).startsWith("a.py calls getattr(save),"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"t = torch", "getattr(torch, 'sa' 've')(x, n)", "f(ops)"})
  void shouldNotLetOperatorsGoByAnotherName(String line) {
    assertThat(ScriptOperators.forbidden(Map.of("a.py", line)).orElseThrow())
        .startsWith("a.py uses ")
        .endsWith(" without the name of an operator");
  }

  @Test
  void shouldLetTheBundledModelPass() throws IOException {
    try (TorchArchive archive = TorchArchive.open(ModelArtifact.bundled().path())) {
      assertThat(archive.sources()).isNotEmpty();
      assertThat(ScriptOperators.forbidden(archive.sources())).isEmpty();
    }
  }
}
