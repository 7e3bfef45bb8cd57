package io.clipstream.model.checkpoint;

import io.clipstream.model.Printable;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.Protocol;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A Swin3D from the tensors of a checkpoint: its sizes are read off their shapes, its parameters
 * get torchvision's names. A 2D Swin Transformer is inflated, as a start of training.
 *
 * @param dialect whose names the checkpoint has
 * @param protocol whose rules its code base places clips and crops by
 * @param inflated whether it was a 2D network
 * @param freshHead whether the head is new and knows nothing yet
 */
public record Swin3dImport(
    Swin3dConfig config,
    Map<String, Weights> weights,
    String dialect,
    Protocol protocol,
    boolean inflated,
    boolean freshHead) {
  /** Names for {@code --arch}. */
  public static final List<String> ARCHITECTURES =
      List.of("swin3d_t", "swin3d_s", "swin3d_b", "swin3d_l");

  /** Of the fresh head. */
  private static final long SEED = 1;

  /**
   * What a user may say about a checkpoint.
   *
   * @param architecture one of {@link #ARCHITECTURES}, which the tensors must then be
   * @param window tokens along time, height and width, where the tensors do not tell it
   * @param freshClasses replaces the head by a fresh one for so many classes; that of a 2D network
   *     is always replaced, by one for {@link Kinetics400} if this does not say otherwise
   */
  public record Options(
      Optional<String> architecture,
      Optional<List<Integer>> window,
      Optional<Integer> freshClasses) {}

  /** How clips are cut for Kinetics-400 by the code base whose names the checkpoint has. */
  public ClipSpec clip() {
    return protocol == Protocol.TORCHVISION
        ? Kinetics400.CLIP
        : Kinetics400.CLIP_OF_EVERY_SECOND_FRAME.by(protocol);
  }

  /**
   * Maps a checkpoint.
   *
   * @throws IOException if its tensors are not those of a Swin3D; one line that names key, found
   *     and expected
   */
  public static Swin3dImport of(Checkpoint checkpoint, Options options) throws IOException {
    try {
      Dialect dialect = Dialect.of(checkpoint.tensors());
      if (dialect == null) {
        throw new IOException(
            "no Swin Transformer: it has "
                + checkpoint.tensors().size()
                + " tensors such as "
                + Printable.name(checkpoint.tensors().keySet().iterator().next())
                + ", expected features.0.0.norm1.weight or layers.0.blocks.0.norm1.weight");
      }
      return map(checkpoint, dialect, options);
    } catch (IOException e) {
      throw new IOException(checkpoint.file() + ": " + e.getMessage(), e);
    }
  }

  /** Whether a checkpoint is that of a 2D network, which always gets a fresh head. */
  public static boolean isFlat(Checkpoint checkpoint) {
    Dialect dialect = Dialect.of(checkpoint.tensors());
    StoredTensor patch =
        dialect == null
            ? null
            : checkpoint.tensors().get(dialect.nameOf("patch_embed.proj.weight"));
    return patch != null && patch.shape().size() == 4;
  }

  /** The architecture of {@link #ARCHITECTURES} that a network is, whatever its window and head. */
  public static Optional<String> nameOf(Swin3dConfig config) {
    return ARCHITECTURES.stream()
        .filter(
            name -> {
              Swin3dConfig preset = Swin3dSizes.preset(name, 1);
              return preset.embedDim() == config.embedDim()
                  && preset.depths().equals(config.depths())
                  && preset.heads().equals(config.heads());
            })
        .findFirst();
  }

  private static Swin3dImport map(Checkpoint checkpoint, Dialect dialect, Options options)
      throws IOException {
    NamedTensors tensors = new NamedTensors(checkpoint, dialect);
    int patchAxes = tensors.tensor("patch_embed.proj.weight").shape().size();
    if (patchAxes != 4 && patchAxes != 5) {
      throw tensors.wrongShape("patch_embed.proj.weight", "[C, 3, frames, height, width]");
    }
    boolean inflated = patchAxes == 4;
    boolean freshHead = inflated || options.freshClasses().isPresent();
    Swin3dConfig config = Swin3dSizes.of(checkpoint, tensors, options, inflated);
    Map<String, Weights> fresh = freshHead ? Swin3d.initHead(config, SEED) : Map.of();
    Map<String, Weights> weights = new LinkedHashMap<>();
    for (Map.Entry<String, List<Integer>> e : Swin3d.shapes(config).entrySet()) {
      String name = e.getKey();
      Weights w = fresh.get(name);
      if (w == null) {
        w =
            inflated
                ? inflated(tensors, name, e.getValue(), config)
                : tensors.weights(name, e.getValue());
      }
      weights.put(name, w);
    }
    if (freshHead) {
      tensors.use("head.weight");
      tensors.use("head.bias");
    }
    tensors.refuseSurplus(config);
    if (!inflated) {
      Swin3dWindow.check(tensors, config.window());
    }
    return new Swin3dImport(
        config, weights, dialect.title(), dialect.protocol(), inflated, freshHead);
  }

  /**
   * A parameter of the 2D network made 3D as in the paper (https://arxiv.org/abs/2106.13230,
   * section 3.3) and its code: the patch embedding is repeated over the frames of a patch and
   * divided by their number, a position table is brought to the window's size and repeated for
   * every offset in time, everything else stays.
   */
  private static Weights inflated(
      NamedTensors tensors, String name, List<Integer> expected, Swin3dConfig config)
      throws IOException {
    if (name.equals("patch_embed.proj.weight")) {
      List<Integer> flat =
          List.of(expected.get(0), expected.get(1), expected.get(3), expected.get(4));
      return Inflation.patchEmbedding(tensors.weights(name, flat), expected.get(2));
    }
    if (name.endsWith(".relative_position_bias_table")) {
      int rows = tensors.size(name, 0);
      int side = (int) Math.round(Math.sqrt(rows));
      if (side * side != rows) {
        throw tensors.wrongShape(name, "a square number of rows");
      }
      Weights table = tensors.weights(name, List.of(rows, expected.get(1)));
      return Inflation.positionTable(table, side, config.window());
    }
    return tensors.weights(name, expected);
  }
}
