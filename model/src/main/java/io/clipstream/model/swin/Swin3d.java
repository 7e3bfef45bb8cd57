package io.clipstream.model.swin;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import io.clipstream.model.Count;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.Golden;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.ScriptObject;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.model.artifact.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;

/**
 * The training form of Swin3D: its parameters and its artifact, for one {@link Swin3dConfig}.
 *
 * <p>The tree has torchvision's names, so {@code features.0.1.attn.qkv.weight} is the same
 * parameter here, in DJL's block, in {@code state_dict()} of the loaded file and in torchvision's
 * {@code swin3d_t}: weights go both ways without a table of names.
 *
 * <p>Normalisation of pixels is inside, as constants that are neither parameters nor buffers.
 */
public final class Swin3d {
  /** Of what layers take and give while a network learns. */
  public enum Precision {
    FP32(6),
    /** Half the memory; GPUs multiply such matrices many times as fast, CPUs slower. */
    BF16(15);

    /** PyTorch's number of the type. */
    final int scalarType;

    Precision(int scalarType) {
      this.scalarType = scalarType;
    }
  }

  private Swin3d() {}

  /** Names and shapes of all parameters, in torchvision's order. */
  public static Map<String, List<Integer>> shapes(Swin3dConfig config) {
    Map<String, List<Integer>> shapes = new LinkedHashMap<>();
    int c0 = config.embedDim();
    List<Integer> patch = config.patch();
    shapes.put("patch_embed.proj.weight", List.of(c0, 3, patch.get(0), patch.get(1), patch.get(2)));
    shapes.put("patch_embed.proj.bias", List.of(c0));
    if (config.patchNorm()) {
      norm(shapes, "patch_embed.norm", c0);
    }
    int table = 1;
    for (int size : config.window()) {
      table *= 2 * size - 1;
    }
    int stages = config.depths().size();
    for (int stage = 0; stage < stages; stage++) {
      int c = config.channels(stage);
      for (int i = 0; i < config.depths().get(stage); i++) {
        String block = "features." + 2 * stage + "." + i;
        norm(shapes, block + ".norm1", c);
        shapes.put(
            block + ".attn.relative_position_bias_table",
            List.of(table, config.heads().get(stage)));
        linear(shapes, block + ".attn.qkv", c, 3 * c);
        linear(shapes, block + ".attn.proj", c, c);
        norm(shapes, block + ".norm2", c);
        linear(shapes, block + ".mlp.0", c, config.hidden(stage));
        linear(shapes, block + ".mlp.3", config.hidden(stage), c);
      }
      if (stage < stages - 1) {
        String merging = "features." + (2 * stage + 1);
        shapes.put(merging + ".reduction.weight", List.of(2 * c, 4 * c));
        norm(shapes, merging + ".norm", 4 * c);
      }
    }
    norm(shapes, "norm", config.features());
    linear(shapes, "head", config.features(), config.classes());
    return shapes;
  }

  /**
   * Columns of what the training form takes as its second input, {@code float32 [N, 2 B + F]}: what
   * a step drops. For each clip a factor for the attention branch and one for the MLP branch of
   * each of the B blocks (stochastic depth), then one for each of the F features before the head
   * (dropout): 0 drops, {@code 1 / (1 - rate)} keeps. Without this input the network drops nothing,
   * or, in PyTorch's training mode, draws for itself.
   */
  public static int maskColumns(Swin3dConfig config) {
    return 2 * config.blocks() + config.features();
  }

  private static void norm(Map<String, List<Integer>> shapes, String name, int channels) {
    shapes.put(name + ".weight", List.of(channels));
    shapes.put(name + ".bias", List.of(channels));
  }

  private static void linear(Map<String, List<Integer>> shapes, String name, int in, int out) {
    shapes.put(name + ".weight", List.of(out, in));
    shapes.put(name + ".bias", List.of(out));
  }

