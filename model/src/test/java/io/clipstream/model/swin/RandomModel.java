package io.clipstream.model.swin;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.ClipSpec;
import java.nio.file.Path;

/**
 * Writes a serving form of Swin3D in bfloat16 with random weights, for clips of 32 frames at 15 a
 * second and 224 x 224: to measure with. Arguments: t, s, b or l, and a file.
 */
public final class RandomModel {
  private RandomModel() {}

  public static void main(String[] args) throws Exception {
    Swin3dConfig config = KernelModels.config(args[0]);
    ModelManifest some = KernelModels.manifest(32, "224", config.classes());
    ClipSpec clip = new ClipSpec(32, 15, 256, 224, false, some.clip().mean(), some.clip().std());
    ModelManifest manifest =
        new ModelManifest(
            "random", "1", some.labels(), clip, null, null, null, null, null, null, null);
    Swin3dServing.write(
        Path.of(args[1]), config, Swin3d.init(config, 1), manifest, Swin3dServing.Precision.BF16);
  }
}
