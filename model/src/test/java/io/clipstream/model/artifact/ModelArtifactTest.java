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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
  void shouldSaveNetworksInEvaluationMode() throws Exception {
    try (TorchArchive archive = TorchArchive.open(file)) {
      ScriptObject root = archive.root();
      ScriptObject features = (ScriptObject) root.fields().get("features");
      assertThat(root.fields()).containsEntry("training", false);
      assertThat(features.fields()).containsEntry("training", false);
    }
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
    assertWrong(file(new byte[0]), "not a zip file, expected a model (.pt)");
    assertWrong(file("hello".getBytes(UTF_8)), "not a zip file, expected a model (.pt)");
    assertWrong(
        file(Arrays.copyOf(bytes, bytes.length / 2)),
        "the zip file is cut off: its directory is missing after " + bytes.length / 2 + " bytes");
    assertWrong(
        zip(Map.of("a.txt", "hello")),
        "a zip file, but no TorchScript archive: it has no data.pkl");
    assertWrong(
        zip(Map.of("data.pkl", "x", "constants.pkl", "x")),
        "its data.pkl is in no folder, where PyTorch does not find it: pack the folder that it was"
            + " in, not what is in it");
    assertWrong(
        file("version https://git-lfs.github.com/spec/v1\noid".getBytes(UTF_8)),
        "a Git LFS pointer, not the file itself: run git lfs pull");
    assertWrong(file("<html></html>".getBytes(UTF_8)), "an HTML page, not the file itself");
    assertWrong(file(new byte[] {0x1f, (byte) 0x8b, 8, 0}), "a gzip file, expected what is packed");
    assertWrong(
        zip(Map.of("m/data.pkl", "x")),
        "weights without a network (no constants.pkl), of which clipstream model import makes a model");
    assertWrong(
        zip(Map.of("m/data.pkl", "x", "m/constants.pkl", "x")),
        "a TorchScript archive, but no clipstream model: it has no extra/manifest.json");
    assertWrong(manifest("{"), "its manifest cannot be read: it is no JSON at line 1, column");
    assertWrong(manifest("null"), "its manifest is null");
    assertWrong(
        manifest("{\"name\":\"Big Model\"}"),
        "its manifest cannot be read: the manifest's name is Big Model, expected [a-z0-9]");
    assertWrong(
        manifest("{\"name\":\"" + "m".repeat(65) + "\"}"),
        "its manifest cannot be read: the manifest's name is "
            + "m".repeat(65)
            + ", expected [a-z0-9][a-z0-9._-]{0,63}");
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
                     "mean":[0,0,0],"std":[1,1,1]}}\
            """);
    assertWrong(wrong, "its manifest has 2 labels, expected 4 as architecture.classes says");
  }

  @Test
  void shouldKeepTheSizeOfCrops() throws Exception {
    String manifest =
        """
        {"name":"m","version":"1","labels":["a","b"],
         "clip":{"frames":8,"framesPerSecond":8,"shortSide":32,"crop":%s,
                 "mean":[0,0,0],"std":[1,1,1]}}\
        """;
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
  void shouldPassOverWhatANewerWriterAdded() throws Exception {
    String json =
        """
        {"name":"m","version":"1","labels":["a","b"],"views":"10x1","licence":"Apache-2.0",
         "clip":{"frames":8,"framesPerSecond":8,"shortSide":32,"crop":32,
                 "mean":[0,0,0],"std":[1,1,1],"colours":"bt709"},
         "architecture":{"family":"swin3d","gate":{"layers":[1,2]}},
         "recipe":{"epochs":30,"optimizer":{"name":"adamw"},"note":"x"},
         "sources":[{"topic":"videos.feedback","offset":7}]}\
        """;
    String golden = "{\"seed\":3,\"logits\":[0.5,1.5],\"tolerance\":1e-3,\"clips\":[{}]}";

    ModelArtifact artifact =
        ModelArtifact.open(
            zip(
                Map.of(
                    "m/data.pkl",
                    "x",
                    "m/constants.pkl",
                    "x",
                    "m/extra/manifest.json",
                    json,
                    "m/extra/golden.json",
                    golden)));

    assertThat(artifact.manifest().labels()).containsExactly("a", "b");
    assertThat(artifact.manifest().views()).isEqualTo("10x1");
    assertThat(artifact.manifest().recipe())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("epochs", "30", "optimizer", "{\"name\":\"adamw\"}", "note", "x"));
    assertThat(artifact.golden()).contains(new Golden(3, List.of(0.5f, 1.5f)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'labels':'a' | labels is of another type, expected a list",
        "'labels':['a',{}] | labels[1] is of another type, expected text",
        "'clip':8 | clip is of another type, expected an object",
        "'clip':{'frames':'many'} | clip.frames is of another type, expected a whole number",
        "'clip':{'antialias':[]} | clip.antialias is of another type, expected true or false",
        "'clip':{'mean':[0,'x',0]} | clip.mean[1] is of another type, expected a number",
        "'metrics':{'top1':'high'} | metrics.top1 is of another type, expected a number",
        "'recipe':[] | recipe is of another type, expected an object",
        "'views':'4x2' | views is '4x2', expected 1 to 10000 clips, or clips x crops (1 or 3),"
            + " such as 1 or 4x3"
      })
  void shouldNameWhatHasTheWrongType(String wrong, String message) throws Exception {
    String right =
        "{'name':'m','version':'1','labels':['a'],'clip':{'frames':8,'framesPerSecond':8,"
            + "'shortSide':32,'crop':32,'mean':[0,0,0],'std':[1,1,1]},";
    if (wrong.startsWith("'labels'")) {
      right = right.replace("'labels':['a'],", "");
    } else if (wrong.startsWith("'clip'")) {
      right = right.substring(0, right.indexOf("'clip'"));
    }
    String json = (right + wrong + "}").replace('\'', '"');

    assertWrong(manifest(json), "its manifest cannot be read: " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'version':'1' | 'm' | the manifest has no name, expected",
        "'labels':['a'] | ['a','a'] | the manifest has the label a twice, expected once",
        "'labels':['a'] | ['a',''] | the manifest has the label '', expected text",
        "'labels':['a'] | ['\\u001b[2J'] | the manifest has the label '\\u001b[2J', expected text",
        "'frames':8 | 1.5 | clip.frames is of another type, expected a whole number",
        "'frames':8 | NaN | it is no JSON at line 1, column",
        "'std':[1,1,1] | [1,0,1] | mean is [0.0, 0.0, 0.0] and std [1.0, 0.0, 1.0], expected std of",
        "'std':[1,1,1] | null | mean or std is missing, expected 3 values each",
      })
  void shouldRefuseAValueThatIsWrong(String right, String wrong, String message) throws Exception {
    String json =
        "{'name':'m','version':'1','labels':['a'],'clip':{'frames':8,'framesPerSecond':8,"
            + "'shortSide':32,'crop':32,'mean':[0,0,0],'std':[1,1,1]}}";
    String key = right.substring(0, right.indexOf(':') + 1);
    json =
        key.equals("'version':")
            ? json.replace("'name':'m',", "")
            : json.replace(right, key + wrong);

    assertWrong(manifest(json.replace('\'', '"')), "its manifest cannot be read: " + message);
  }

  @Test
  void shouldTellWhatIsNoManifestAndPassOverAByteOrderMark() throws Exception {
    String right =
        "{'name':'m','version':'1','labels':['a'],'clip':{'frames':8,'framesPerSecond':8,"
            + "'shortSide':32,'crop':32,'mean':[0,0,0],'std':[1,1,1]}}";
    right = right.replace('\'', '"');

    assertThat(ManifestJson.read("\ufeff" + right).name()).isEqualTo("m");
    String read = "its manifest cannot be read: ";
    assertWrong(manifest(right + "{}"), "its manifest ends at line 1, column");
    assertWrong(manifest("{\"name\":\"a\",\"name\":\"b\"}"), read + "it has the key name twice");
    assertWrong(manifest("{\"x\":".repeat(5000)), read + "it is nested too deeply");
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
