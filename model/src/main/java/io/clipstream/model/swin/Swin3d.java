package io.clipstream.model.swin;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import io.clipstream.model.artifact.Golden;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.ScriptObject;
import io.clipstream.model.artifact.ScriptTensor;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;

/**
 * The training form of Swin3D: TorchScript source ({@code swin3d.py.txt}) and a tree of modules
 * made from one {@link Swin3dConfig}.
 *
 * <p>The tree has torchvision's names, so {@code features.0.1.attn.qkv.weight} is the same
 * parameter here, in DJL's block, in {@code state_dict()} of the loaded file and in torchvision's
 * {@code swin3d_t}: weights go both ways without a table of names.
 *
 * <p>Normalisation of pixels is inside, as constants that are neither parameters nor buffers.
 */
public final class Swin3d {
  private static final String SOURCE = "swin3d.py.txt";

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
   * @throws IllegalArgumentException if weights or labels do not fit the config; the message is one
   *     line that names key, found and expected
   */
  public static void write(
      Path out, Swin3dConfig config, Map<String, Weights> weights, ModelManifest manifest)
      throws IOException {
    write(out, config, weights, manifest, Optional.empty());
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
      throw new IllegalArgumentException(
          "the manifest has " + manifest.labels().size() + " labels, expected " + config.classes());
    }
    ModelManifest written = manifest.withNetwork(config.toMap(), "training", "fp32");
    ScriptObject network = module(config, weights, manifest.clip());
    ModelArtifact.write(out, written, source(config), network, golden);
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
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException(artifact + ": " + e.getMessage(), e);
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
   * @throws IllegalArgumentException naming key, found and expected
   */
  public static void check(Swin3dConfig config, Map<String, Weights> weights) {
    Map<String, List<Integer>> shapes = shapes(config);
    shapes.forEach(
        (name, shape) -> {
          Weights found = weights.get(name);
          if (found == null) {
            throw new IllegalArgumentException(
                "weights lack " + name + ", expected shape " + shape);
          }
          if (!found.shape().equals(shape)) {
            throw new IllegalArgumentException(
                name + " has shape " + found.shape() + ", expected " + shape);
          }
        });
    TreeSet<String> surplus = new TreeSet<>(weights.keySet());
    surplus.removeAll(shapes.keySet());
    if (!surplus.isEmpty()) {
      throw new IllegalArgumentException(
          "weights have "
              + surplus.first()
              + ", which this network has not"
              + (surplus.size() > 1 ? " (and " + (surplus.size() - 1) + " more)" : ""));
    }
  }

