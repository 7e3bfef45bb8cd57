package io.clipstream.model.checkpoint;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * A Swin3D from the tensors of a checkpoint: its sizes are read off their shapes, its parameters
 * get torchvision's names. A 2D Swin Transformer is inflated, as a start of training.
 *
 * @param dialect whose names the checkpoint has
 * @param inflated whether it was a 2D network
 * @param freshHead whether the head is new and knows nothing yet
 */
public record Swin3dImport(
    Swin3dConfig config,
    Map<String, Weights> weights,
    String dialect,
    boolean inflated,
    boolean freshHead) {
  /** Names for {@code --arch}. */
  public static final List<String> ARCHITECTURES =
      List.of("swin3d_t", "swin3d_s", "swin3d_b", "swin3d_l");

  /** Of the fresh head. */
  private static final long SEED = 1;

  private static final List<Integer> DEFAULT_WINDOW = List.of(8, 7, 7);
  private static final int DEFAULT_PATCH_FRAMES = 2;

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
    return dialect.equals(Dialect.TORCHVISION)
        ? Kinetics400.CLIP
        : Kinetics400.CLIP_OF_EVERY_SECOND_FRAME;
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
                + CheckpointTypes.printable(checkpoint.tensors().keySet().iterator().next())
                + ", expected features.0.0.norm1.weight or layers.0.blocks.0.norm1.weight");
      }
      return new Mapping(checkpoint, dialect, options).map();
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
              Swin3dConfig preset = Mapping.preset(name, 1);
              return preset.embedDim() == config.embedDim()
                  && preset.depths().equals(config.depths())
                  && preset.heads().equals(config.heads());
            })
        .findFirst();
  }

  private static final class Mapping {
    private final Map<String, StoredTensor> tensors;
    private final Dialect dialect;
    private final Options options;
    private final boolean transposed;
    private final Optional<Map<String, Object>> known;
    private final long fileBytes;
    private final Set<String> used = new LinkedHashSet<>();

    Mapping(Checkpoint checkpoint, Dialect dialect, Options options) {
      this.tensors = checkpoint.tensors();
      this.dialect = dialect;
      this.options = options;
      this.fileBytes = checkpoint.bytes();
      this.known = checkpoint.manifest().map(ModelManifest::architecture);
      this.transposed = checkpoint.format() == Checkpoint.Format.PADDLE;
    }

    Swin3dImport map() throws IOException {
      int patchAxes = tensor("patch_embed.proj.weight").shape().size();
      if (patchAxes != 4 && patchAxes != 5) {
        throw wrongShape("patch_embed.proj.weight", "[C, 3, frames, height, width]");
      }
      boolean inflated = patchAxes == 4;
      boolean freshHead = inflated || options.freshClasses().isPresent();
      Swin3dConfig config;
      try {
        config = known.isPresent() ? known(known.get()) : config(inflated);
      } catch (IllegalArgumentException e) {
        throw new IOException("its sizes are not those of a Swin3D: " + e.getMessage(), e);
      }
      refuseImpossible(config);
      Map<String, Weights> fresh = freshHead ? Swin3d.initHead(config, SEED) : Map.of();
      Map<String, Weights> weights = new LinkedHashMap<>();
      for (Map.Entry<String, List<Integer>> e : Swin3d.shapes(config).entrySet()) {
        String name = e.getKey();
        Weights w = fresh.get(name);
        if (w == null) {
          w = inflated ? inflated(name, e.getValue(), config) : weights(name, e.getValue());
        }
        weights.put(name, w);
      }
      if (freshHead) {
        used.add(dialect.nameOf("head.weight"));
        used.add(dialect.nameOf("head.bias"));
      }
      refuseSurplus(config);
      if (!inflated) {
        checkPositionIndexes(config);
      }
      return new Swin3dImport(config, weights, dialect.title(), inflated, freshHead);
    }

    /**
     * The sizes that a manifest tells, with other classes if the head is replaced. What the user
     * says of them must be the same.
     */
    private Swin3dConfig known(Map<String, Object> architecture) throws IOException {
      Map<String, Object> map = new LinkedHashMap<>(architecture);
      options.freshClasses().ifPresent(classes -> map.put("classes", classes));
      Swin3dConfig config = Swin3dConfig.fromMap(map);
      if (options.architecture().isPresent()
          && !options.architecture().equals(Swin3dImport.nameOf(config))) {
        Swin3dConfig named = preset(options.architecture().get(), config.classes());
        throw new IOException(
            "its manifest has "
                + config.embedDim()
                + " channels, depths "
                + config.depths()
                + " and heads "
                + config.heads()
                + ", expected "
                + named.embedDim()
                + ", "
                + named.depths()
                + " and "
                + named.heads()
                + " for "
                + options.architecture().get());
      }
      if (options.window().isPresent() && !options.window().get().equals(config.window())) {
        throw new IOException(
            "its manifest has a window of "
                + config.window()
                + ", expected "
                + options.window().get());
      }
      return config;
    }

    /**
     * The sizes that the tensors have, or the ones of the named architecture where they are fixed.
     */
    private Swin3dConfig config(boolean inflated) throws IOException {
      List<Integer> patch = tensor("patch_embed.proj.weight").shape();
      List<Integer> depths = new ArrayList<>();
      List<Integer> heads = new ArrayList<>();
      for (int stage = 0; stage < 8; stage++) {
        int s = stage;
        int depth = count(i -> "features." + 2 * s + "." + i + ".norm1.weight");
        if (depth == 0) {
          break;
        }
        depths.add(depth);
        heads.add(size("features." + 2 * s + ".0.attn.relative_position_bias_table", 1));
      }
      int hidden = size("features.0.0.mlp.0.weight", 0);
      Swin3dConfig found =
          new Swin3dConfig(
              patch.get(0),
              depths,
              heads,
              window(inflated),
              inflated
                  ? List.of(DEFAULT_PATCH_FRAMES, patch.get(2), patch.get(3))
                  : patch.subList(2, 5),
              (double) hidden / patch.get(0),
              0,
              0,
              0.1,
              tensors.containsKey(dialect.nameOf("patch_embed.norm.weight")),
              classes(inflated));
      if (options.architecture().isEmpty()) {
        return found;
      }
      Swin3dConfig named = preset(options.architecture().get(), found.classes());
      // A lack of blocks is told by the key that is missing; a surplus of blocks likewise.
      if (found.embedDim() != named.embedDim() || !found.heads().equals(named.heads())) {
        throw new IOException(
            "the checkpoint has "
                + found.embedDim()
                + " channels and heads "
                + found.heads()
                + ", expected "
                + named.embedDim()
                + " and "
                + named.heads()
                + " for "
                + options.architecture().get());
      }
      return new Swin3dConfig(
          named.embedDim(),
          named.depths(),
          named.heads(),
          found.window(),
          found.patch(),
          named.mlpRatio(),
          0,
          0,
          named.stochasticDepth(),
          found.patchNorm(),
          found.classes());
    }

    private int classes(boolean inflated) throws IOException {
      if (options.freshClasses().isPresent()) {
        return options.freshClasses().get();
      }
      return inflated ? Kinetics400.labels().size() : size("head.weight", 0);
    }

    private static Swin3dConfig preset(String name, int classes) {
      return switch (name) {
        case "swin3d_t" -> Swin3dConfig.tiny(classes);
        case "swin3d_s" -> Swin3dConfig.small(classes);
        case "swin3d_b" -> Swin3dConfig.base(classes);
        case "swin3d_l" -> Swin3dConfig.large(classes);
        default ->
            throw new IllegalArgumentException(
                "there is no architecture "
                    + name
                    + ", expected one of "
                    + String.join(", ", ARCHITECTURES));
      };
    }

    private int count(IntFunction<String> name) {
      int count = 0;
      while (tensors.containsKey(dialect.nameOf(name.apply(count)))) {
        count++;
      }
      return count;
    }

    /**
     * A position table has (2t-1)(2h-1)(2w-1) rows. For square windows of 2 to 64 tokens a side
     * that tells t and h in every network that is known; the index beside it settles the rest.
     */
    private List<Integer> window(boolean inflated) throws IOException {
      if (options.window().isPresent()) {
        return options.window().get();
      }
      if (inflated) {
        return DEFAULT_WINDOW;
      }
      String block = "features.0.0.attn.";
      int rows = size(block + "relative_position_bias_table", 0);
      StoredTensor index = tensors.get(dialect.nameOf(block + "relative_position_index"));
      List<List<Integer>> possible = new ArrayList<>();
      for (int t = 1; t <= 64; t++) {
        for (int h = 1; h <= 64; h++) {
          for (int w = 1; w <= 64; w++) {
            boolean fits = (2 * t - 1) * (2 * h - 1) * (2 * w - 1) == rows;
            if (fits && (index == null ? h == w && h > 1 : hasIndex(index, List.of(t, h, w)))) {
              possible.add(List.of(t, h, w));
            }
          }
        }
      }
      if (possible.size() != 1) {
        throw new IOException(
            dialect.nameOf(block + "relative_position_bias_table")
                + " has "
                + rows
                + " rows, which fit "
                + (possible.isEmpty() ? "no window" : "the windows " + possible)
                + ": name it with --window");
      }
      return possible.get(0);
    }

    private static boolean hasIndex(StoredTensor index, List<Integer> window) throws IOException {
      long tokens = (long) window.get(0) * window.get(1) * window.get(2);
      return tokens <= 4096 // what Swin3dConfig allows
          && StoredTensor.elements(index.shape()) == tokens * tokens
          && Arrays.equals(index.integers(), Swin3d.relativePositions(window));
    }

    /** The buffers follow from the window; other ones mean another network. */
    private void checkPositionIndexes(Swin3dConfig config) throws IOException {
      for (Map.Entry<String, StoredTensor> e : tensors.entrySet()) {
        if (e.getKey().endsWith(".relative_position_index")
            && !hasIndex(e.getValue(), config.window())) {
          throw new IOException(
              CheckpointTypes.printable(e.getKey())
                  + " is not that of a window of "
                  + config.window());
        }
      }
    }

    /** A parameter of the expected shape, its linear weights turned where they are transposed. */
    private Weights weights(String name, List<Integer> expected) throws IOException {
      if (!tensors.containsKey(dialect.nameOf(name))) {
        throw new IOException("lacks " + dialect.nameOf(name) + ", expected shape " + expected);
      }
      StoredTensor tensor = tensor(name);
      if (!tensor.shape().equals(expected)) {
        throw wrongShape(name, expected.toString());
      }
      if (!tensor.type().isFloating()) {
        throw new IOException(
            CheckpointTypes.printable(dialect.nameOf(name))
                + " is "
                + tensor
                + ", expected floating-point numbers");
      }
      return tensor.weights();
    }

    /**
     * A parameter of the 2D network made 3D as in the paper (https://arxiv.org/abs/2106.13230,
     * section 3.3) and its code: the patch embedding is repeated over the frames of a patch and
     * divided by their number, a position table is brought to the window's size and repeated for
     * every offset in time, everything else stays.
     */
    private Weights inflated(String name, List<Integer> expected, Swin3dConfig config)
        throws IOException {
      if (name.equals("patch_embed.proj.weight")) {
        List<Integer> flat =
            List.of(expected.get(0), expected.get(1), expected.get(3), expected.get(4));
        return Inflation.patchEmbedding(weights(name, flat), expected.get(2));
      }
      if (name.endsWith(".relative_position_bias_table")) {
        int rows = size(name, 0);
        int side = (int) Math.round(Math.sqrt(rows));
        if (side * side != rows) {
          throw wrongShape(name, "a square number of rows");
        }
        Weights table = weights(name, List.of(rows, expected.get(1)));
        return Inflation.positionTable(table, side, config.window());
      }
      return weights(name, expected);
    }

    private StoredTensor tensor(String name) throws IOException {
      String theirs = dialect.nameOf(name);
      StoredTensor tensor = tensors.get(theirs);
      if (tensor == null) {
        throw new IOException("lacks " + theirs);
      }
      used.add(theirs);
      boolean linear =
          name.endsWith(".weight")
              && tensor.shape().size() == 2
              && !name.startsWith("patch_embed.");
      return transposed && linear ? tensor.transposed() : tensor;
    }

    private int size(String name, int axis) throws IOException {
      List<Integer> shape = tensor(name).shape();
      if (shape.size() != 2) {
        throw wrongShape(name, "two axes");
      }
      return shape.get(axis);
    }

    private IOException wrongShape(String name, String expected) throws IOException {
      List<Integer> found = tensors.get(dialect.nameOf(name)).shape();
      boolean turned = transposed && found.size() == 2 && name.endsWith(".weight");
      return new IOException(
          dialect.nameOf(name)
              + " has shape "
              + found
              + ", expected "
              + expected
              + (turned ? " transposed" : ""));
    }

    /** A small hostile file can name one tensor often: no more is made of it than it can hold. */
    private void refuseImpossible(Swin3dConfig config) throws IOException {
      long elements = 0;
      for (Map.Entry<String, List<Integer>> e : Swin3d.shapes(config).entrySet()) {
        boolean grown =
            e.getKey().startsWith("patch_embed.")
                || e.getKey().startsWith("head.")
                || e.getKey().endsWith("_table");
        elements += grown ? 0 : StoredTensor.elements(e.getValue());
      }
      if (elements > fileBytes) {
        throw new IOException(
            "names a network of "
                + elements
                + " parameters, more than its "
                + fileBytes
                + " bytes can hold");
      }
    }

    private void refuseSurplus(Swin3dConfig config) throws IOException {
      List<String> surplus =
          tensors.keySet().stream()
              .filter(name -> !used.contains(name) && !Dialect.isBuffer(name))
              .toList();
      if (!surplus.isEmpty()) {
        throw new IOException(
            "has "
                + CheckpointTypes.printable(surplus.get(0))
                + " "
                + tensors.get(surplus.get(0)).shape()
                + ", which a Swin3D of depths "
                + config.depths()
                + " has not"
                + (surplus.size() > 1 ? " (and " + (surplus.size() - 1) + " more)" : ""));
      }
    }
  }
}
