package io.clipstream.streams.cli;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.CacheFolder;
import io.clipstream.model.Sha256;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** On the small checkpoints that the module model is tested with. */
@Timeout(300)
class ModelCommandTest {
  private static final Path FIXTURES =
      Path.of("../model/src/test/resources/io/clipstream/model/checkpoint");

  private static final Path VIDEO =
      Path.of("src/main/resources/io/clipstream/streams/demo/real-toy.webm");

  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path labels;

  @BeforeEach
  void writeLabels() throws IOException {
    labels = Files.write(folder.resolve("labels.txt"), List.of("0 left", "1 right", "2 still"));
  }

  @Test
  void shouldImportInspectVerifyExportAndImportAgain() throws Exception {
    Path model = folder.resolve("small-2.pt");

    assertThat(importing("paddle.pdparams", model, "--labels", labels.toString())).isZero();
    assertThat(out.toString())
        .contains(
            "small-2.pt: swin3d, 1,843 parameters, 3 labels; from PaddleVideo (PaddlePaddle)");

    assertThat(run("model", "inspect", model.toString(), "--json")).isZero();
    JsonNode inspected = new ObjectMapper().readTree(last());
    assertThat(inspected.get("name").textValue()).isEqualTo("small");
    assertThat(inspected.get("version").textValue()).isEqualTo("2");
    assertThat(inspected.get("labels").get(2).textValue()).isEqualTo("still");
    assertThat(inspected.get("clip").get("crop").intValue()).isEqualTo(24);
    assertThat(inspected.get("recipe").get("imported.from").textValue())
        .isEqualTo("paddle.pdparams");
    assertThat(inspected.get("golden").booleanValue()).isTrue();
    assertThat(run("model", "inspect", model.toString())).isZero();
    assertThat(out.toString()).contains("4 channels, depths 2 1, heads 1 2, window 2x3x3");

    assertThat(run("model", "verify", model.toString())).isZero();
    assertThat(out.toString())
        .contains("whole, and it runs; sha256")
        .contains("golden outputs: the same");

    Path weights = folder.resolve("small.safetensors");
    assertThat(run("model", "export", model.toString(), "-o", weights.toString())).isZero();
    assertThat(header(weights).get("features.0.1.attn.relative_position_index").toString())
        .startsWith("{\"dtype\":\"I64\",\"shape\":[18,18],");
    Path again = folder.resolve("again-1.pt");
    assertThat(run("model", "import", weights.toString(), "-o", again.toString(), "--json"))
        .isZero();
    JsonNode imported = new ObjectMapper().readTree(last());
    assertThat(imported.get("labels")).isEqualTo(inspected.get("labels"));
    assertThat(imported.get("clip")).isEqualTo(inspected.get("clip"));
    assertThat(imported.get("parent").textValue()).isEqualTo("small-2");
  }

  @Test
  void shouldWrapWhatTorchJitSaveWrote() throws Exception {
    Path script = FIXTURES.resolveSibling("infer").resolve("probabilities.pt");
    Path model = folder.resolve("wrapped-3.pt");

    assertThat(
            run(
                "model",
                "wrap",
                script.toString(),
                "--labels",
                labels.toString(),
                "--frames=4",
                "--crop=16x20",
                "--short-side=16",
                "-o",
                model.toString()))
        .as(err.toString())
        .isZero();

    assertThat(out.toString())
        .contains("wrapped-3.pt: wrapped-3, 3 labels; takes ncthw, gives probabilities");
    assertThat(run("model", "inspect", model.toString())).isZero();
    assertThat(out.toString()).contains("architecture  a TorchScript network that is no Swin3D");
    assertThat(run("model", "verify", model.toString())).isZero();
    assertThat(run("predict", "--model", model.toString(), "--json", VIDEO.toString())).isZero();
    JsonNode predicted = new ObjectMapper().readTree(last());
    assertThat(predicted.get("labels")).hasSize(3);
    assertThat(predicted.get("video").get("codec").textValue()).startsWith("vp");
    assertThat(predicted.get("video").get("complete").booleanValue()).isTrue();
    assertThat(predicted.get("times")).hasSize(4);
  }

