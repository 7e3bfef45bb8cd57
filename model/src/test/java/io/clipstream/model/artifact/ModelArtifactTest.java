package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.swin.SmallModels;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelArtifactTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = SmallModels.write(folder, "small", 4);
  }

  @Test
  void shouldReadTheManifestThatWasWritten() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(file);

    ModelManifest given = SmallModels.manifest("small", 4);
    assertThat(artifact.manifest())
        .isEqualTo(given.withNetwork(SmallModels.config(4).toMap(), "training", "fp32"));
    assertThat(artifact.manifest().id()).isEqualTo("small-1");
    assertThat(Swin3dConfig.fromMap(artifact.manifest().architecture()))
        .isEqualTo(SmallModels.config(4));
    assertThat(ModelArtifact.open(file, artifact.digest()).path()).isEqualTo(file);
  }

  @Test
  void shouldGiveWeightsBackBitForBitWithoutPyTorch() throws Exception {
    Map<String, Weights> written = Swin3d.init(SmallModels.config(4), 7);

    Map<String, Weights> read = Swin3d.read(file);

    assertThat(read.keySet()).containsExactlyElementsOf(written.keySet());
    read.forEach(
        (name, weights) -> {
          assertThat(weights.shape()).isEqualTo(written.get(name).shape());
          assertThat(weights.values()).isEqualTo(written.get(name).values());
        });
  }

  @Test
  void shouldWriteTheSameBytesForTheSameModel() throws Exception {
    Path again = SmallModels.write(Files.createDirectory(folder.resolve("again")), "small", 4);

    assertThat(again).hasSameBinaryContentAs(file);
  }

  @Test
  void shouldAlignTensorsAsPyTorchDoesAndLeaveNoPartialFile() throws Exception {
    byte[] bytes = Files.readAllBytes(file);
    int tensors = 0;
    try (ZipFile zip = new ZipFile(file.toFile())) {
      for (ZipEntry entry : zip.stream().filter(e -> e.getName().contains("/data/")).toList()) {
        byte[] content = zip.getInputStream(entry).readAllBytes();
        assertThat(entry.getMethod()).isEqualTo(ZipEntry.STORED);
        boolean aligned = false;
        for (int at = 0; at + content.length <= bytes.length && !aligned; at += 64) {
          aligned = Arrays.equals(bytes, at, at + content.length, content, 0, content.length);
        }
        assertThat(aligned).as(entry.getName()).isTrue();
        tensors++;
      }
    }
    assertThat(tensors).isGreaterThan(40);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void shouldSayInOneLineWhatIsWrongWithAFile() throws Exception {
    byte[] bytes = Files.readAllBytes(file);
    assertWrong(folder.resolve("absent.pt"), "no such file, expected a model (.pt)");
    assertWrong(
        file.resolveSibling("x" + file.getFileName()),
        "no such file, expected a model (.pt), did you mean " + file + "?");
    assertWrong(folder, "not a file, expected a model (.pt)");
    assertWrong(file(new byte[0]), "not a zip file");
    assertWrong(file("hello".getBytes(UTF_8)), "not a zip file");
    assertWrong(
        file(Arrays.copyOf(bytes, bytes.length / 2)),
        "the zip file is cut off: its directory is missing after " + bytes.length / 2 + " bytes");
    assertWrong(
        zip(Map.of("a.txt", "hello")),
        "a zip file, but no TorchScript archive: it has no data.pkl");
    assertWrong(
        zip(Map.of("m/data.pkl", "x")),
        "weights without a network (no constants.pkl), expected a TorchScript archive");
    assertWrong(
        zip(Map.of("m/data.pkl", "x", "m/constants.pkl", "x")),
        "a TorchScript archive, but no clipstream model: it has no extra/manifest.json");
    assertWrong(manifest("{"), "its manifest cannot be read: Unexpected end-of-input");
    assertWrong(manifest("null"), "its manifest is null");
    assertWrong(
        manifest("{\"name\":\"Big Model\"}"),
        "its manifest cannot be read: the manifest's name is Big Model, expected [a-z0-9]");
    assertWrong(
        manifest("{\"name\":\"m\",\"version\":\"1\"}"),
        "its manifest cannot be read: the manifest has no labels, expected at least one");
    assertWrong(
        manifest("{\"name\":\"m\",\"version\":\"1\",\"labels\":[\"a\"],\"clip\":{\"frames\":8}}"),
        "its manifest cannot be read: framesPerSecond is 0.0 and stride 0, expected one of them, the other 0");
  }

  @Test
  void shouldFindAFlippedBit() throws Exception {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 4;
    Path damaged = file(bytes);

    assertThatThrownBy(() -> ModelArtifact.open(damaged))
        .isInstanceOf(IOException.class)
        .hasMessageMatching(
            ".*: entry small-1/\\S+ is damaged: checksum [0-9a-f]{8}, expected [0-9a-f]{8}");
  }

  @Test
  void shouldSurviveAnyTruncationWithAMessage() throws Exception {
    byte[] bytes = Files.readAllBytes(file);
    for (int length = 0; length < bytes.length; length += 997) {
      Path cut = file(Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> ModelArtifact.open(cut)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void shouldRefuseLabelsThatDoNotFitTheNetwork() throws Exception {
    Swin3dConfig config = SmallModels.config(4);
    assertThatThrownBy(
            () -> Swin3d.write(file, config, Swin3d.init(config, 1), SmallModels.manifest("m", 3)))
        .hasMessage("the manifest has 3 labels, expected 4");

    Path wrong =
        manifest(
            """
            {"name":"m","version":"1","labels":["a","b"],"architecture":{"classes":4},
             "clip":{"frames":8,"framesPerSecond":8,"shortSide":32,"crop":32,
                     "mean":[0,0,0],"std":[1,1,1]}}""");
    assertWrong(wrong, "its manifest has 2 labels, expected 4 as architecture.classes says");
  }

  @Test
  void shouldKeepTheSizeOfCrops() throws Exception {
    String manifest =
        """
        {"name":"m","version":"1","labels":["a","b"],
         "clip":{"frames":8,"framesPerSecond":8,"shortSide":32,"crop":%s,
                 "mean":[0,0,0],"std":[1,1,1]}}""";
    for (String size : List.of("32", "32x48")) {
      String json = size.equals("32") ? size : '"' + size + '"';
      ClipSpec clip = ModelArtifact.open(manifest(manifest.formatted(json))).manifest().clip();
      assertThat(clip.crop()).isEqualTo(CropSize.of(size));

      Path written = folder.resolve("written-1.pt");
      ModelManifest m = SmallModels.manifest("written", 4);
      Swin3d.write(
          written,
          SmallModels.config(4),
          Swin3d.init(SmallModels.config(4), 1),
          new ModelManifest(
              m.name(), m.version(), m.labels(), clip, null, null, null, null, null, null, null));
      assertThat(ModelArtifact.open(written).manifest().clip()).isEqualTo(clip);
    }
    assertWrong(
        manifest(manifest.formatted("\"32x\"")),
        "its manifest cannot be read: crop is 32x, expected a square's side in pixels or height and width, such as 224 or 224x320");
    assertWrong(
        manifest(manifest.formatted("0")),
        "its manifest cannot be read: crop is 0x0, expected sides of 1 to 4096");
  }

  @Test
  void shouldRefuseAnotherDigest() {
    assertThatThrownBy(() -> ModelArtifact.open(file, "ab".repeat(32)))
        .hasMessageMatching(".*: its SHA-256 is [0-9a-f]{64}, expected (ab){32}");
  }

  @Test
  void shouldExtractOnceAndReplaceACopyThatDiffers() throws Exception {
    byte[] model = Files.readAllBytes(file);
    Path cache = folder.resolve("cache/clipstream");

    Path copy = ModelArtifact.extract(model, "small-1.pt", cache).path();
    assertThat(copy).isEqualTo(cache.resolve("small-1.pt")).hasBinaryContent(model);
    var modified = Files.getLastModifiedTime(copy);
    ModelArtifact.extract(model, "small-1.pt", cache);
    assertThat(Files.getLastModifiedTime(copy)).isEqualTo(modified);

    Files.writeString(copy, "damaged");
    ModelArtifact.extract(model, "small-1.pt", cache);
    assertThat(copy).hasBinaryContent(model);
    try (Stream<Path> files = Files.list(cache)) {
      assertThat(files).containsExactly(copy);
    }
  }

  private static void assertWrong(Path file, String message) {
    assertThatThrownBy(() -> ModelArtifact.open(file))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(file + ": " + message)
        .hasMessageNotContaining("\n");
  }

  private Path file(byte[] content) throws IOException {
    return Files.write(folder.resolve("wrong.pt"), content);
  }

  private Path manifest(String json) throws IOException {
    return zip(Map.of("m/data.pkl", "x", "m/constants.pkl", "x", "m/extra/manifest.json", json));
  }

  private Path zip(Map<String, String> entries) throws IOException {
    Path path = folder.resolve("wrong.pt");
    try (OutputStream out = Files.newOutputStream(path);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setMethod(ZipOutputStream.STORED);
      for (Map.Entry<String, String> e : entries.entrySet()) {
        byte[] content = e.getValue().getBytes(UTF_8);
        CRC32 crc = new CRC32();
        crc.update(ByteBuffer.wrap(content));
        ZipEntry entry = new ZipEntry(e.getKey());
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
      }
    }
    return path;
  }
}