  /**
   * Fresh weights, distributed as torchvision's: linear weights and position tables normal with
   * deviation 0.02 (cut at ±2), linear biases 0, layer norms 1 and 0, the patch embedding PyTorch's
   * default for convolutions, uniform within 1/sqrt(inputs).
   *
   * @param seed the same seed gives the same weights, on every machine
   */
  public static Map<String, Weights> init(Swin3dConfig config, long seed) {
    return init(config, shapes(config), seed);
  }

  /**
   * A fresh head alone, {@code head.weight} and {@code head.bias}, distributed as that of {@link
   * #init}.
   */
  public static Map<String, Weights> initHead(Swin3dConfig config, long seed) {
    Map<String, List<Integer>> head = new LinkedHashMap<>();
    linear(head, "head", config.features(), config.classes());
    return init(config, head, seed);
  }

  private static Map<String, Weights> init(
      Swin3dConfig config, Map<String, List<Integer>> shapes, long seed) {
    Random random = new Random(seed);
    double bound = 1 / Math.sqrt(3.0 * config.patch().stream().reduce(1, (a, b) -> a * b));
    Map<String, Weights> weights = new LinkedHashMap<>();
    shapes.forEach(
        (name, shape) -> {
          float[] values = new float[shape.stream().reduce(1, Math::multiplyExact)];
          for (int i = 0; i < values.length; i++) {
            if (name.startsWith("patch_embed.proj.")) {
              values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
            } else if (shape.size() == 2) {
              values[i] = (float) Math.max(-2, Math.min(2, 0.02 * random.nextGaussian()));
            } else if (name.endsWith(".weight")) {
              values[i] = 1;
            }
          }
          weights.put(name, Weights.of(shape, values));
        });
    return weights;
  }

  /**
   * Writes the network in its training form as an artifact.
   *
   * @param out where to; replaced in one step if it exists
   * @param weights every parameter of {@link #shapes}, and no other
   * @param manifest its architecture, form and precision are replaced by what is written; its
   *     labels are as many as the config's classes, its clip gives the normalisation
   * @throws UserError if weights or labels do not fit the config; the message is one line that
   *     names key, found and expected
   */
  public static void write(
      Path out, Swin3dConfig config, Map<String, Weights> weights, ModelManifest manifest)
      throws IOException {
    write(out, config, weights, manifest, Optional.empty());
  }

  /**
   * Writes the network as the trainer runs it, for clips of the manifest's size alone: computes in
   * a precision, with float32 parameters, what {@link #write} does, faster and in less memory. Its
   * stages can be run one by one, too: method {@code stage0} takes pixels and mask, {@code stageI}
   * what the stage before gave and the mask, and the last one gives logits. {@link #isOwn} does not
   * know such a file.
   */
  public static void writeLearning(
      Path out,
      Swin3dConfig config,
      Map<String, Weights> weights,
      ModelManifest manifest,
      Precision precision)
      throws IOException {
    check(config, weights);
    ModelManifest written = manifest.withNetwork(config.toMap(), "training", "fp32");
    LearningModule learning = new LearningModule(config, manifest.clip());
    ScriptObject network = learning.module(weights, manifest.clip());
    ModelArtifact.write(out, written, learning.source(precision), network, Optional.empty());
  }

  /** As the other, with what the network gives for a clip. */
  public static void write(
      Path out,
      Swin3dConfig config,
      Map<String, Weights> weights,
      ModelManifest manifest,
      Optional<Golden> golden)
      throws IOException {
    check(config, weights);
    if (manifest.labels().size() != config.classes()) {
      throw new UserError(
          "the manifest has %s, expected %d"
              .formatted(Count.of(manifest.labels().size(), "label"), config.classes()));
    }
    ModelManifest written = manifest.withNetwork(config.toMap(), "training", "fp32");
    ScriptObject network = Swin3dModule.of(config, weights, manifest.clip());
    ModelArtifact.write(out, written, Swin3dModule.source(config), network, golden);
  }

