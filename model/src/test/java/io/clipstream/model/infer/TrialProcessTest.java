package io.clipstream.model.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.ScriptObject;
import io.clipstream.model.artifact.ScriptTensor;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(900)
class TrialProcessTest {
  private static final TrialLimits PATIENT = new TrialLimits(Duration.ofMinutes(4), 3L << 30);

  @TempDir Path folder;

  @Test
  void shouldRunANetworkInAProcessOfItsOwn() throws Exception {
    ModelArtifact artifact = artifact("return torch.mean(torch.to(clips, 6), [1, 2, 3])");

    Trial.Result result = new TrialProcess(PATIENT).run(artifact, Device.cpu(), 2, 1);

    assertThat(result.error()).isNull();
    assertThat(result.shape()).containsExactly(2L, 3L);
    assertThat(result.values()).hasSize(6).allMatch(mean -> mean > 100 && mean < 155);
  }

  @Test
  void shouldHoldANetworkToItsGoldenOutputsInAProcessOfItsOwn() throws Exception {
    ModelArtifact artifact = ModelArtifact.bundled();

    GoldenCheck check = new TrialProcess(PATIENT).check(artifact, Device.cpu()).orElseThrow();

    assertThat(check.passed()).isTrue();
    assertThat(check.relative()).isEqualTo(GoldenCheck.of(artifact, Device.cpu()).get().relative());
  }

  @Test
  void shouldRefuseANetworkThatDoesNotGiveALogitForEachLabel() throws Exception {
    TrialProcess trial = new TrialProcess(PATIENT);

    assertThatThrownBy(() -> trial.check(artifact("return torch.to(clips, 6)"), Device.cpu()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("gives float32 [1, 4, 16, 16, 3], expected a finite float32 logit");
    assertThatThrownBy(
            () ->
                trial.check(
                    artifact("return torch.log(torch.zeros([torch.size(clips, 0), 3]))"),
                    Device.cpu()))
        .hasMessageContaining("expected a finite float32 logit for each of 3 labels");
  }

  @Test
  void shouldEndANetworkThatLoops() throws Exception {
    ModelArtifact artifact =
        artifact(
            "n = 0",
            "while torch.ge(n, 0):",
            "  n = torch.remainder(n + 1, 7)",
            "return torch.to(clips, 6)");
    TrialLimits impatient = new TrialLimits(Duration.ofSeconds(1), 3L << 30);

    assertThatThrownBy(() -> new TrialProcess(impatient).require(artifact, Device.cpu()))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(
            artifact.path() + ": the network did not end its first run within 1 s");
  }

  @Test
  void shouldEndANetworkThatTakesAllMemory() throws Exception {
    ModelArtifact artifact =
        artifact(
            "kept = annotate(List[Tensor], [])",
            "while torch.ge(torch.len(kept), 0):",
            // Always the same one would be made once.
            "  kept = torch.append(kept, torch.ones([16777216 + torch.len(kept)]))",
            "return torch.to(clips, 6)");
    TrialLimits small = new TrialLimits(Duration.ofMinutes(4), 3L << 29);

    assertThatThrownBy(() -> new TrialProcess(small).require(artifact, Device.cpu()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the network took more than 1.5 GiB of memory in its first run");
  }

  @Test
  void shouldSayInOneLineWhatANetworkSays() throws Exception {
    ModelArtifact artifact =
        artifact("ops.prim.RaiseException(\"never again\")", "return torch.to(clips, 6)");

    assertThatThrownBy(() -> new TrialProcess(PATIENT).require(artifact, Device.cpu()))
        .hasMessageContaining("the network fails: ")
        .hasMessageEndingWith("never again")
        .hasMessageNotContaining("\n");
  }

  @Test
  void shouldTryNothingThatWritesFiles() throws Exception {
    Path target = folder.resolve("written");
    ModelArtifact artifact =
        artifact("torch.save(clips, \"" + target + "\")", "return torch.to(clips, 6)");

    assertThatThrownBy(() -> new TrialProcess(PATIENT).require(artifact, Device.cpu()))
        .hasMessageContaining("__torch__.py calls torch.save");
    assertThat(target).doesNotExist();
  }

  private ModelArtifact artifact(String... body) throws IOException {
    List<String> lines = new ArrayList<>(List.of(body));
    String source =
        """
        class Foreign(Module):
          __parameters__ = ["unused", ]
          __buffers__ = []
          unused : Tensor
          training : bool
          def forward(self: __torch__.Foreign, clips: Tensor) -> Tensor:
            %s
        """
            .formatted(String.join("\n    ", lines));
    ModelManifest manifest =
        new ModelManifest(
            "foreign",
            "1",
            List.of("r", "g", "b"),
            new ClipSpec(
                4, 8, 16, 16, false, List.of(0.45f, 0.45f, 0.45f), List.of(0.22f, 0.22f, 0.22f)),
            "1",
            Map.of(),
            "serving",
            "fp32",
            Map.of(),
            Map.of(),
            "");
    ScriptTensor unused = ScriptTensor.parameter(Weights.of(List.of(1), new float[1]));
    ScriptObject network =
        new ScriptObject("__torch__.Foreign", Map.of("unused", unused, "training", false));
    Path file = folder.resolve("foreign.pt");
    ModelArtifact.write(file, manifest, source, network);
    return ModelArtifact.open(file);
  }
}