  @Test
  @Timeout(300)
  void shouldTryANetworkOfOthersInAProcessOfItsOwnBeforeItIsMeasured() throws Exception {
    Path script = FIXTURES.resolveSibling("infer").resolve("probabilities.pt");
    Path model = folder.resolve("others-" + System.nanoTime() + ".pt"); // never seen before
    List<String> wrap =
        List.of("model", "wrap", "--labels=" + labels, "--frames=4", "--crop=16x20");
    List<String> more = List.of("--short-side=16", script.toString(), "-o", model.toString());
    assertThat(run(Stream.of(wrap, more).flatMap(List::stream).toArray(String[]::new)))
        .as(err.toString())
        .isZero();
    Path tried =
        CacheFolder.path().resolve("tried").resolve(ModelArtifact.open(model).digest() + "-cpu");
    Path list =
        Files.writeString(
            folder.resolve("list.csv"), VIDEO.toAbsolutePath() + ",left" + System.lineSeparator());

    for (List<String> command :
        List.of(
            List.of("bench", "classify", "--device=cpu", "--batches=1", "--seconds=0"),
            List.of("eval", "--data=" + list))) {
      Files.deleteIfExists(tried);
      List<String> arguments = new ArrayList<>(command);
      arguments.add(model.toString());

      assertThat(run(arguments.toArray(String[]::new))).as(err.toString()).isZero();

      assertThat(tried).as(command.get(0)).exists();
    }
    Files.delete(tried);
  }

  @Test
  void shouldSayThatThereIsNothingToCompareWith() throws Exception {
    Path model = folder.resolve("small-2.pt");
    importing("paddle.pdparams", model, "--labels", labels.toString());
    Path weights = folder.resolve("w.safetensors");
    run("model", "export", model.toString(), "-o", weights.toString());
    Path bare = folder.resolve("bare.pt");
    ModelManifest manifest = ModelArtifact.open(model).manifest();
    Swin3d.write(bare, Swin3dConfig.fromMap(manifest.architecture()), Swin3d.read(model), manifest);

    assertThat(run("model", "verify", bare.toString())).isEqualTo(3);
    assertThat(out.toString()).contains("no golden outputs to compare with");
    assertThat(run("model", "verify", weights.toString())).isEqualTo(1);
    assertError("weights without a network, of which clipstream model import makes a model");
  }

  @Test
  void shouldExportForServingAndMeasureIt() throws Exception {
    Path model = folder.resolve("small-2.pt");
    Path fast = folder.resolve("fast.pt");
    importing("paddle.pdparams", model, "--labels", labels.toString());

    assertThat(run("model", "export", "--serving", model.toString(), "-o", fast.toString()))
        .isZero();

    assertThat(out.toString()).contains("fast.pt: small-2 for serving, bf16");
    assertThat(run("model", "verify", fast.toString())).isZero();
    assertThat(run("model", "inspect", fast.toString())).isZero();
    assertThat(out.toString()).contains("serving, bf16");
    assertThat(run("model", "export", "--serving", fast.toString(), "-o", "x.pt")).isEqualTo(1);
    assertError("a model in its serving form, expected the training form it was made from");
    assertThat(
            run(
                "model",
                "export",
                model.toString(),
                "--serving",
                "--precision=fp32",
                "-o",
                fast.toString()))
        .isZero();
    assertThat(
            run(
                "bench",
                "classify",
                fast.toString(),
                "--batches=1,2",
                "--seconds=0",
                "--max-latency=100000"))
        .isZero();
    assertThat(out.toString())
        .contains("small-2 (serving, fp32) on cpu")
        .contains("recommended for 100000 ms: batch ");
  }

  @Test
  void shouldCutRectanglesFromRealVideo() throws Exception {
    Path model = folder.resolve("wide-1.pt");
    Path fast = folder.resolve("fast.pt");

    assertThat(
            importing("paddle.pdparams", model, "--labels", labels.toString(), "--crop", "24x36"))
        .isZero();
    assertThat(run("model", "inspect", model.toString())).isZero();
    assertThat(out.toString()).contains("crop 24x36");
    assertThat(
            run(
                "model",
                "export",
                "--serving",
                "--precision=fp32",
                model.toString(),
                "-o",
                fast.toString()))
        .isZero();

    JsonNode whole = predicted(model);
    JsonNode served = predicted(fast);
    for (int i = 0; i < 3; i++) {
      assertThat(served.get("labels").get(i).get("name"))
          .isEqualTo(whole.get("labels").get(i).get("name"));
      assertThat(served.get("labels").get(i).get("score").doubleValue())
          .isCloseTo(whole.get("labels").get(i).get("score").doubleValue(), within(1e-5));
    }
    assertThat(importing("paddle.pdparams", model, "--crop", "24x")).isEqualTo(1);
    assertError("crop is 24x, expected a square's side in pixels or height and width");
  }

  private JsonNode predicted(Path model) throws IOException {
    assertThat(run("predict", "--json", "--model", model.toString(), VIDEO.toString())).isZero();
    return new ObjectMapper().readTree(last());
  }

