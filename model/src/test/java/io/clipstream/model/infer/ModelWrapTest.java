package io.clipstream.model.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.WrappedModule.Form;
import io.clipstream.model.artifact.WrappedModule.Input;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On what {@code make_scripts.py} wrote with torch.jit.save. */
@Timeout(300)
class ModelWrapTest {
  private static final List<Input> ALL = List.of(Input.values());

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "volume, NCTHW, false, false",
    "probabilities, NCTHW, true, false",
    "frames, NTCHW, false, false",
    "contract, NTHWC_UINT8, false, false",
    "alone, NCTHW, false, true"
  })
  void shouldServeWhatTorchJitSaveWrote(
      String name, Input input, boolean probabilities, boolean oneByOne) throws Exception {
    Path out = folder.resolve("wrapped.pt");

    Form form = ModelWrap.write(script(name), ALL, out, manifest("a", "b", "c"));

    assertThat(form).isEqualTo(new Form(input, probabilities, oneByOne));
    ModelArtifact artifact = ModelArtifact.open(out);
    JsonNode expected = new ObjectMapper().readTree(script("scripts.json").toFile()).get(name);
    List<Float> golden = artifact.golden().orElseThrow().logits();
    for (int k = 0; k < 3; k++) {
      double logit = golden.get(k);
      assertThat(probabilities ? Math.exp(logit) : logit)
          .isCloseTo(expected.get(k).doubleValue(), within(1e-5));
    }
    assertThat(GoldenCheck.of(artifact, Device.cpu()).orElseThrow().passed()).isTrue();
    assertThat(folder).isDirectoryNotContaining(file -> !file.equals(out));
  }

  @Test
  void shouldSayThatLabelsAreNotAsManyAsOutputs() {
    assertThatThrownBy(
            () ->
                ModelWrap.write(script("volume"), ALL, folder.resolve("x.pt"), manifest("a", "b")))
        .isInstanceOf(UserError.class)
        .hasMessageEndingWith("the network gives 3 numbers for a clip, but there are 2 labels");
  }

  @Test
  void shouldSayWhatTheNetworkSaidToEachInput() {
    assertThatThrownBy(
            () ->
                ModelWrap.write(
                    script("frames"),
                    List.of(Input.NCTHW),
                    folder.resolve("x.pt"),
                    manifest("a", "b", "c")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(
            "the network takes no clips of 4 frames of 16x20 (ncthw: RuntimeError:");
  }

  @Test
  void shouldRefuseAModelThatIsOneAlready() throws Exception {
    Path once = folder.resolve("once.pt");
    ModelWrap.write(script("contract"), ALL, once, manifest("a", "b", "c"));

    assertThatThrownBy(
            () -> ModelWrap.write(once, ALL, folder.resolve("x.pt"), manifest("a", "b", "c")))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(once + ": a model of clipstream already");
  }

  private static Path script(String name) throws Exception {
    String file = name.contains(".") ? name : name + ".pt";
    Path path = Path.of(ModelWrapTest.class.getResource(file).toURI());
    assertThat(Files.exists(path)).isTrue();
    return path;
  }

  private static ModelManifest manifest(String... labels) {
    ClipSpec clip =
        new ClipSpec(
            4,
            8,
            0,
            16,
            new CropSize(16, 20),
            false,
            List.of(0.485f, 0.456f, 0.406f),
            List.of(0.229f, 0.224f, 0.225f));
    return new ModelManifest(
        "wrapped",
        "1",
        List.of(labels),
        clip,
        "1",
        Map.of(),
        "serving",
        "fp32",
        Map.of(),
        Map.of(),
        "");
  }
}
