package io.clipstream.model.swin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.swin.ServingKernels.UnsuitableException;
import io.clipstream.model.swin.Swin3dServing.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The source that names own operators, with references in TorchScript in their place. */
class ServingKernelsTest {
  @TempDir Path folder;

  @ParameterizedTest(name = "{0} frames of {1} pixels, depths {2}, window {3}, patch norm {4}")
  @CsvSource({
    "16, 64, 2-2, 4-3-3, true", // several windows along every axis, shifted along all
    "16, 64, 3-2, 4-4-4, true", // and tokens that move back
    "8, 56, 2-1, 4-7-7, true", // a stage of several windows that are not shifted
    "16, 64, 1-1, 4-3-3, false", // never shifted
    "11, 61, 2-4, 4-3-3, true", // neither whole patches nor whole windows, odd merges
    "10, 52, 3-2, 4-3-3, false", // odd merges, padding of windows alone
    "8, 32x90, 2-2, 4-3-3, true", // not square, and odd along one axis alone
    "3, 60, 2-2, 4-3-3, true", // fewer frames than the window has
    "16, 28, 2-2, 8-7-7, true", // one window, of whole and partial tiles
    "40, 28, 2-1, 16-7-7, true", // the largest window, with padding and shifted
  })
  void shouldGiveWhatTheTrainingFormGives(
      int frames, String crop, String depths, String window, boolean patchNorm) throws Exception {
    Swin3dConfig config = config(depths, window, patchNorm);
    ModelManifest manifest = manifest(frames, crop, config.classes());
    Map<String, Weights> weights = Swin3dServingTest.weights(config);
    Path training = folder.resolve("training-1.pt");
    Path plain = folder.resolve("plain-1.pt");
    Swin3d.write(training, config, weights, manifest);
    Swin3dServing.write(plain, config, weights, manifest, Precision.BF16);
    ServingKernels kernels = kernels(plain);
    Path replaced = folder.resolve("kernels-1.pt");
    ModelArtifact.write(
        replaced,
        ModelArtifact.open(plain).manifest(),
        withReferences(kernels.source()),
        new ServingNetwork(config, manifest.clip(), new ServingWeights(weights, Precision.BF16))
            .root());

    float[][] expected = Swin3dServingTest.logits(training, manifest.clip(), 1, 3);
    float[][] ofPlain = Swin3dServingTest.logits(plain, manifest.clip(), 1, 3);
    float[][] found = Swin3dServingTest.logits(replaced, manifest.clip(), 1, 3);

    for (int i = 0; i < expected.length; i++) {
      assertThat(Swin3dServingTest.distance(found[i], expected[i])).isLessThan(1.2e-2);
      assertThat(Swin3dServingTest.distance(found[i], ofPlain[i])).isLessThan(1.6e-2);
    }
  }

  /** Short enough to lie in the plain source's place, in the same archive. */
  @Test
  void shouldBeShorterThanThePlainSource() throws Exception {
    for (Swin3dConfig config :
        List.of(Swin3dConfig.tiny(400), Swin3dConfig.large(400), config("1-1", "4-3-3", false))) {
      ModelManifest manifest = manifest(32, "224x320", config.classes());
      String plain = ServingSource.plain(config, manifest.clip(), Precision.BF16);
      assertThat(ServingSource.kernels(config, manifest.clip())).hasSizeLessThan(plain.length());
    }
  }

  @Test
  void shouldNameWhyAnArchiveIsNotSuitable() throws Exception {
    Swin3dConfig config = config("2-2", "4-3-3", true);
    ModelManifest manifest = manifest(16, "64", config.classes());
    Map<String, Weights> weights = Swin3dServingTest.weights(config);
    Path file = folder.resolve("model-1.pt");

    Swin3d.write(file, config, weights, manifest);
    assertUnsuitable(file, "the model is in its training form, expected serving");
    Swin3dServing.write(file, config, weights, manifest, Precision.FP32);
    assertUnsuitable(file, "its precision is fp32, expected bf16");
    Swin3dServing.write(file, config, weights, manifest(16, "32", 5), Precision.BF16);
    assertThat(kernels(file).windowTokens()).isEqualTo(36);
    Swin3dServing.write(file, config, weights, manifest(2, "32", 5), Precision.BF16);
    assertUnsuitable(file, "only 16 tokens of a clip reach the head, and are float32");
    Swin3dConfig narrow = config(64, List.of(4, 8), List.of(2, 4, 4));
    Swin3dServing.write(file, narrow, Swin3dServingTest.weights(narrow), manifest, Precision.BF16);
    assertUnsuitable(file, "its heads have 16 channels, expected 32");
    Swin3dConfig coarse = config(64, List.of(2, 4), List.of(4, 8, 8));
    Swin3dServing.write(
        file, coarse, Swin3dServingTest.weights(coarse), manifest(32, "128", 5), Precision.BF16);
    assertUnsuitable(file, "its patches are [4, 8, 8], expected [2, 4, 4]");
    Swin3dConfig huge = config(3072, List.of(96, 192), List.of(2, 4, 4));
    ModelManifest of = manifest.withNetwork(huge.toMap(), "serving", "bf16");
    assertThatThrownBy(
            () -> ServingKernels.of(of, ServingSource.plain(huge, manifest.clip(), Precision.BF16)))
        .hasMessage("stage 0 has 3072 channels, more than there are kernels for");
    assertThatThrownBy(() -> ServingKernels.of(of, "class Other(Module):\n"))
        .hasMessage(
            "its source is not what this version of clipstream writes: export the serving form"
                + " again");
    assertThatThrownBy(() -> ServingKernels.of(manifest, ""))
        .hasMessage("the network is no Swin3D");
    Map<String, Object> later = new HashMap<>(config.toMap());
    later.put("experts", 8);
    assertThatThrownBy(() -> ServingKernels.of(manifest.withNetwork(later, "serving", "bf16"), ""))
        .isInstanceOf(UnsuitableException.class)
        .hasMessage("its architecture cannot be read: architecture has unknown experts");
  }

  private void assertUnsuitable(Path file, String message) {
    assertThatThrownBy(() -> kernels(file))
        .isInstanceOf(UnsuitableException.class)
        .hasMessage(message);
  }

  private static Swin3dConfig config(String depths, String window, boolean patchNorm) {
    List<Integer> blocks = ints(depths);
    return new Swin3dConfig(
        64, blocks, List.of(2, 4), ints(window), List.of(2, 4, 4), 4, 0, 0, 0.1, patchNorm, 5);
  }

  private static Swin3dConfig config(int channels, List<Integer> heads, List<Integer> patch) {
    return new Swin3dConfig(
        channels, List.of(1, 1), heads, List.of(4, 3, 3), patch, 4, 0, 0, 0.1, true, 5);
  }

  private static List<Integer> ints(String dashed) {
    return Arrays.stream(dashed.split("-")).map(Integer::valueOf).toList();
  }

  private static ModelManifest manifest(int frames, String crop, int classes) {
    return Swin3dServingTest.manifest(frames, CropSize.of(crop), classes);
  }

  private static String withReferences(String source) throws IOException {
    try (InputStream in =
        ModelArtifact.class.getResourceAsStream("/io/clipstream/model/kernels/reference.py.txt")) {
      return new String(in.readAllBytes(), UTF_8) + source.replace("ops.clipstream.", "__torch__.");
    }
  }

  private static ServingKernels kernels(Path file) throws Exception {
    try (TorchArchive archive = TorchArchive.open(file)) {
      return ServingKernels.of(ModelArtifact.open(file).manifest(), archive.source());
    }
  }
}
