package io.clipstream.model.swin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.clipstream.model.artifact.ScriptObject;
import io.clipstream.model.artifact.ScriptTensor;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What TorchScript runs as the training form of Swin3D: source ({@code swin3d.py.txt}) and a tree
 * of modules made from one {@link Swin3dConfig}.
 */
final class Swin3dModule {
  private static final String SOURCE = "swin3d.py.txt";

  private Swin3dModule() {}

  /** The source of its classes. */
  static String source(Swin3dConfig config) {
    String template;
    try (InputStream in = Swin3dModule.class.getResourceAsStream(SOURCE)) {
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

  /**
   * A class that runs its children "0", "1" … in order, as {@code torch.nn.Sequential} does, and
   * hands the mask to all but patch merging.
   */
  private static String sequence(String name, List<String> types) {
    StringBuilder fields = new StringBuilder();
    StringBuilder calls = new StringBuilder();
    for (int i = 0; i < types.size(); i++) {
      fields.append("  __annotations__[\"%d\"] = __torch__.%s\n".formatted(i, types.get(i)));
      String arguments = types.get(i).equals("PatchMerging") ? "x" : "x, mask";
      calls.append("    x = (getattr(self, \"%d\")).forward(%s)\n".formatted(i, arguments));
    }
    return """
    class %1$s(Module):
      __parameters__ = []
      __buffers__ = []
      __annotations__ = []
    %2$s  training : bool
      def forward(self: __torch__.%1$s, x: Tensor, mask: Optional[Tensor]) -> Tensor:
    %3$s    return x

    """
        .formatted(name, fields, calls);
  }

  /**
   * The tree of modules.
   *
   * @param weights every parameter of {@link Swin3d#shapes}; shares their memory
   * @param clip gives the normalisation of pixels
   */
  static ScriptObject of(Swin3dConfig config, Map<String, Weights> weights, ClipSpec clip) {
    ModuleBuilder modules = new ModuleBuilder(weights);
    int stages = config.depths().size();
    int tokens = config.window().stream().reduce(1, (a, b) -> a * b);
    ScriptTensor index =
        ScriptTensor.constant(List.of(tokens, tokens), Swin3d.relativePositions(config.window()));
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
    block.put("index", indexOverall);
    return modules.object("Block", block);
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
      all.put("training", false); // whoever loads it sees what it learned; a trainer switches
      return new ScriptObject("__torch__." + type, all);
    }
  }
}
