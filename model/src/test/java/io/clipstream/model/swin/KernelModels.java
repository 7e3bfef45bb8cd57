package io.clipstream.model.swin;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.swin.Swin3dServing.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Networks that GPU kernels can compute, with random weights. */
public final class KernelModels {
  private KernelModels() {}

  /** A small one, of 8 frames of 56x56: windows that are shifted, padded and partial tiles. */
  public static Path write(Path folder, String name) throws IOException {
    Swin3dConfig config = config(2, List.of(4, 4, 4));
    Path file = folder.resolve(name + "-1.pt");
    Swin3dServing.write(file, config, weights(config), manifest(8, "56", 4), Precision.BF16);
    return file;
  }

  /**
   * One that learns from clips of 16 frames of 56x56: windows that are shifted and padded.
   *
   * @param window its largest
   */
  public static Path writeLearning(
      Path file, List<Integer> window, int heads, Swin3d.Precision precision) throws IOException {
    Swin3dConfig config = config(heads, window);
    Swin3d.writeLearning(file, config, weights(config), manifest(16, "56", 4), precision);
    return file;
  }

  private static Swin3dConfig config(int heads, List<Integer> window) {
    return new Swin3dConfig(
        64,
        List.of(2, 2),
        List.of(heads, 2 * heads),
        window,
        List.of(2, 4, 4),
        2,
        0,
        0,
        0.1,
        true,
        4);
  }

  /**
   * Swin3D of a known size, for Kinetics-400.
   *
   * @param size t, s, b or l
   */
  public static Swin3dConfig config(String size) {
    return switch (size) {
      case "t" -> Swin3dConfig.tiny(400);
      case "s" -> Swin3dConfig.small(400);
      case "b" -> Swin3dConfig.base(400);
      default -> Swin3dConfig.large(400);
    };
  }

  /** Away from zeros and ones, so that every part shows. */
  public static Map<String, Weights> weights(Swin3dConfig config) {
    Map<String, Weights> weights = Swin3d.init(config, 4);
    // By several threads: drawing takes longer than all else that is done with a large network.
    weights.entrySet().parallelStream().forEach(entry -> entry.setValue(noisy(entry)));
    return weights;
  }

  private static Weights noisy(Map.Entry<String, Weights> entry) {
    Random random = new Random(entry.getKey().hashCode());
    float[] values = entry.getValue().toArray();
    for (int i = 0; i < values.length; i++) {
      values[i] += 0.02f * (float) random.nextGaussian();
    }
    return Weights.of(entry.getValue().shape(), values);
  }

  public static ModelManifest manifest(int frames, String crop, int classes) {
    ModelManifest m = SmallModels.manifest("kernels", classes);
    CropSize size = CropSize.of(crop);
    ClipSpec clip =
        new ClipSpec(frames, 8, 0, size.shorter(), size, false, m.clip().mean(), m.clip().std());
    return new ModelManifest(
        m.name(), m.version(), m.labels(), clip, null, null, null, null, null, null, null);
  }
}
