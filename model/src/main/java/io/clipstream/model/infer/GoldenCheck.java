package io.clipstream.model.infer;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import io.clipstream.model.OutputFile;
import io.clipstream.model.artifact.Golden;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Stores what a network gives in its artifact, and holds a loaded network to it.
 *
 * @param largest difference of two logits
 * @param relative norm of the difference over norm of the golden logits
 * @param tolerance that {@code relative} is held to
 */
public record GoldenCheck(double largest, double relative, double tolerance) {
  static final long SEED = 20220624;

  /** Another order of summation, other kernels: measured 3e-7 between builds of PyTorch. */
  private static final double FP32_TOLERANCE = 1e-4;

  /** On GPUs, cuDNN uses TF32 (10 bits) for convolutions by default. */
  private static final double TF32_TOLERANCE = 5e-3;

  /** bfloat16 has 8 bits: up to 1.5e-2 against fp32, and twice that between two of its kind. */
  private static final double BF16_TOLERANCE = 3e-2;

  /** Whether the network gives what it gave when its artifact was made. */
  public boolean passed() {
    return relative <= tolerance;
  }

  /**
   * Writes an artifact in its training form, with the network's own golden outputs: like {@link
   * Swin3d#write}, but runs the network once, on the CPU, on a clip as the manifest says.
   */
  public static void write(
      Path out, Swin3dConfig config, Map<String, Weights> weights, ModelManifest manifest)
      throws IOException {
    Path target = OutputFile.of(out);
    Path folder = target.getParent();
    Files.createDirectories(folder);
    Path draft = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".pt");
    try {
      Swin3d.write(draft, config, weights, manifest);
      Golden golden;
      try (TorchClassifier network =
          TorchClassifier.loadCold(ModelArtifact.open(draft), Device.cpu(), List.of(1))) {
        golden = new Golden(SEED, boxed(network.logits(Golden.pixels(SEED, manifest.clip()))));
      }
      Swin3d.write(out, config, weights, manifest, Optional.of(golden));
    } catch (IOException e) {
      throw OutputFile.told(out, draft, e);
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  /**
   * Loads an artifact's network and runs it, on its golden clip if it has one.
   *
   * @return empty if the artifact has no golden outputs
   * @throws IOException if it cannot be loaded, fails or gives numbers that are not finite
   */
  public static Optional<GoldenCheck> of(ModelArtifact artifact, Device device) throws IOException {
    try (TorchClassifier network = TorchClassifier.loadCold(artifact, device, List.of(1))) {
      if (artifact.golden().isPresent()) {
        return of(network, artifact);
      }
      for (float logit : network.logits(Golden.pixels(SEED, artifact.manifest().clip()))) {
        if (!Float.isFinite(logit)) {
          throw new IOException(artifact.path() + ": the network gives " + logit);
        }
      }
      return Optional.empty();
    } catch (IllegalStateException | EngineException e) {
      throw new IOException(artifact.path() + ": the network fails: " + TorchErrors.line(e), e);
    }
  }

  /**
   * Runs a network that is loaded already on its golden clip; the thread that serves calls it.
   *
   * @return empty if the artifact has no golden outputs
   */
  public static Optional<GoldenCheck> of(TorchClassifier network, ModelArtifact artifact) {
    return artifact
        .golden()
        .map(
            golden -> {
              ModelManifest manifest = artifact.manifest();
              float[] found = network.logits(Golden.pixels(golden.seed(), manifest.clip()));
              return of(boxed(found), golden, manifest, network.device());
            });
  }

  /**
   * Compares what a network gave for its golden clip.
   *
   * @param found a logit for each label
   */
  static GoldenCheck of(List<Float> found, Golden golden, ModelManifest manifest, Device device) {
    double largest = 0;
    double difference = 0;
    double norm = 0;
    for (int k = 0; k < found.size(); k++) {
      double expected = golden.logits().get(k);
      double off = Math.abs(found.get(k) - expected);
      largest = Math.max(largest, off);
      difference += off * off;
      norm += expected * expected;
    }
    return new GoldenCheck(
        largest,
        Math.sqrt(difference / Math.max(norm, Float.MIN_NORMAL)),
        tolerance(manifest, device));
  }

  private static double tolerance(ModelManifest manifest, Device device) {
    if (manifest.precision().equals("bf16")) {
      return BF16_TOLERANCE;
    }
    return device.isGpu() ? TF32_TOLERANCE : FP32_TOLERANCE;
  }

  private static List<Float> boxed(float[] values) {
    List<Float> list = new ArrayList<>(values.length);
    for (float value : values) {
      list.add(value);
    }
    return list;
  }
}
