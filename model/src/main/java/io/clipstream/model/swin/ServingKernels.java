package io.clipstream.model.swin;

import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.swin.Swin3dServing.Precision;
import java.util.List;

/**
 * Which serving forms clipstream's own GPU kernels can compute, and the source that names them.
 *
 * @param source TorchScript to take the place of the archive's own
 * @param windowTokens of the largest attention window
 */
public record ServingKernels(String source, int windowTokens) {
  private static final int HEAD_CHANNELS = 32;
  private static final List<Integer> PATCH = List.of(2, 4, 4);
  private static final int MOST_CHANNELS = 1536;
  private static final int MOST_MERGED_CHANNELS = 3072;

  /** The archive is not one that the kernels can compute; the message says why, in one line. */
  public static final class UnsuitableException extends Exception {
    private static final long serialVersionUID = 1;

    UnsuitableException(String message) {
      super(message);
    }
  }

  /**
   * The kernels' form of an archive.
   *
   * @param source the archive's own, which must be what this version of clipstream writes: of
   *     another it is not known what its tensors mean
   */
  public static ServingKernels of(ModelManifest manifest, String source)
      throws UnsuitableException {
    expect(
        Swin3dConfig.FAMILY.equals(manifest.architecture().get("family")),
        "the network is no Swin3D");
    expect(
        manifest.form().equals("serving"),
        "the model is in its %s form, expected serving".formatted(manifest.form()));
    expect(
        manifest.precision().equals(Precision.BF16.manifestName()),
        "its precision is %s, expected bf16".formatted(manifest.precision()));
    Swin3dConfig config = config(manifest);
    ClipSpec clip = manifest.clip();
    ServingLayout layout = new ServingLayout(config, clip);
    expect(
        source.equals(ServingSource.plain(config, clip, Precision.BF16)),
        "its source is not what this version of clipstream writes: export the serving form again");
    expectHeads(config);
    for (int stage = 0; stage < config.depths().size(); stage++) {
      int channels = config.channels(stage);
      boolean last = stage == config.depths().size() - 1;
      expect(
          channels <= MOST_CHANNELS && (last || 4 * channels <= MOST_MERGED_CHANNELS),
          "stage %d has %d channels, more than there are kernels for".formatted(stage, channels));
    }
    expect(
        config.patch().equals(PATCH),
        "its patches are %s, expected %s".formatted(config.patch(), PATCH));
    expect(
        !ServingSource.wide(layout, Precision.BF16),
        "only %d tokens of a clip reach the head, and are float32"
            .formatted(layout.tokensAtHead()));
    int tokens = layout.stages().stream().mapToInt(s -> s.plain().length()).max().orElseThrow();
    return new ServingKernels(ServingSource.kernels(config, clip), tokens);
  }

  static void expectHeads(Swin3dConfig config) throws UnsuitableException {
    for (int stage = 0; stage < config.depths().size(); stage++) {
      int size = config.channels(stage) / config.heads().get(stage);
      expect(
          size == HEAD_CHANNELS,
          "its heads have %d channels, expected %d".formatted(size, HEAD_CHANNELS));
    }
  }

  static Swin3dConfig config(ModelManifest manifest) throws UnsuitableException {
    try {
      return Swin3dConfig.fromMap(manifest.architecture());
    } catch (UserError e) {
      throw new UnsuitableException("its architecture cannot be read: " + e.getMessage());
    }
  }

  static void expect(boolean condition, String otherwise) throws UnsuitableException {
    if (!condition) {
      throw new UnsuitableException(otherwise);
    }
  }
}
