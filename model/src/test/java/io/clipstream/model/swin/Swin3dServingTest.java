package io.clipstream.model.swin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.ScriptObject;
import io.clipstream.model.artifact.ScriptTensor;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.infer.TorchClassifier;
import io.clipstream.model.swin.Swin3dServing.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The serving form against the training form. */
class Swin3dServingTest {
  @TempDir Path folder;

  @ParameterizedTest(name = "{0} frames of {1} pixels, depths {2}, patch norm {3}")
  @CsvSource({
    "16, 64, 2-2, true", // several windows along every axis, shifted along all
    "8, 32, 2-3-2, true", // stages that are one window and are not shifted
    "8, 32, 1-1, false", // never shifted
    "11, 41, 2-4-2, true", // neither whole patches nor whole windows, odd merges
    "10, 52, 3-2, false", // odd merges, padding of windows alone
    "8, 32x50, 2-2-2, true", // not square, and odd along one axis alone
    "3, 28, 2-2, true", // fewer frames than the window has
    "1, 9, 2-2-1, true", // smaller than the window: a few tokens of few channels even out little
  })
  void shouldGiveWhatTheTrainingFormGives(int frames, String crop, String depths, boolean patchNorm)
      throws Exception {
    Swin3dConfig config = config(depths, patchNorm);
    Map<String, Weights> weights = weights(config);
    ModelManifest manifest = manifest(frames, CropSize.of(crop), config.classes());
    Path training = folder.resolve("training-1.pt");
    Swin3d.write(training, config, weights, manifest);
    float[][] expected = logits(training, manifest.clip(), 1, 3);

    for (Precision precision : Precision.values()) {
      Path serving = folder.resolve("serving-1.pt");
      Swin3dServing.write(serving, config, weights, manifest, precision);

      float[][] found = logits(serving, manifest.clip(), 1, 3);

      for (int i = 0; i < expected.length; i++) {
        assertThat(distance(found[i], expected[i]))
            .as("%s, batch %d", precision, i)
            .isLessThan(precision == Precision.FP32 ? 1e-5 : crop.equals("9") ? 2.5e-2 : 1.5e-2);
      }
    }
  }

  @Test
  void shouldServeWhatWasTrained() throws Exception {
    Path training = SmallModels.write(folder, "small", 4);
    ClipBuffers buffers = new ClipBuffers(SmallModels.CLIP.clipBytes(), 1 << 24);
    List<Clip> clips = new ArrayList<>();
    Random random = new Random(3);
    for (int i = 0; i < 3; i++) {
      Clip clip = buffers.take(new TimeRange(0, 1), 0);
      byte[] pixels = new byte[SmallModels.CLIP.clipBytes()];
      random.nextBytes(pixels);
      clip.pixels().put(pixels).flip();
      clips.add(clip);
    }
    float[][] expected = classify(training, clips);
    for (Precision precision : Precision.values()) {
      Path serving = folder.resolve(precision + ".pt");
      Swin3dServing.export(training, serving, precision);

      ModelManifest manifest = ModelArtifact.open(serving).manifest();
      assertThat(manifest.form()).isEqualTo("serving");
      assertThat(manifest.precision()).isEqualTo(precision.manifestName());
      assertThat(manifest.id()).isEqualTo("small-1");
      float[][] found = classify(serving, clips);
      for (int i = 0; i < 3; i++) {
        float[] p = expected[i];
        assertThat(found[i]).hasSize(4);
        assertThat(distance(found[i], IntStream.range(0, 4).mapToDouble(k -> p[k]).toArray()))
            .isLessThan(precision == Precision.FP32 ? 1e-5 : 1.5e-2);
      }
    }
    clips.forEach(Clip::close);
  }

  @Test
  void shouldRefuseToExportAServingForm() throws Exception {
    Path training = SmallModels.write(folder, "small", 4);
    Path serving = folder.resolve("serving.pt");
    Swin3dServing.export(training, serving, Precision.FP32);

    assertThatThrownBy(
            () -> Swin3dServing.export(serving, folder.resolve("again.pt"), Precision.FP32))
        .isInstanceOf(IOException.class)
        .hasMessage(serving + ": its form is serving, expected training to export from");
  }

