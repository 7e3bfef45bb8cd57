package io.clipstream.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dServing;
import io.clipstream.model.swin.Swin3dServing.Precision;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The networks in their real sizes, with random weights, against torchvision's outputs: {@code mvn
 * verify -Pparity}. Needs Python with torchvision and safetensors.
 */
@Tag("parity")
class Swin3dParityTest {
  /** Norm of the difference over norm. */
  private static final double TOLERANCE = 1e-5;

  private static final double BF16_TOLERANCE = 1.5e-2;

  private static final String PYTHON = System.getProperty("parity.python", "python3");

  @TempDir Path folder;

  static Stream<String> architectures() {
    return Stream.of(System.getProperty("parity.archs", "swin3d_t,swin3d_s,swin3d_b").split(","));
  }

  @ParameterizedTest
  @MethodSource("architectures")
  void shouldGiveTorchvisionsLogits(String architecture) throws Exception {
    JsonNode cases = torchvision(architecture);
    Path artifact = folder.resolve("parity-1.pt");
    Swin3dImport imported = null;
    for (String checkpoint : new String[] {"paddle.pdparams", "torchvision.pth"}) {
      imported = imported(checkpoint, architecture);
      Swin3d.write(artifact, imported.config(), imported.weights(), manifest(Kinetics400.CLIP));
      try (Model model = Model.newInstance("parity", Device.cpu(), "PyTorch")) {
        model.load(artifact, null, Map.of("mapLocation", "true"));
        for (int i = 0; i < cases.size(); i++) {
          JsonNode expected = cases.get(i);
          double distance = distance(logits(model, i, expected.get("shape")), expected);
          System.out.printf(
              "parity %s %s %s: %.2g%n", architecture, checkpoint, expected.get("shape"), distance);
          assertThat(distance).as(expected.get("shape").toString()).isLessThan(TOLERANCE);
        }
      }
    }
    checkExport(architecture, imported);
    for (int i = 0; i < cases.size(); i++) {
      checkServingForms(architecture, imported, i, cases.get(i));
    }
  }

  /** torchvision's network must take what is exported as it is, with strict keys. */
  private void checkExport(String architecture, Swin3dImport imported) throws Exception {
    Path exported = folder.resolve("exported.safetensors");
    Swin3dExport.write(
        exported, imported.config(), imported.weights(), Optional.of(manifest(Kinetics400.CLIP)));
    int status =
        run("src/test/python/parity.py", folder.toString(), architecture, exported.toString());
    assertThat(status).as(Files.readString(folder.resolve("log"))).isZero();
  }

  /** A serving form takes clips of one size. */
  private void checkServingForms(
      String architecture, Swin3dImport imported, int i, JsonNode expected) throws Exception {
    JsonNode shape = expected.get("shape");
    CropSize crop = new CropSize(shape.get(2).intValue(), shape.get(3).intValue());
    ClipSpec clip =
        new ClipSpec(
            shape.get(1).intValue(),
            Kinetics400.CLIP.framesPerSecond(),
            0,
            crop.shorter(),
            crop,
            Kinetics400.CLIP.antialias(),
            Kinetics400.CLIP.mean(),
            Kinetics400.CLIP.std());
    for (Precision precision : Precision.values()) {
      Path artifact = folder.resolve("serving-1.pt");
      Swin3dServing.write(
          artifact, imported.config(), imported.weights(), manifest(clip), precision);
      try (Model model = Model.newInstance("parity", Device.cpu(), "PyTorch")) {
        model.load(artifact, null, Map.of("mapLocation", "true"));
        float[] unused = logits(model, i, shape); // TorchScript optimises after the first
        double distance = distance(logits(model, i, shape), expected);
        System.out.printf(
            "parity %s serving %s %s: %.2g%n", architecture, precision, shape, distance);
        assertThat(distance)
            .as("%s %s", precision, shape)
            .isLessThan(precision == Precision.FP32 ? TOLERANCE : BF16_TOLERANCE);
      }
    }
  }

  /** Inputs and outputs of torchvision's network, which is written beside them. */
  private JsonNode torchvision(String architecture) throws IOException, InterruptedException {
    int found = run("-c", "import torchvision, safetensors.torch");
    assertThat(found)
        .as(
            "%s needs torchvision: pip install torch torchvision safetensors, or"
                + " -Dparity.python=PYTHON; it says: %s",
            PYTHON, Files.readString(folder.resolve("log")).strip())
        .isZero();
    int status = run("src/test/python/parity.py", folder.toString(), architecture);
    assertThat(status).as(Files.readString(folder.resolve("log"))).isZero();
    return new ObjectMapper().readTree(folder.resolve("cases.json").toFile()).get("cases");
  }

  private Swin3dImport imported(String checkpoint, String architecture) throws IOException {
    return Swin3dImport.of(
        Checkpoint.open(folder.resolve(checkpoint)),
        new Swin3dImport.Options(Optional.of(architecture), Optional.empty(), Optional.empty()));
  }

  private float[] logits(Model model, int i, JsonNode sizes) throws IOException {
    byte[] clip = Files.readAllBytes(folder.resolve(i + ".clip"));
    ByteBuffer pixels = ByteBuffer.allocateDirect(clip.length).put(clip).flip();
    Shape shape =
        new Shape(
            sizes.get(0).longValue(),
            sizes.get(1).longValue(),
            sizes.get(2).longValue(),
            sizes.get(3).longValue(),
            sizes.get(4).longValue());
    try (NDManager call = model.getNDManager().newSubManager()) {
      return model
          .getBlock()
          .forward(
              new ParameterStore(call, false),
              new NDList(call.create(pixels, shape, DataType.UINT8)),
              false)
          .singletonOrThrow()
          .toFloatArray();
    }
  }

  private static double distance(float[] found, JsonNode expected) {
    double difference = 0;
    double norm = 0;
    for (int k = 0; k < found.length; k++) {
      double value = expected.get("logits").get(k).doubleValue();
      difference += (found[k] - value) * (found[k] - value);
      norm += value * value;
    }
    return Math.sqrt(difference / norm);
  }

  private static ModelManifest manifest(ClipSpec clip) {
    return new ModelManifest(
        "parity",
        "1",
        Kinetics400.labels(),
        clip,
        "1",
        Map.of(),
        "training",
        "fp32",
        Map.of(),
        Map.of(),
        "");
  }

  private int run(String... arguments) throws IOException, InterruptedException {
    File output = folder.resolve("log").toFile();
    String[] command = new String[arguments.length + 1];
    command[0] = PYTHON;
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process;
    try {
      process =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output).start();
    } catch (IOException e) {
      Files.writeString(output.toPath(), String.valueOf(e.getMessage()));
      return -1;
    }
    try {
      return process.waitFor(30, TimeUnit.MINUTES) ? process.exitValue() : -1;
    } finally {
      process.destroyForcibly();
    }
  }
}