  private static String source(Swin3dConfig config) {
    String template;
    try (InputStream in = Swin3d.class.getResourceAsStream(SOURCE)) {
      template = new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    StringBuilder containers = new StringBuilder();
    List<String> features = new ArrayList<>();
    int stages = config.depths().size();
    for (int stage = 0; stage < stages; stage++) {
      int depth = config.depths().get(stage);
      containers.append(sequence("Stage" + stage, Collections.nCopies(depth, "Block")));
      features.add("Stage" + stage);
      if (stage < stages - 1) {
        features.add("PatchMerging");
      }
    }
    containers.append(sequence("Features", features));
    return template
        .replace("{patch_norm}", config.patchNorm() ? "LayerNorm" : "Identity")
        .replace("{containers}\n", containers);
  }

  /** A class that runs its children "0", "1" … in order, as {@code torch.nn.Sequential} does. */
  private static String sequence(String name, List<String> types) {
    StringBuilder fields = new StringBuilder();
    StringBuilder calls = new StringBuilder();
    for (int i = 0; i < types.size(); i++) {
      fields.append("  __annotations__[\"%d\"] = __torch__.%s\n".formatted(i, types.get(i)));
      calls.append("    x = (getattr(self, \"%d\")).forward(x)\n".formatted(i));
    }
    return """
        class %1$s(Module):
          __parameters__ = []
          __buffers__ = []
          __annotations__ = []
        %2$s  training : bool
          def forward(self: __torch__.%1$s, x: Tensor) -> Tensor:
        %3$s    return x

        """
        .formatted(name, fields, calls);
  }

  private static ScriptObject module(
      Swin3dConfig config, Map<String, Weights> weights, ClipSpec clip) {
    ModuleBuilder modules = new ModuleBuilder(weights);
    int stages = config.depths().size();
    int tokens = config.window().stream().reduce(1, (a, b) -> a * b);
    ScriptTensor index =
        ScriptTensor.constant(List.of(tokens, tokens), relativePositions(config.window()));
    Map<String, Object> features = new LinkedHashMap<>();
    int blocks = 0;
    for (int stage = 0; stage < stages; stage++) {
      Map<String, Object> stageFields = new LinkedHashMap<>();
      for (int i = 0; i < config.depths().get(stage); i++) {
        String name = "features." + 2 * stage + "." + i;
        stageFields.put(String.valueOf(i), block(config, stage, i, blocks++, index, modules, name));
      }
      features.put(String.valueOf(2 * stage), modules.object("Stage" + stage, stageFields));
      if (stage < stages - 1) {
        String name = "features." + (2 * stage + 1);
        Map<String, Object> merging = new LinkedHashMap<>();
        merging.put("reduction", modules.leaf("LinearWithoutBias", name + ".reduction", "weight"));
        merging.put("norm", modules.leaf("LayerNorm", name + ".norm", "weight", "bias"));
        features.put(String.valueOf(2 * stage + 1), modules.object("PatchMerging", merging));
      }
    }
    Map<String, Object> embed = new LinkedHashMap<>();
    embed.put("proj", modules.leaf("PatchProjection", "patch_embed.proj", "weight", "bias"));
    embed.put(
        "norm",
        config.patchNorm()
            ? modules.leaf("LayerNorm", "patch_embed.norm", "weight", "bias")
            : modules.object("Identity", Map.of()));
    // (pixel / 255 - mean) / std = pixel * scale + offset
    float[] scale = new float[3];
    float[] offset = new float[3];
    for (int c = 0; c < 3; c++) {
      scale[c] = (float) (1 / (255.0 * clip.std().get(c)));
      offset[c] = (float) (-(double) clip.mean().get(c) / clip.std().get(c));
    }
    embed.put("scale", ScriptTensor.constant(List.of(3), scale));
    embed.put("offset", ScriptTensor.constant(List.of(3), offset));
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("patch_embed", modules.object("PatchEmbed", embed));
    root.put("features", modules.object("Features", features));
    root.put("norm", modules.leaf("LayerNorm", "norm", "weight", "bias"));
    root.put("head", modules.leaf("Linear", "head", "weight", "bias"));
    root.put("dropout", config.dropout());
    return modules.object("Swin3d", root);
  }

  private static ScriptObject block(
      Swin3dConfig config,
      int stage,
      int indexInStage,
      int indexOverall,
      ScriptTensor relativePositionIndex,
      ModuleBuilder modules,
      String name) {
    Map<String, Object> attention = new LinkedHashMap<>();
    String table = "relative_position_bias_table";
    attention.put(table, modules.parameter(name + ".attn." + table));
    attention.put("relative_position_index", relativePositionIndex);
    attention.put("qkv", modules.leaf("Linear", name + ".attn.qkv", "weight", "bias"));
    attention.put("proj", modules.leaf("Linear", name + ".attn.proj", "weight", "bias"));
    attention.put("heads", config.heads().get(stage));
    attention.put("window_t", config.window().get(0));
    attention.put("window_h", config.window().get(1));
    attention.put("window_w", config.window().get(2));
    attention.put("shifted", indexInStage % 2 == 1);
    attention.put("dropout", config.dropout());
    attention.put("attention_dropout", config.attentionDropout());
    Map<String, Object> mlp = new LinkedHashMap<>();
    mlp.put("0", modules.leaf("Linear", name + ".mlp.0", "weight", "bias"));
    mlp.put("3", modules.leaf("Linear", name + ".mlp.3", "weight", "bias"));
    mlp.put("dropout", config.dropout());
    Map<String, Object> block = new LinkedHashMap<>();
    block.put("norm1", modules.leaf("LayerNorm", name + ".norm1", "weight", "bias"));
    block.put("attn", modules.object("WindowAttention", attention));
    block.put("norm2", modules.leaf("LayerNorm", name + ".norm2", "weight", "bias"));
    block.put("mlp", modules.object("Mlp", mlp));
    block.put("stochastic_depth", config.stochasticDepth(indexOverall));
    return modules.object("Block", block);
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

  private record ModuleBuilder(Map<String, Weights> weights) {
    ScriptTensor parameter(String name) {
      return ScriptTensor.parameter(weights.get(name));
    }

    ScriptObject leaf(String type, String name, String... parameters) {
      Map<String, Object> fields = new LinkedHashMap<>();
      for (String parameter : parameters) {
        fields.put(parameter, parameter(name + "." + parameter));
      }
      return object(type, fields);
    }

    ScriptObject object(String type, Map<String, Object> fields) {
      Map<String, Object> all = new LinkedHashMap<>(fields);
      all.put("training", true);
      return new ScriptObject("__torch__." + type, all);
    }
  }
}
