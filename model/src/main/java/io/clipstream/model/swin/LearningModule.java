package io.clipstream.model.swin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.clipstream.model.artifact.ScriptObject;
import io.clipstream.model.artifact.ScriptTensor;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What TorchScript runs while Swin3D learns: source ({@code swin3d_learning.py.txt}) for the tree
 * of modules of {@link Swin3dModule}, to which it adds the places of tokens in windows for clips of
 * one size.
 */
final class LearningModule {
  private static final String SOURCE = "swin3d_learning.py.txt";

  /** Attention of PyTorch's, and of clipstream's own kernels for GPUs. */
  private static final String PLAIN = "swin3d_learning_plain.py.txt";

  private static final String KERNELS = "swin3d_learning_kernels.py.txt";

  private final Swin3dConfig config;
  private final List<ServingLayout.Stage> stages;

  LearningModule(Swin3dConfig config, ClipSpec clip) {
    this.config = config;
    this.stages = new ServingLayout(config, clip).stages();
  }

  /**
   * The source of its classes.
   *
   * @param precision of what layers take and give
   */
  String source(Swin3d.Precision precision) {
    return source(precision, false);
  }

  /** The same with clipstream's own kernels, in bfloat16. */
  String kernels() {
    return source(Swin3d.Precision.BF16, true);
  }

  /** L of the largest windows. */
  int windowTokens() {
    return stages.stream().mapToInt(s -> s.plain().length()).max().orElseThrow();
  }

