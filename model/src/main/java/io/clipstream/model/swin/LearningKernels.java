package io.clipstream.model.swin;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.swin.ServingKernels.UnsuitableException;

/**
 * Which networks that learn clipstream's own attention on GPUs can compute, and the source that
 * names it.
 *
 * @param source TorchScript to take the place of the archive's own
 * @param windowTokens of the largest attention window
 * @param tableRows of a table of relative position bias
 */
public record LearningKernels(String source, int windowTokens, int tableRows) {
  /**
   * The kernels' form of an archive that {@link Swin3d#writeLearning} wrote.
   *
   * @param source the archive's own
   */
  public static LearningKernels of(ModelManifest manifest, String source)
      throws UnsuitableException {
    Swin3dConfig config = ServingKernels.config(manifest);
    LearningModule learning = new LearningModule(config, manifest.clip());
    ServingKernels.expect(
        !source.equals(learning.source(Swin3d.Precision.FP32)),
        "train.precision is fp32, expected bf16");
    ServingKernels.expect(
        source.equals(learning.source(Swin3d.Precision.BF16)),
        "its source is not what this version of clipstream writes");
    ServingKernels.expectHeads(config);
    int rows = config.window().stream().reduce(1, (product, size) -> product * (2 * size - 1));
    return new LearningKernels(learning.kernels(), learning.windowTokens(), rows);
  }
}