  @Test
  void shouldInflateForOtherLabels() throws Exception {
    Path model = folder.resolve("start.pt");

    assertThat(importing("swin2d.pth", model, "--labels", labels.toString(), "--window", "2,3,3"))
        .isZero();

    assertThat(out.toString()).contains("inflated from 2D, fresh head: train it");
  }

  @Test
  void shouldSayInOneLineWhatIsWrong() throws Exception {
    Path model = folder.resolve("small.pt");

    assertThat(importing("torchvision.pth", model)).isEqualTo(1);
    assertError("has 3 classes, but Kinetics-400 has 400 labels: name its own with --labels");
    assertThat(importing("torchvision.pth", model, "--arch", "swin3d_t")).isEqualTo(1);
    assertError("the checkpoint has 4 channels and heads [1, 2], expected 96 and [3, 6, 12, 24]");
    assertThat(importing("torchvision.pth", model, "--arch", "swin3d_x")).isEqualTo(1);
    assertError("expected one of swin3d_t, swin3d_s, swin3d_b, swin3d_l, did you mean swin3d_");
    assertThat(importing("torchvision.pth", model, "--sha256", "00000000")).isEqualTo(1);
    assertError("expected one that begins with 00000000");
    Files.write(labels, List.of("one"));
    assertThat(importing("torchvision.pth", model, "--labels", labels.toString())).isEqualTo(1);
    assertError("has 1 label: with --fresh-head it gets a new last layer for them");
    assertThat(run("model", "import", folder.resolve("none.pth").toString(), "-o", "x.pt"))
        .isEqualTo(1);
    assertError("none.pth: no such file");
    assertThat(run("model", "import", "http://localhost/x.pth", "-o", "x.pt")).isEqualTo(1);
    assertError("http://localhost/x.pth: expected an https: address");
    assertThat(run("model", "verify", labels.toString())).isEqualTo(1);
    assertError("labels.txt: ");
    assertThat(
            run(
                "model",
                "wrap",
                folder.toString(),
                "--labels=" + labels,
                "--frames=4",
                "--crop=16",
                "-o",
                "y.pt"))
        .isEqualTo(1);
    assertError(folder + ": not a file, expected a TorchScript archive");
    assertThat(run("model")).isEqualTo(2);
    assertError("model needs a command: import, wrap, export, inspect, verify");
    assertThat(model).doesNotExist();
  }

  @Test
  void shouldHoldALocalFileToTheDigestInItsName() throws Exception {
    Path model = folder.resolve("small-2.pt");
    byte[] content = Files.readAllBytes(FIXTURES.resolve("torchvision.pth"));
    String digest = Sha256.of(content);
    Path file = Files.write(folder.resolve("swin3d_t-7615ae03.pth"), content);
    String[] importing = {
      "model", "import", file.toString(), "-o", model.toString(), "--labels", labels.toString(), ""
    };

    importing[7] = "--frames=6";
    assertThat(run(importing)).isEqualTo(1);
    assertError(
        "swin3d_t-7615ae03.pth: its SHA-256 is "
            + digest
            + ", but its name says 7615ae03: if the file is right, rename it or give --sha256 "
            + digest.substring(0, 8));
    assertThat(model).doesNotExist();
    importing[7] = "--sha256=" + digest.substring(0, 8);
    assertThat(run(importing)).isZero();
    Files.move(file, folder.resolve("swin3d_t-" + digest.substring(0, 8) + ".pth"));
    importing[2] = folder.resolve("swin3d_t-" + digest.substring(0, 8) + ".pth").toString();
    importing[7] = "--frames=6";
    assertThat(run(importing)).isZero();
  }

  private static JsonNode header(Path safetensors) throws IOException {
    byte[] bytes = Files.readAllBytes(safetensors);
    int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return new ObjectMapper().readTree(bytes, 8, length);
  }

  private void assertError(String message) {
    assertThat(err.toString()).startsWith("clipstream: ").contains(message);
    assertThat(err.toString().strip()).doesNotContain("\n");
  }

  private String last() {
    String lines = out.toString().strip();
    return lines.substring(lines.lastIndexOf('\n') + 1);
  }

  private int importing(String fixture, Path model, String... more) throws IOException {
    Path file = Files.copy(FIXTURES.resolve(fixture), folder.resolve(fixture), REPLACE_EXISTING);
    List<String> arguments =
        new ArrayList<>(
            List.of("model", "import", file.toString(), "-o", model.toString(), "--frames", "6"));
    if (!List.of(more).contains("--crop")) {
      arguments.addAll(List.of("--crop", "24"));
    }
    arguments.addAll(List.of(more));
    return run(arguments.toArray(String[]::new));
  }

  private int run(String... arguments) {
    err.getBuffer().setLength(0);
    return Clipstream.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }
}
