package io.clipstream.model.checkpoint;

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
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.Protocol;
import io.clipstream.model.infer.GoldenCheck;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what the reference implementations wrote, see {@code make_checkpoints.py}. */
@Timeout(300)
class Swin3dImportTest {
  private static final Swin3dImport.Options NONE =
      new Swin3dImport.Options(Optional.empty(), Optional.empty(), Optional.empty());
  private static final ModelManifest MANIFEST =
      new ModelManifest(
          "small",
          "1",
          List.of("left", "right", "still"),
          new ClipSpec(6, 6, 24, 24, false, Kinetics400.CLIP.mean(), Kinetics400.CLIP.std()),
          "1",
          Map.of(),
          "training",
          "fp32",
          Map.of(),
          Map.of(),
          "");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "torchvision.pth, torchvision, 0",
    "torchvision-legacy.pth, torchvision, 0",
    "reference.safetensors, torchvision, 0",
    "video-swin.pth, Video-Swin-Transformer or MMAction2, 0",
    "mmaction-half.pth, Video-Swin-Transformer or MMAction2, 1e-3",
    "paddle.pdparams, PaddleVideo, 0",
    "paddle-2.pdparams, PaddleVideo, 0",
    "arrays-5.pdparams, PaddleVideo, 0",
    "paddle-slices.pdparams, PaddleVideo, 0",
    "training.pth, torchvision, 0",
    "training-5.pth, torchvision, 0",
    "sharded.safetensors.index.json, torchvision, 0",
    "timm.pth, timm, 0"
  })
  void shouldGiveTheSameNetworkFromEveryFormat(String file, String dialect, double tolerance)
      throws Exception {
    Swin3dImport imported = Swin3dImport.of(Checkpoint.open(Fixtures.file(file)), NONE);

    assertThat(imported.dialect()).isEqualTo(dialect);
    boolean rate = dialect.equals("torchvision"); // the others take every second frame
    assertThat(imported.clip().framesPerSecond()).isEqualTo(rate ? 15 : 0);
    assertThat(imported.clip().stride()).isEqualTo(rate ? 0 : 2);
    assertThat(imported.config().window()).containsExactly(2, 3, 3);
    assertThat(imported.config().depths()).containsExactly(2, 1);
    assertThat(imported.config().heads()).containsExactly(1, 2);
    assertThat(imported.config().classes()).isEqualTo(3);
    Map<String, StoredTensor> reference = reference("reference.safetensors");
    assertThat(imported.weights().keySet()).containsExactlyInAnyOrderElementsOf(reference.keySet());
    assertSame(imported.weights(), reference, tolerance);
  }

  @ParameterizedTest
  @CsvSource({
    "torchvision.pth, TORCHVISION",
    "paddle.pdparams, PADDLEVIDEO",
    "video-swin.pth, MMACTION2_0",
    "mmaction-half.pth, MMACTION2_1"
  })
  void shouldPlaceClipsAndCropsAsTheCodeBaseDoes(String file, Protocol protocol) throws Exception {
    Swin3dImport imported = Swin3dImport.of(Checkpoint.open(Fixtures.file(file)), NONE);

    assertThat(imported.clip().protocol()).isEqualTo(protocol);
  }

  @Test
  void shouldRefuseOnlyAWeightThatIsNoTensor() throws Exception {
    Checkpoint checkpoint = Checkpoint.open(Fixtures.file("quantised.pth"));

    assertThatThrownBy(() -> Swin3dImport.of(checkpoint, NONE))
        .hasMessageEndingWith(
            "norm.weight is torch._utils._rebuild_qtensor, expected a tensor of plain numbers");
  }

  @Test
  void shouldTakeTheAverageOfWeightsByName() throws Exception {
    Checkpoint checkpoint =
        Checkpoint.open(Fixtures.file("training.pth"), Optional.of("model_ema"));

    Swin3dImport imported = Swin3dImport.of(checkpoint, NONE);

    float[] once = reference("reference.safetensors").get("head.bias").weights().toArray();
    assertThat(imported.weights().get("head.bias").toArray()[1]).isEqualTo(2 * once[1]);
  }

  @Test
  void shouldGiveTorchvisionsLogits() throws Exception {
    Swin3dImport imported = Swin3dImport.of(Checkpoint.open(Fixtures.file("video-swin.pth")), NONE);
    Path artifact = folder.resolve("small-1.pt");
    Swin3d.write(artifact, imported.config(), imported.weights(), MANIFEST);
    JsonNode golden = Fixtures.golden();
    Shape shape = new Shape(1, 5, 22, 30, 3);
    byte[] clip = Fixtures.bytes("clip.bin");

    float[] logits;
    try (Model model = Model.newInstance("small", Device.cpu(), "PyTorch")) {
      model.load(artifact, null, Map.of("mapLocation", "true"));
      try (NDManager call = model.getNDManager().newSubManager()) {
        ByteBuffer pixels = ByteBuffer.allocateDirect(clip.length).put(clip).flip();
        logits =
            model
                .getBlock()
                .forward(
                    new ParameterStore(call, false),
                    new NDList(call.create(pixels, shape, DataType.UINT8)),
                    false)
                .singletonOrThrow()
                .toFloatArray();
      }
    }

    double difference = 0;
    double norm = 0;
    for (int k = 0; k < logits.length; k++) {
      double expected = golden.get("logits").get(k).doubleValue();
      difference += (logits[k] - expected) * (logits[k] - expected);
      norm += expected * expected;
    }
    assertThat(Math.sqrt(difference / norm)).isLessThan(1e-5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"swin2d.pth", "swin2d.pdparams"})
  void shouldInflateATwoDimensionalNetwork(String file) throws Exception {
    Swin3dImport imported =
        Swin3dImport.of(
            Checkpoint.open(Fixtures.file(file)),
            new Swin3dImport.Options(
                Optional.empty(), Optional.of(List.of(2, 3, 3)), Optional.of(7)));

    assertThat(imported.inflated()).isTrue();
    assertThat(imported.freshHead()).isTrue();
    assertThat(imported.config().patch()).containsExactly(2, 4, 4);
    assertThat(imported.weights().get("head.weight").shape()).containsExactly(7, 8);
    Map<String, StoredTensor> reference = reference("inflated.safetensors");
    assertThat(reference).hasSize(imported.weights().size() - 2);
    assertSame(imported.weights(), reference, 1e-6);
  }

  @ParameterizedTest
  @CsvSource({"8, 7", "16, 7", "2, 7", "8, 12"})
  void shouldTellTheWindowByThePositionTable(int frames, int side) throws Exception {
    Swin3dConfig config =
        new Swin3dConfig(
            4,
            List.of(1),
            List.of(1),
            List.of(frames, side, side),
            List.of(2, 4, 4),
            2,
            0,
            0,
            0.1,
            frames != 2, // without a norm after the patch embedding, too
            3);
    Path file = folder.resolve("window.safetensors");
    SafeTensorsWriter.write(file, stored(Swin3d.init(config, 1)), Optional.empty());

    assertThat(Swin3dImport.of(Checkpoint.open(file), NONE).config()).isEqualTo(config);
  }

  @Test
  void shouldReadAWindowOf16FramesWithoutItsIndex() throws Exception {
    Swin3dImport imported = Swin3dImport.of(Checkpoint.open(Fixtures.file("window-16.pth")), NONE);

    assertThat(imported.dialect()).isEqualTo("Video-Swin-Transformer or MMAction2");
    assertThat(imported.config().window()).containsExactly(16, 7, 7);
    for (Map.Entry<String, Weights> e : imported.weights().entrySet()) {
      float[] values = e.getValue().toArray();
      for (int i = 0; i < values.length; i++) {
        assertThat(values[i]).as(e.getKey()).isEqualTo((i + e.getKey().length()) % 251 / 16f);
      }
    }
  }

  @Test
  void shouldTakeAFreshHeadForOtherLabels() throws Exception {
    Swin3dImport imported =
        Swin3dImport.of(
            Checkpoint.open(Fixtures.file("torchvision.pth")),
            new Swin3dImport.Options(Optional.empty(), Optional.empty(), Optional.of(11)));

    assertThat(imported.weights().get("head.weight").shape()).containsExactly(11, 8);
    assertThat(imported.weights().get("head.bias").toArray()).containsOnly(0);
  }

  @Test
  void shouldGoToSafetensorsAndBack() throws Exception {
    Swin3dImport imported =
        Swin3dImport.of(Checkpoint.open(Fixtures.file("torchvision.pth")), NONE);
    Path artifact = folder.resolve("small-1.pt");
    GoldenCheck.write(artifact, imported.config(), imported.weights(), MANIFEST);
    Path exported = folder.resolve("small.safetensors");
    ModelManifest manifest = ModelArtifact.open(artifact).manifest();

    Swin3dExport.write(exported, imported.config(), Swin3d.read(artifact), Optional.of(manifest));
    Checkpoint back = Checkpoint.open(exported);

    assertThat(back.manifest()).contains(manifest);
    assertSame(Swin3dImport.of(back, NONE).weights(), reference("reference.safetensors"), 0);
    Checkpoint own = Checkpoint.open(artifact);
    assertThat(own.format()).isEqualTo(Checkpoint.Format.CLIPSTREAM);
    assertSame(Swin3dImport.of(own, NONE).weights(), reference("reference.safetensors"), 0);
  }

  @Test
  void shouldPassOverWhatANewerWriterAddedToSafetensors() throws Exception {
    Swin3dImport imported =
        Swin3dImport.of(Checkpoint.open(Fixtures.file("torchvision.pth")), NONE);
    ModelManifest manifest = MANIFEST.withNetwork(imported.config().toMap(), "training", "fp32");
    Path file = folder.resolve("newer.safetensors");
    Swin3dExport.write(file, imported.config(), imported.weights(), Optional.of(manifest));

    editHeader(
        file,
        header -> {
          ObjectNode metadata = (ObjectNode) header.get("__metadata__");
          String json = metadata.get("clipstream.manifest").textValue();
          metadata.put("clipstream.licence", "Apache-2.0");
          metadata.put("clipstream.manifest", "{\"licence\":{\"spdx\":\"x\"}," + json.substring(1));
        });

    assertThat(Checkpoint.open(file).manifest()).contains(manifest);
    assertSame(
        Swin3dImport.of(Checkpoint.open(file), NONE).weights(),
        reference("reference.safetensors"),
        0);
  }

  @Test
  void shouldNameWhatHasTheWrongTypeInTheManifestOfSafetensors() throws Exception {
    Swin3dImport imported =
        Swin3dImport.of(Checkpoint.open(Fixtures.file("torchvision.pth")), NONE);
    Path file = folder.resolve("wrong.safetensors");
    Swin3dExport.write(file, imported.config(), imported.weights(), Optional.of(MANIFEST));
    editHeader(
        file,
        header ->
            ((ObjectNode) header.get("__metadata__"))
                .put("clipstream.manifest", "{\"name\":[],\"version\":\"1\"}"));

    assertThatThrownBy(() -> Checkpoint.open(file))
        .isInstanceOf(IOException.class)
        .hasMessage(
            file
                + ": clipstream.manifest: its manifest cannot be read: name is of another type,"
                + " expected text");
  }

  /** Rewrites the header of a safetensors file. */
  private static void editHeader(Path file, Consumer<JsonNode> edit) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) bytes.getLong(0);
    JsonNode header = new ObjectMapper().readTree(bytes.array(), 8, length);
    edit.accept(header);
    byte[] json = new ObjectMapper().writeValueAsBytes(header);
    ByteBuffer edited =
        ByteBuffer.allocate(bytes.limit() - length + json.length).order(ByteOrder.LITTLE_ENDIAN);
    edited.putLong(json.length).put(json).put(bytes.position(8 + length));
    Files.write(file, edited.array());
  }

  @Test
  void shouldHoldAnArtifactToItsGoldenOutputs() throws Exception {
    Swin3dConfig config =
        Swin3dImport.of(Checkpoint.open(Fixtures.file("torchvision.pth")), NONE).config();
    Map<String, Weights> weights = Swin3d.init(config, 1);
    Path artifact = folder.resolve("small-1.pt");
    GoldenCheck.write(artifact, config, weights, MANIFEST);
    ModelArtifact good = ModelArtifact.open(artifact);

    GoldenCheck check = GoldenCheck.of(good, Device.cpu()).orElseThrow();

    assertThat(check.passed()).isTrue();
    assertThat(check.relative()).isLessThan(1e-6);

    // Other weights under the same golden outputs.
    Path changed = folder.resolve("changed-1.pt");
    Swin3d.write(changed, config, Swin3d.init(config, 2), MANIFEST, good.golden());
    GoldenCheck failed = GoldenCheck.of(ModelArtifact.open(changed), Device.cpu()).orElseThrow();
    assertThat(failed.passed()).isFalse();
    assertThat(failed.largest()).isPositive();

    Path without = folder.resolve("without-1.pt");
    Swin3d.write(without, config, weights, MANIFEST);
    assertThat(GoldenCheck.of(ModelArtifact.open(without), Device.cpu())).isEmpty();
  }

  @Test
  void shouldNameKeyFoundAndExpected() throws Exception {
    refused(
        w -> w.remove("features.0.1.attn.proj.bias"),
        "lacks features.0.1.attn.proj.bias, expected shape [4]");
    refused(
        w -> w.put("features.0.1.mlp.0.bias", Weights.of(List.of(7), new float[7])),
        "features.0.1.mlp.0.bias has shape [7], expected [8]");
    refused(
        w -> w.put("features.9.strange", Weights.of(List.of(2), new float[2])),
        "has features.9.strange [2], which a Swin3D of depths [2, 1] does not have");
    refused(w -> w.remove("patch_embed.proj.weight"), "lacks patch_embed.proj.weight");
    refused(w -> w.remove("head.weight"), "lacks head.weight");
    refused(
        w -> w.remove("features.0.0.norm1.weight"),
        "no Swin Transformer: it has 49 tensors such as features.0.0.attn.proj.bias, expected"
            + " features.0.0.norm1.weight or layers.0.blocks.0.norm1.weight");
  }

  @Test
  void shouldRefuseASmallFileThatNamesALargeNetwork() throws Exception {
    Checkpoint checkpoint = Checkpoint.open(Fixtures.file("one-storage.pth"));

    assertThatThrownBy(() -> Swin3dImport.of(checkpoint, NONE))
        .hasMessageContaining(".pth: names a network of 42")
        .hasMessageEndingWith(" bytes can hold");
  }

  @Test
  void shouldHoldTheTensorsToTheNamedArchitecture() throws Exception {
    Checkpoint checkpoint = Checkpoint.open(Fixtures.file("torchvision.pth"));

    assertThatThrownBy(
            () ->
                Swin3dImport.of(
                    checkpoint,
                    new Swin3dImport.Options(
                        Optional.of("swin3d_b"), Optional.empty(), Optional.empty())))
        .hasMessageEndingWith(
            ".pth: the checkpoint has 4 channels and heads [1, 2], expected 128 and [4, 8, 16, 32] for"
                + " swin3d_b");
  }

  @Test
  void shouldHoldTheManifestToTheNamedArchitectureAndWindow() throws Exception {
    Swin3dImport small = Swin3dImport.of(Checkpoint.open(Fixtures.file("torchvision.pth")), NONE);
    Path artifact = folder.resolve("small-1.pt");
    Swin3d.write(artifact, small.config(), small.weights(), MANIFEST);
    Checkpoint checkpoint = Checkpoint.open(artifact);

    assertThatThrownBy(
            () ->
                Swin3dImport.of(
                    checkpoint,
                    new Swin3dImport.Options(
                        Optional.of("swin3d_t"), Optional.empty(), Optional.empty())))
        .hasMessage(
            artifact
                + ": its manifest has 4 channels, depths [2, 1] and heads [1, 2], expected 96,"
                + " [2, 2, 6, 2] and [3, 6, 12, 24] for swin3d_t");
    assertThatThrownBy(
            () ->
                Swin3dImport.of(
                    checkpoint,
                    new Swin3dImport.Options(
                        Optional.empty(), Optional.of(List.of(8, 7, 7)), Optional.empty())))
        .hasMessage(artifact + ": its manifest has a window of [2, 3, 3], expected [8, 7, 7]");
    assertThat(
            Swin3dImport.of(
                    checkpoint,
                    new Swin3dImport.Options(
                        Optional.empty(), Optional.of(List.of(2, 3, 3)), Optional.empty()))
                .config())
        .isEqualTo(small.config());
  }

  @Test
  void shouldKnowTorchvisionsFilesAndLabels() {
    assertThat(Kinetics400.labels()).hasSize(400).contains("archery").doesNotHaveDuplicates();
    assertThat(Kinetics400.labels().get(5)).isEqualTo("archery");
    assertThat(Kinetics400.publishedMetrics("7615ae03" + "0".repeat(56)))
        .containsEntry("kinetics400.12-clips.top1", 0.77715);
    assertThat(Kinetics400.publishedMetrics("0".repeat(64))).isEmpty();
  }

  @Test
  void shouldExportEveryKeyOfTorchvisionsStateDict() throws Exception {
    Map<String, StoredTensor> torchvision =
        Checkpoint.open(Fixtures.file("torchvision.pth")).tensors();
    Swin3dImport imported =
        Swin3dImport.of(Checkpoint.open(Fixtures.file("torchvision.pth")), NONE);
    Path file = folder.resolve("small.safetensors");

    Swin3dExport.write(file, imported.config(), imported.weights(), Optional.empty());
    Map<String, StoredTensor> exported = Checkpoint.open(file).tensors();

    assertThat(exported.keySet()).containsExactlyInAnyOrderElementsOf(torchvision.keySet());
    for (Map.Entry<String, StoredTensor> e : torchvision.entrySet()) {
      StoredTensor tensor = exported.get(e.getKey());
      assertThat(tensor).as(e.getKey()).hasToString(e.getValue().toString()); // type and shape
      if (tensor.type() == ElementType.INT64) {
        assertThat(tensor.integers()).as(e.getKey()).containsExactly(e.getValue().integers());
      }
    }
    assertThat(exported.get("features.2.0.attn.relative_position_index"))
        .hasToString("int64 [18, 18]");
  }

  private static Map<String, StoredTensor> stored(Map<String, Weights> weights) throws IOException {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, Weights> e : weights.entrySet()) {
      tensors.put(e.getKey(), StoredTensor.of(e.getValue()));
    }
    return tensors;
  }

  private void refused(Consumer<Map<String, Weights>> change, String message) throws IOException {
    Map<String, Weights> weights = new LinkedHashMap<>();
    for (Map.Entry<String, StoredTensor> e : reference("reference.safetensors").entrySet()) {
      weights.put(e.getKey(), e.getValue().weights());
    }
    change.accept(weights);
    Path file = folder.resolve("changed.safetensors");
    SafeTensorsWriter.write(file, stored(weights), Optional.empty());
    assertThatThrownBy(() -> Swin3dImport.of(Checkpoint.open(file), NONE))
        .hasMessage(file + ": " + message);
  }

  private static Map<String, StoredTensor> reference(String name) throws IOException {
    return Checkpoint.open(Fixtures.file(name)).tensors();
  }

  private static void assertSame(
      Map<String, Weights> found, Map<String, StoredTensor> expected, double tolerance)
      throws IOException {
    for (Map.Entry<String, StoredTensor> e : expected.entrySet()) {
      Weights weights = found.get(e.getKey());
      assertThat(weights.shape()).as(e.getKey()).isEqualTo(e.getValue().shape());
      if (tolerance == 0) {
        assertThat(weights.toArray())
            .as(e.getKey())
            .containsExactly(e.getValue().weights().toArray());
      } else {
        float[] values = e.getValue().weights().toArray();
        for (int i = 0; i < values.length; i++) {
          assertThat((double) weights.toArray()[i])
              .as(e.getKey())
              .isCloseTo(values[i], within(tolerance * Math.max(1, Math.abs(values[i]))));
        }
      }
    }
  }
}
