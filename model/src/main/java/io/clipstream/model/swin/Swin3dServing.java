package io.clipstream.model.swin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.clipstream.model.artifact.Golden;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.ScriptObject;
import io.clipstream.model.artifact.ScriptTensor;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The serving form of Swin3D: the same function as {@link Swin3d}'s training form, for clips of the
 * manifest's size alone and arranged for speed.
 *
 * <p>Tokens stay in the order of attention windows ({@link WindowOrder}) from the patch embedding
 * to the head; one gather between consecutive blocks replaces shift, partition and their inverses,
 * and patch merging is one gather. Windows that need the same mask are one attention call, whose
 * bias and mask are added once, when the file is loaded. Normalisation of pixels is folded into the
 * patch projection, the affine part of a layer norm into the linear layer that follows (not the
 * norm of the patch embedding, which no linear layer follows alone, and not the norm before an
 * attention that sees padding, since padding is zero after it).
 *
 * <p>Input and output are those of every artifact: uint8 {@code [N, T, H, W, 3]} and float32 {@code
 * [N, K]}, whatever the precision inside. The network holds buffers only, nothing that trains.
 */
public final class Swin3dServing {
  private static final String SOURCE = "swin3d_serving.py.txt";
  private static final int FEW_TOKENS = 32;

  /** Of weights and of tokens between layers. */
  public enum Precision {
    /** Equal to the training form to rounding. */
    FP32("torch.gelu_(torch.linear(x, weight, bias))"),
    /**
     * bfloat16, for GPUs from Ampere on and CPUs with AVX512-BF16 or AMX; sums are float32, and so
     * are the head and, of clips so small that fewer than 32 tokens reach it, the tokens between
     * layers: the mean of so few evens out little rounding. On GPUs GELU is its tanh form, which
     * the matrix product's epilogue computes; it differs from the exact one by less than bfloat16
     * resolves.
     */
    BF16("torch._addmm_activation(bias, x, torch.t(weight), use_gelu=True)");

    private final String hidden;

    Precision(String hidden) {
      this.hidden = hidden;
    }

    /** As manifests say it: {@code fp32} or {@code bf16}. */
    public String manifestName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Swin3dConfig config;
  private final Map<String, Weights> weights;
  private final ClipSpec clip;
  private final Precision precision;

  private Swin3dServing(
      Swin3dConfig config, Map<String, Weights> weights, ClipSpec clip, Precision precision) {
    this.config = config;
    this.weights = weights;
    this.clip = clip;
    this.precision = precision;
  }

  /**
   * Writes the serving form of an artifact in its training form; golden outputs stay those of the
   * training form.
   *
   * @param out where to; replaced in one step if it exists
   * @throws IOException if the artifact is none or has no training form of this network; the
   *     message is one line that begins with the file
   */
  public static void export(Path artifact, Path out, Precision precision) throws IOException {
    ModelArtifact opened = ModelArtifact.open(artifact);
    ModelManifest manifest = opened.manifest();
    if (!manifest.form().equals("training")) {
      throw new IOException(
          artifact + ": its form is " + manifest.form() + ", expected training to export from");
    }
    Map<String, Weights> weights = Swin3d.read(artifact);
    Swin3dConfig config = Swin3dConfig.fromMap(manifest.architecture());
    write(out, config, weights, manifest, precision, opened.golden());
  }

  /**
   * Writes the network in its serving form as an artifact.
   *
   * @param out where to; replaced in one step if it exists
   * @param weights those of the training form: every parameter of {@link Swin3d#shapes}
   * @param manifest its clip is the size that the network will take; its architecture, form and
   *     precision are replaced by what is written
   * @throws IllegalArgumentException if weights or labels do not fit the config; the message is one
   *     line that names key, found and expected
   */
  public static void write(
      Path out,
      Swin3dConfig config,
      Map<String, Weights> weights,
      ModelManifest manifest,
      Precision precision)
      throws IOException {
    write(out, config, weights, manifest, precision, Optional.empty());
  }

