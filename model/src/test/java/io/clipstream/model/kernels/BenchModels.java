package io.clipstream.model.kernels;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.KernelModels;
import io.clipstream.model.swin.ServingKernels;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.model.swin.Swin3dServing;
import io.clipstream.model.swin.Swin3dServing.Precision;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/**
 * Writes what {@code ops/bench/swin3d.py} compares, for clips of 32 frames of 224x224 and random
 * weights: {@code training.pt}, {@code serving.pt} in bfloat16, and {@code kernels.pt}, the same
 * archive with the source that names the operators.
 */
public final class BenchModels {
  private BenchModels() {}

  /** Arguments: t, s, b or l, and a folder. */
  public static void main(String[] args) throws Exception {
    Swin3dConfig config = KernelModels.config(args[0]);
    Path folder = Files.createDirectories(Path.of(args[1]));
    Path serving = folder.resolve("serving.pt");
    Map<String, Weights> weights = KernelModels.weights(config);
    ModelManifest manifest = KernelModels.manifest(32, "224", config.classes());
    Swin3d.write(folder.resolve("training.pt"), config, weights, manifest);
    Swin3dServing.write(serving, config, weights, manifest, Precision.BF16);
    ModelArtifact artifact = ModelArtifact.open(serving);
    try (TorchArchive archive = TorchArchive.open(serving);
        InputStream replaced =
            archive.withSource(ServingKernels.of(artifact.manifest(), archive.source()).source())) {
      Files.copy(replaced, folder.resolve("kernels.pt"), StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