  private static String resource(String name) {
    try (InputStream in = LearningModule.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * @param kernels whether attention is clipstream's own, for which the windows of a clip follow
   *     each other; for PyTorch's those of all clips at one place do
   */
  private String source(Swin3d.Precision precision, boolean kernels) {
    StringBuilder classes = new StringBuilder();
    for (int i = 0; i < stages.size(); i++) {
      classes.append(stage(i));
    }
    classes.append(features());
    StringBuilder source =
        new StringBuilder(
            resource(SOURCE)
                .replace("{attention}", resource(kernels ? KERNELS : PLAIN))
                .replace("{order}", kernels ? "N W L" : "W N L")
                .replace("{clip_axis}", kernels ? "0" : "1")
                .replace("{clips}", kernels ? "[n, 1, 1]" : "[1, n, 1]")
                .replace("{precision}", precision.name())
                .replace("{patch_norm}", config.patchNorm() ? "LayerNorm" : "Identity")
                .replace("{stages}\n", classes));
    for (int i = 0; i < stages.size(); i++) {
      source.append(stageMethod(i));
    }
    return source.toString().replace("{dtype}", String.valueOf(precision.scalarType));
  }

  /** Runs its blocks in order, of which the odd ones attend in shifted windows. */
  private String stage(int number) {
    ServingLayout.Stage stage = stages.get(number);
    StringBuilder fields = new StringBuilder();
    StringBuilder calls = new StringBuilder();
    for (int i = 0; i < stage.depth(); i++) {
      String windows = i % 2 == 0 ? "plain" : "shifted";
      fields.append("  __annotations__[\"%d\"] = __torch__.Block\n".formatted(i));
      if (i < 2) {
        calls.append(
            "    %1$s_place, %1$s_held, = (self.%1$s).rows(n, t * h * w)\n".formatted(windows));
      }
      calls.append(
          "    x = (getattr(self, \"%d\")).forward(x, mask, %s_place, %2$s_held, self.%2$s.regions, %s)\n"
              .formatted(i, windows, stage.order(i).windows()));
    }
    return """
    class Stage%1$d(Module):
      __parameters__ = []
      __buffers__ = []
      __annotations__ = []
      __annotations__["plain"] = __torch__.Windows
      __annotations__["shifted"] = __torch__.Windows
    %2$s  training : bool
      def forward(self: __torch__.Stage%1$d, x: Tensor, mask: Optional[Tensor]) -> Tensor:
        n, t, h, w, _ = torch.size(x)
    %3$s    return x

    """
        .formatted(number, fields, calls);
  }

  private String features() {
    StringBuilder fields = new StringBuilder();
    StringBuilder calls = new StringBuilder();
    for (int i = 0; i < stages.size(); i++) {
      if (i > 0) {
        fields.append("  __annotations__[\"%d\"] = __torch__.PatchMerging\n".formatted(2 * i - 1));
        calls.append("    x = (getattr(self, \"%d\")).forward(x)\n".formatted(2 * i - 1));
      }
      fields.append("  __annotations__[\"%d\"] = __torch__.Stage%d\n".formatted(2 * i, i));
      calls.append("    x = (getattr(self, \"%d\")).forward(x, mask)\n".formatted(2 * i));
    }
    return """
    class Features(Module):
      __parameters__ = []
      __buffers__ = []
      __annotations__ = []
    %s  training : bool
      def forward(self: __torch__.Features, x: Tensor, mask: Optional[Tensor]) -> Tensor:
    %s    return x

    """
        .formatted(fields, calls);
  }

  /** Runs what is new since the stage before; float32 between stages, which DJL knows. */
  private String stageMethod(int number) {
    String begin =
        number == 0
            ? "    x = (self.patch_embed).forward(x)\n"
            : "    x = (getattr(self.features, \"%d\")).forward(torch.to(x, {dtype}))\n"
                .formatted(2 * number - 1);
    String end =
        number == stages.size() - 1
            ? "    return self.end(x, mask)\n"
            : "    return torch.to(x, 6)\n";
    return """
      def stage%d(self: __torch__.Swin3d, x: Tensor, mask: Tensor) -> Tensor:
    %s    x = (getattr(self.features, "%d")).forward(x, mask)
    %s
    """
        .formatted(number, begin, 2 * number, end);
  }

  /**
   * The tree of modules.
   *
   * @param weights every parameter of {@link Swin3d#shapes}; shares their memory
   * @param clip gives the normalisation of pixels
   */
  ScriptObject module(Map<String, Weights> weights, ClipSpec clip) {
    ScriptObject root = Swin3dModule.of(config, weights, clip);
    Map<String, Object> features =
        new LinkedHashMap<>(((ScriptObject) root.fields().get("features")).fields());
    for (int i = 0; i < stages.size(); i++) {
      Map<String, Object> stage =
          new LinkedHashMap<>(((ScriptObject) features.get(String.valueOf(2 * i))).fields());
      stage.put("plain", windows(stages.get(i).plain()));
      stage.put("shifted", windows(stages.get(i).shifted()));
      features.put(String.valueOf(2 * i), new ScriptObject("__torch__.Stage" + i, stage));
    }
    Map<String, Object> fields = new LinkedHashMap<>(root.fields());
    fields.put("features", new ScriptObject("__torch__.Features", features));
    return new ScriptObject(root.type(), fields);
  }

  /** In which the tokens of a window are in the order of time, height and width. */
  private static ScriptObject windows(WindowOrder order) {
    int length = order.length();
    List<Integer> counts = order.windows();
    int[] sorted = order.tokens();
    boolean[] valid = order.valid();
    long[] places = order.order();
    long[] sortedRegions = order.regions();
    long[] tokens = new long[sorted.length];
    long[] regions = new long[places.length];
    int window0 = 0;
    for (int kind = 0; kind < counts.size(); kind++) {
      for (int j = 0; j < length; j++) {
        int place = (int) places[kind * length + j];
        regions[kind * length + place] = sortedRegions[kind * length + j];
        for (int i = window0; i < window0 + counts.get(kind); i++) {
          int at = i * length + j;
          tokens[i * length + place] = valid[at] ? order.unpadded(sorted[at]) : -1;
        }
      }
      window0 += counts.get(kind);
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("tokens", ScriptTensor.constant(List.of(order.count(), length), tokens));
    fields.put("regions", ScriptTensor.constant(List.of(counts.size(), length), regions));
    fields.put("training", false);
    return new ScriptObject("__torch__.Windows", fields);
  }
}