  private static void write(
      Path out,
      Swin3dConfig config,
      Map<String, Weights> weights,
      ModelManifest manifest,
      Precision precision,
      Optional<Golden> golden)
      throws IOException {
    Swin3d.check(config, weights);
    if (manifest.labels().size() != config.classes()) {
      throw new IllegalArgumentException(
          "the manifest has " + manifest.labels().size() + " labels, expected " + config.classes());
    }
    Swin3dServing form = new Swin3dServing(config, weights, manifest.clip(), precision);
    StringBuilder containers = new StringBuilder();
    ScriptObject network = form.network(containers);
    ModelManifest written =
        manifest.withNetwork(config.toMap(), "serving", precision.manifestName());
    ModelArtifact.write(out, written, form.source(containers), network, golden);
  }

  private String source(CharSequence containers) {
    boolean wide = precision == Precision.BF16 && tokensAtHead() < FEW_TOKENS;
    try (InputStream in = Swin3dServing.class.getResourceAsStream(SOURCE)) {
      return new String(in.readAllBytes(), UTF_8)
          .replace("{hidden}", precision.hidden)
          .replace("{wide}", wide ? "torch.to(x, 6)" : "x")
          .replace("{narrow}", wide ? "torch.to(x, 15)" : "x")
          .replace(
              "{patch_norm}",
              config.patchNorm()
                  ? "torch.layer_norm(x, [torch.size(x, 1)], self.norm_weight, self.norm_bias, 1e-05)"
                  : "x")
          .replace("{containers}\n", containers);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int tokensAtHead() {
    int merges = config.depths().size() - 1;
    int tokens = ceil(clip.frames(), config.patch().get(0));
    int[] sides = {clip.crop().height(), clip.crop().width()};
    for (int axis = 0; axis < 2; axis++) {
      tokens *= ceil(ceil(sides[axis], config.patch().get(axis + 1)), 1 << merges);
    }
    return tokens;
  }

  /** The tree of modules; appends the source of the containers, which depends on the config. */
  private ScriptObject network(StringBuilder containers) {
    int[] size = {
      ceil(clip.frames(), config.patch().get(0)),
      ceil(clip.crop().height(), config.patch().get(1)),
      ceil(clip.crop().width(), config.patch().get(2)),
    };
    int stages = config.depths().size();
    WindowOrder order = new WindowOrder(size, config.window(), false);
    ScriptObject embed = patchEmbed(order);
    Map<String, Object> features = new LinkedHashMap<>();
    StringBuilder fields = new StringBuilder();
    StringBuilder calls = new StringBuilder();
    for (int stage = 0; stage < stages; stage++) {
      WindowOrder plain = new WindowOrder(size, config.window(), false);
      WindowOrder shifted = new WindowOrder(size, config.window(), true);
      features.put("stage%d".formatted(stage), stage(stage, plain, shifted, containers));
      fields.append("  stage%1$d : __torch__.Stage%1$d\n".formatted(stage));
      calls.append("    x = (self.stage%d).forward(x, n)\n".formatted(stage));
      order = config.depths().get(stage) % 2 == 0 ? shifted : plain;
      if (stage < stages - 1) {
        size = new int[] {size[0], ceil(size[1], 2), ceil(size[2], 2)};
        features.put("merging%d".formatted(stage), patchMerging(stage, order, size));
        fields.append("  merging%d : __torch__.PatchMerging\n".formatted(stage));
        calls.append("    x = (self.merging%d).forward(x, n)\n".formatted(stage));
      }
    }
    containers.append(
        """
        class Features(Module):
          __parameters__ = []
          __buffers__ = []
        %s  training : bool
          def forward(self: __torch__.Features, x: Tensor, n: int) -> Tensor:
        %s    return x

        """
            .formatted(fields, calls));
    Linear head = linear("head").after("norm");
    boolean[] valid = order.valid();
    float weight = (float) valid.length / (size[0] * size[1] * size[2]);
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("patch_embed", embed);
    root.put("features", module("Features", features));
    root.put("valid", order.hasPadding() ? rowWeights(order, valid, 1, weight) : empty());
    root.put("head_weight", ScriptTensor.constant(head.shape(), head.weight));
    root.put("head_bias", ScriptTensor.constant(List.of(head.bias.length), head.bias));
    root.put("length", order.length());
    root.put("padded", order.hasPadding());
    return module("Swin3dServing", root);
  }

  private ScriptObject patchEmbed(WindowOrder order) {
    Weights kernel = weights.get("patch_embed.proj.weight"); // [C, 3, pt, ph, pw]
    float[] kernels = kernel.toArray();
    Weights given = weights.get("patch_embed.proj.bias");
    double[] projectionBias = new double[given.size()];
    Arrays.setAll(projectionBias, given.values()::get);
    int c = config.embedDim();
    int[] patch = config.patch().stream().mapToInt(Integer::intValue).toArray();
    int area = patch[0] * patch[1] * patch[2];
    // (pixel / 255 - mean) / std = (pixel - 128) * scale + 128 * scale + offset; the offset is not
    // there for pixels of padding, which are zero after it.
    float[] weight = new float[c * area * 3];
    double[] offsets = new double[c * area]; // of each pixel of the patch
    for (int out = 0; out < c; out++) {
      for (int i = 0; i < area; i++) {
        for (int channel = 0; channel < 3; channel++) {
          double w = kernels[(out * 3 + channel) * area + i];
          double std = clip.std().get(channel);
          weight[(out * area + i) * 3 + channel] = (float) (w / (255 * std));
          projectionBias[out] += 128 * w / (255 * std);
          offsets[out * area + i] -= w * clip.mean().get(channel) / std;
        }
      }
    }
    int[] pixels = {clip.frames(), clip.crop().height(), clip.crop().width()};
    boolean whole = true;
    for (int axis = 0; axis < 3; axis++) {
      whole &= pixels[axis] % patch[axis] == 0;
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("weight", tensor(List.of(c, area * 3), weight));
    if (whole) {
      float[] bias = new float[c];
      for (int out = 0; out < c; out++) {
        double sum = projectionBias[out];
        for (int i = 0; i < area; i++) {
          sum += offsets[out * area + i];
        }
        bias[out] = (float) sum;
      }
      fields.put("bias", tensor(List.of(c), bias));
    } else {
      fields.put("bias", edgeBias(order, pixels, patch, offsets, projectionBias));
    }
    boolean norm = config.patchNorm();
    fields.put("norm_weight", norm ? tensor(weights.get("patch_embed.norm.weight")) : empty());
    fields.put("norm_bias", norm ? tensor(weights.get("patch_embed.norm.bias")) : empty());
    fields.put("frames", clip.frames());
    fields.put("height", clip.crop().height());
    fields.put("width", clip.crop().width());
    String[] axes = {"t", "h", "w"};
    for (int axis = 0; axis < 3; axis++) {
      int window = order.window()[axis];
      fields.put("windows_" + axes[axis], order.padded()[axis] / window);
      fields.put("window_" + axes[axis], window);
      fields.put("patch_" + axes[axis], patch[axis]);
    }
    return module("PatchEmbed", fields);
  }

  /**
   * The bias of each token, [W, 1, L, C]: pixels beyond the clip are 0 after normalisation, so the
   * offset of the normalisation is not theirs.
   */
  private ScriptTensor edgeBias(
      WindowOrder order, int[] pixels, int[] patch, double[] offsets, double[] projectionBias) {
    int c = projectionBias.length;
    int[] tokens = order.tokens();
    int[] padded = order.padded();
    int area = patch[0] * patch[1] * patch[2];
    float[] bias = new float[Math.multiplyExact(tokens.length, c)];
    for (int at = 0; at < tokens.length; at++) {
      int t = tokens[at] / (padded[1] * padded[2]) * patch[0];
      int h = tokens[at] / padded[2] % padded[1] * patch[1];
      int w = tokens[at] % padded[2] * patch[2];
      for (int out = 0; out < c; out++) {
        double sum = projectionBias[out];
        for (int i = 0; i < area; i++) {
          if (t + i / (patch[1] * patch[2]) < pixels[0]
              && h + i / patch[2] % patch[1] < pixels[1]
              && w + i % patch[2] < pixels[2]) {
            sum += offsets[out * area + i];
          }
        }
        bias[at * c + out] = (float) sum;
      }
    }
    return tensor(List.of(order.count(), 1, order.length(), c), bias);
  }

  /** A stage's blocks, with gathers between those that are shifted and those that are not. */
  private ScriptObject stage(
      int stage, WindowOrder plain, WindowOrder shifted, StringBuilder containers) {
    int depth = config.depths().get(stage);
    Map<String, Object> fields = new LinkedHashMap<>();
    StringBuilder declarations = new StringBuilder();
    StringBuilder calls = new StringBuilder();
    StringBuilder buffers = new StringBuilder();
    if (shifted.shifted() && depth > 1) {
      fields.put("shift", rows(plain.rowsOf(shifted), shifted, 1));
      buffers.append("\"shift\", ");
      declarations.append("  shift : Tensor\n");
      calls.append(
          "    shift = __torch__.batch_rows(self.shift, n, %d)\n".formatted(plain.length()));
      if (depth > 2) {
        fields.put("unshift", rows(shifted.rowsOf(plain), plain, 1));
        buffers.append("\"unshift\", ");
        declarations.append("  unshift : Tensor\n");
        calls.append(
            "    unshift = __torch__.batch_rows(self.unshift, n, %d)\n".formatted(plain.length()));
      }
    }
    ScriptTensor index = positionIndex(plain.length());
    for (int i = 0; i < depth; i++) {
      WindowOrder order = i % 2 == 0 ? plain : shifted;
      fields.put("block%d".formatted(i), block(stage, i, order, index));
      declarations.append("  block%d : __torch__.Block\n".formatted(i));
      if (shifted.shifted() && i > 0) {
        calls.append(
            "    x = torch.index_select(x, 0, %s)\n".formatted(i % 2 == 0 ? "unshift" : "shift"));
      }
      calls.append("    x = (self.block%d).forward(x, n)\n".formatted(i));
    }
    String type = "Stage" + stage;
    containers.append(
        """
        class %1$s(Module):
          __parameters__ = []
          __buffers__ = [%2$s]
        %3$s  training : bool
          def forward(self: __torch__.%1$s, x: Tensor, n: int) -> Tensor:
        %4$s    return x

        """
            .formatted(type, buffers, declarations, calls));
    return module(type, fields);
  }

  private ScriptObject block(int stage, int i, WindowOrder order, ScriptTensor index) {
    String name = "features.%d.%d".formatted(2 * stage, i);
    boolean padded = order.hasPadding();
    Linear qkv = linear(name + ".attn.qkv");
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("norm_weight", padded ? tensor(weights.get(name + ".norm1.weight")) : empty());
    fields.put("norm_bias", padded ? tensor(weights.get(name + ".norm1.bias")) : empty());
    fields.put("valid", padded ? tensor(rowWeights(order, order.valid(), 1, 1)) : empty());
    put(fields, "qkv", padded ? qkv : qkv.after(name + ".norm1"));
    fields.put("window_bias", windowBias(name, config.heads().get(stage), order, index));
    put(fields, "proj", linear(name + ".attn.proj"));
    put(fields, "hidden", linear(name + ".mlp.0").after(name + ".norm2"));
    put(fields, "out", linear(name + ".mlp.3"));
    fields.put("heads", config.heads().get(stage));
    fields.put("length", order.length());
    fields.put("padded", padded);
    return module("Block", fields);
  }

  private ScriptObject windowBias(String block, int heads, WindowOrder order, ScriptTensor index) {
    Weights table = weights.get(block + ".attn.relative_position_bias_table"); // [offsets, G]
    float[] values = table.toArray();
    int offsets = table.shape().get(0);
    float[] byHead = new float[values.length];
    for (int offset = 0; offset < offsets; offset++) {
      for (int head = 0; head < heads; head++) {
        byHead[head * offsets + offset] = values[offset * heads + head];
      }
    }
    long[] counts = order.windows().stream().mapToLong(Integer::longValue).toArray();
    return ScriptObject.prepared(
        "__torch__.WindowBias",
        List.of(
            tensor(List.of(heads, offsets), byHead),
            index,
            ScriptTensor.constant(List.of(counts.length, order.length()), order.regions()),
            ScriptTensor.constant(List.of(counts.length), counts)));
  }

  /**
   * The columns of the position table for pairs of tokens, [L, L]. Windows smaller than the
   * configured take the corner of its index, as torchvision does.
   */
  private ScriptTensor positionIndex(int length) {
    long[] index = Swin3d.relativePositions(config.window());
    int full = (int) Math.round(Math.sqrt(index.length));
    long[] corner = new long[length * length];
    for (int a = 0; a < length; a++) {
      System.arraycopy(index, a * full, corner, a * length, length);
    }
    return ScriptTensor.constant(List.of(length, length), corner);
  }

  private ScriptObject patchMerging(int stage, WindowOrder order, int[] nextSize) {
    String name = "features." + (2 * stage + 1);
    WindowOrder next = new WindowOrder(nextSize, config.window(), false);
    long[] rows = order.rowsOfMerged(next);
    boolean[] valid = new boolean[rows.length];
    boolean[] inClip = next.valid();
    boolean odd = false;
    for (int i = 0; i < rows.length; i++) {
      valid[i] = rows[i] >= 0;
      odd |= inClip[i / 4] && !valid[i];
      rows[i] = Math.max(0, rows[i]);
    }
    Weights reduction = weights.get(name + ".reduction.weight");
    int out = reduction.shape().get(0);
    Linear linear =
        new Linear(reduction.toArray(), new float[out], reduction.shape().get(1))
            .after(name + ".norm");
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("rows", rows(rows, next, 4));
    fields.put("valid", odd ? tensor(rowWeights(next, valid, 4, 1)) : empty());
    put(fields, null, linear);
    fields.put("length", order.length());
    fields.put("odd", odd);
    return module("PatchMerging", fields);
  }

  /** Rows of one clip, [W, L * parts]. */
  private static ScriptTensor rows(long[] rows, WindowOrder order, int parts) {
    return ScriptTensor.constant(List.of(order.count(), order.length() * parts), rows);
  }

  /** float32 [W, 1, L * parts, 1]: 0 for rows of padding, else the weight. */
  private static ScriptTensor rowWeights(
      WindowOrder order, boolean[] valid, int parts, float weight) {
    float[] values = new float[valid.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = valid[i] ? weight : 0;
    }
    return ScriptTensor.constant(List.of(order.count(), 1, order.length() * parts, 1), values);
  }

  private Linear linear(String name) {
    Weights weight = weights.get(name + ".weight");
    return new Linear(
        weight.toArray(), weights.get(name + ".bias").toArray(), weight.shape().get(1));
  }

  /** A linear layer, row-major [out, in]. */
  private final class Linear {
    private final float[] weight;
    private final float[] bias;
    private final int in;

    Linear(float[] weight, float[] bias, int in) {
      this.weight = weight;
      this.bias = bias;
      this.in = in;
    }

    List<Integer> shape() {
      return List.of(bias.length, in);
    }

    /** With the affine part of a layer norm before it: W (g x + b) + c = (W g) x + (W b + c). */
    Linear after(String norm) {
      float[] scale = weights.get(norm + ".weight").toArray();
      float[] shift = weights.get(norm + ".bias").toArray();
      float[] folded = new float[weight.length];
      float[] foldedBias = new float[bias.length];
      for (int out = 0; out < bias.length; out++) {
        double sum = bias[out];
        for (int i = 0; i < in; i++) {
          float w = weight[out * in + i];
          folded[out * in + i] = w * scale[i];
          sum += (double) w * shift[i];
        }
        foldedBias[out] = (float) sum;
      }
      return new Linear(folded, foldedBias, in);
    }
  }

  private void put(Map<String, Object> fields, String name, Linear linear) {
    String prefix = name == null ? "" : name + "_";
    fields.put(prefix + "weight", tensor(linear.shape(), linear.weight));
    fields.put(prefix + "bias", tensor(List.of(linear.bias.length), linear.bias));
  }

  private ScriptTensor tensor(Weights values) {
    return tensor(values.shape(), values.toArray());
  }

  private ScriptTensor tensor(ScriptTensor values) {
    return tensor(values.weights());
  }

  private ScriptTensor tensor(List<Integer> shape, float[] values) {
    return precision == Precision.BF16
        ? ScriptTensor.bfloat16(shape, values)
        : ScriptTensor.constant(shape, values);
  }

  /** In place of a tensor that this configuration does not need. */
  private ScriptTensor empty() {
    return tensor(List.of(0), new float[0]);
  }

  private static ScriptObject module(String type, Map<String, Object> fields) {
    Map<String, Object> all = new LinkedHashMap<>(fields);
    all.put("training", false);
    return new ScriptObject("__torch__." + type, all);
  }

  private static int ceil(int size, int part) {
    return (size + part - 1) / part;
  }
}