  @Test
  void shouldStoreHalfOfTheBytesInBfloat16() throws Exception {
    Path training = SmallModels.write(folder, "small", 4);
    Path serving = folder.resolve("serving.pt");
    Swin3dServing.export(training, serving, Precision.BF16);

    try (TorchArchive archive = TorchArchive.open(serving)) {
      ScriptObject embed = (ScriptObject) archive.root().fields().get("patch_embed");
      ScriptTensor weight = (ScriptTensor) embed.fields().get("weight");
      assertThat(weight.shape()).containsExactly(8, 96);
      assertThatThrownBy(weight::weights).hasMessage("the tensor is bfloat16, expected float32");
      assertThat(archive.root().parameters()).isEmpty();
    }
  }

  private static Swin3dConfig config(String depths, boolean patchNorm) {
    List<Integer> blocks = IntStream.of(ints(depths)).boxed().toList();
    return new Swin3dConfig(
        16,
        blocks,
        IntStream.range(0, blocks.size()).mapToObj(i -> 2 << i).toList(),
        List.of(4, 3, 3),
        List.of(2, 4, 4),
        4,
        0,
        0,
        0.1,
        patchNorm,
        5);
  }

  private static int[] ints(String dashed) {
    return Arrays.stream(dashed.split("-")).mapToInt(Integer::parseInt).toArray();
  }

  /** Random weights away from zeros and ones, so that every part shows. */
  static Map<String, Weights> weights(Swin3dConfig config) {
    Random random = new Random(5);
    Map<String, Weights> weights = Swin3d.init(config, 4);
    weights.replaceAll(
        (name, w) -> {
          float[] values = w.toArray();
          for (int i = 0; i < values.length; i++) {
            values[i] += 0.1f * (float) random.nextGaussian();
          }
          return Weights.of(w.shape(), values);
        });
    return weights;
  }

  static ModelManifest manifest(int frames, CropSize crop, int classes) {
    ModelManifest m = SmallModels.manifest("form", classes);
    ClipSpec clip =
        new ClipSpec(frames, 8, 0, crop.shorter(), crop, false, m.clip().mean(), m.clip().std());
    return new ModelManifest(
        m.name(), m.version(), m.labels(), clip, null, null, null, null, null, null, null);
  }

  private static float[][] classify(Path artifact, List<Clip> clips) throws IOException {
    try (TorchClassifier classifier =
        TorchClassifier.load(ModelArtifact.open(artifact), Device.cpu(), List.of(1, 4))) {
      return classifier.classify(clips);
    }
  }

  /** Logits for batches of random clips, each batch run until TorchScript has optimised it. */
  static float[][] logits(Path artifact, ClipSpec clip, int... batches) throws Exception {
    try (Model model = Model.newInstance("form", Device.cpu(), "PyTorch")) {
      model.load(artifact, null, Map.of("mapLocation", "true"));
      float[][] logits = new float[batches.length][];
      for (int i = 0; i < batches.length; i++) {
        byte[] pixels = new byte[batches[i] * clip.clipBytes()];
        new Random(i).nextBytes(pixels);
        Shape shape =
            new Shape(batches[i], clip.frames(), clip.crop().height(), clip.crop().width(), 3);
        for (int run = 0; run < 3; run++) {
          try (NDManager call = model.getNDManager().newSubManager()) {
            NDArray clips = call.create(ByteBuffer.wrap(pixels), shape, DataType.UINT8);
            NDArray output =
                model
                    .getBlock()
                    .forward(new ParameterStore(call, false), new NDList(clips), false)
                    .singletonOrThrow();
            assertThat(output.getDataType()).isEqualTo(DataType.FLOAT32);
            logits[i] = output.toFloatArray();
          }
        }
      }
      return logits;
    }
  }

  static double distance(float[] found, float[] expected) {
    return distance(
        found, IntStream.range(0, expected.length).mapToDouble(i -> expected[i]).toArray());
  }

  private static double distance(float[] found, double[] expected) {
    assertThat(found).hasSize(expected.length);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < found.length; i++) {
      difference += (found[i] - expected[i]) * (found[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    return Math.sqrt(difference / norm);
  }
}