  /**
   * The weights of an artifact in its training form, without loading PyTorch and without running
   * anything in the file. They are views of the file, which must stay as it is while they are used.
   *
   * @throws IOException if the file is no such artifact; the message is one line
   */
  public static Map<String, Weights> read(Path artifact) throws IOException {
    ModelArtifact opened = ModelArtifact.open(artifact);
    try (TorchArchive archive = TorchArchive.open(artifact)) {
      Map<String, Weights> weights = archive.root().parameters();
      check(Swin3dConfig.fromMap(opened.manifest().architecture()), weights);
      return weights;
    } catch (IOException | UserError e) {
      throw new IOException(artifact + ": " + e.getMessage(), e);
    }
  }

  /**
   * Whether the source in an artifact is, letter for letter, what this class writes for its
   * architecture in the training form.
   */
  public static boolean isOwn(ModelArtifact artifact) throws IOException {
    ModelManifest manifest = artifact.manifest();
    if (!manifest.form().equals("training")
        || !Swin3dConfig.FAMILY.equals(manifest.architecture().get("family"))) {
      return false;
    }
    try (TorchArchive archive = TorchArchive.open(artifact.path())) {
      String own = Swin3dModule.source(Swin3dConfig.fromMap(manifest.architecture()));
      return archive.sources().equals(Map.of("__torch__.py", own));
    } catch (UserError e) {
      return false; // its architecture is none of ours
    }
  }

  /**
   * A copy of the parameters of a loaded network, such as one that DJL trained, by torchvision's
   * names. The thread that trains calls it.
   *
   * @param block of a {@link ai.djl.Model} that loaded an artifact in its training form
   */
  public static Map<String, Weights> weights(Block block) {
    Map<String, Weights> weights = new LinkedHashMap<>();
    for (Pair<String, Parameter> parameter : block.getParameters()) {
      NDArray array = parameter.getValue().getArray();
      List<Integer> shape = new ArrayList<>();
      for (long size : array.getShape().getShape()) {
        shape.add(Math.toIntExact(size));
      }
      weights.put(parameter.getKey(), Weights.of(shape, array.toFloatArray()));
    }
    return weights;
  }

  /**
   * Checks that weights are those of a network of this config: all of them, no other, of the right
   * shapes.
   *
   * @throws UserError naming key, found and expected
   */
  public static void check(Swin3dConfig config, Map<String, Weights> weights) {
    Map<String, List<Integer>> shapes = shapes(config);
    shapes.forEach(
        (name, shape) -> {
          Weights found = weights.get(name);
          if (found == null) {
            throw new UserError("weights lack " + name + ", expected shape " + shape);
          }
          if (!found.shape().equals(shape)) {
            throw new UserError(name + " has shape " + found.shape() + ", expected " + shape);
          }
        });
    TreeSet<String> surplus = new TreeSet<>(weights.keySet());
    surplus.removeAll(shapes.keySet());
    if (!surplus.isEmpty()) {
      throw new UserError(
          "weights have "
              + surplus.first()
              + ", which this network does not have"
              + (surplus.size() > 1 ? " (and " + (surplus.size() - 1) + " more)" : ""));
    }
  }

  /**
   * For each pair of tokens of a window, the row of the position table for the offset between them:
   * [L, L] with L = T H W, row-major, as torchvision stores it.
   *
   * @param window tokens along time, height, width: T, H, W
   */
  public static long[] relativePositions(List<Integer> window) {
    int wt = window.get(0);
    int wh = window.get(1);
    int ww = window.get(2);
    int tokens = wt * wh * ww;
    long[] index = new long[tokens * tokens];
    for (int a = 0; a < tokens; a++) {
      for (int b = 0; b < tokens; b++) {
        int t = a / (wh * ww) - b / (wh * ww) + wt - 1;
        int h = a / ww % wh - b / ww % wh + wh - 1;
        int w = a % ww - b % ww + ww - 1;
        index[a * tokens + b] = ((long) t * (2 * wh - 1) + h) * (2 * ww - 1) + w;
      }
    }
    return index;
  }
}
