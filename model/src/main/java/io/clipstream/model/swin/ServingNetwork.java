package io.clipstream.model.swin;

import io.clipstream.model.artifact.ScriptObject;
import io.clipstream.model.artifact.ScriptTensor;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.swin.ServingLayout.Stage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tree of modules of the serving form: tensors and indices for {@link ServingSource}. */
final class ServingNetwork {
  private final Swin3dConfig config;
  private final ClipSpec clip;
  private final ServingWeights weights;
  private final ServingLayout layout;

  ServingNetwork(Swin3dConfig config, ClipSpec clip, ServingWeights weights) {
    this.config = config;
    this.clip = clip;
    this.weights = weights;
    this.layout = new ServingLayout(config, clip);
  }

  ScriptObject root() {
    List<Stage> stages = layout.stages();
    Map<String, Object> features = new LinkedHashMap<>();
    for (int i = 0; i < stages.size(); i++) {
      features.put("stage" + i, stage(i, stages.get(i)));
      if (i < stages.size() - 1) {
        features.put("merging" + i, patchMerging(i, stages.get(i).last(), stages.get(i + 1)));
      }
    }
    WindowOrder order = layout.last().last();
    boolean[] valid = order.valid();
    float weight = (float) valid.length / layout.tokensAtHead();
    LinearLayer head = weights.linear("head", "norm");
    Map<String, Object> root = new LinkedHashMap<>();
    root.put(
        "patch_embed",
        module(
            "PatchEmbed",
            new PatchProjection(config, clip, weights).fields(stages.get(0).plain())));
    root.put("features", module("Features", features));
    root.put("valid", order.hasPadding() ? rowWeights(order, valid, 1, weight) : weights.empty());
    root.put("head_weight", ScriptTensor.constant(head.shape(), head.weight()));
    root.put("head_bias", ScriptTensor.constant(List.of(config.classes()), head.bias()));
    root.put("length", order.length());
    root.put("padded", order.hasPadding());
    return module("Swin3dServing", root);
  }

  private ScriptObject stage(int number, Stage stage) {
    WindowOrder plain = stage.plain();
    WindowOrder shifted = stage.shifted();
    Map<String, Object> fields = new LinkedHashMap<>();
    if (stage.shifts()) {
      fields.put("shift", rows(plain.rowsOf(shifted), shifted, 1));
    }
    if (stage.unshifts()) {
      fields.put("unshift", rows(shifted.rowsOf(plain), plain, 1));
    }
    ScriptTensor index = positionIndex(plain.length());
    for (int i = 0; i < stage.depth(); i++) {
      fields.put("block" + i, block(number, i, stage.order(i), index));
    }
    return module("Stage" + number, fields);
  }

  private ScriptObject block(int stage, int i, WindowOrder order, ScriptTensor index) {
    String name = "features.%d.%d".formatted(2 * stage, i);
    String norm = name + ".norm1";
    boolean padded = order.hasPadding();
    int channels = config.channels(stage);
    int heads = config.heads().get(stage);
    LinearLayer qkv = weights.linear(name + ".attn.qkv").scaled(channels, scale(channels / heads));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("norm_weight", padded ? weights.tensor(norm + ".weight") : weights.empty());
    fields.put("norm_bias", padded ? weights.tensor(norm + ".bias") : weights.empty());
    fields.put("valid", padded ? keep(order, order.valid(), 1) : weights.empty());
    weights.put(fields, "qkv_", padded ? qkv : weights.after(qkv, norm));
    fields.put("window_bias", windowBias(name, heads, order, index));
    weights.put(fields, "proj_", weights.linear(name + ".attn.proj"));
    weights.put(fields, "hidden_", weights.linear(name + ".mlp.0", name + ".norm2"));
    weights.put(fields, "out_", weights.linear(name + ".mlp.3"));
    fields.put("heads", heads);
    fields.put("length", order.length());
    fields.put("padded", padded);
    return module("Block", fields);
  }

  /** Of queries: 1 / sqrt(D), and so that attention's powers are of 2 and not of e. */
  private static double scale(int headSize) {
    return 1 / (Math.log(2) * Math.sqrt(headSize));
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
            ScriptTensor.constant(List.of(heads, offsets), byHead),
            index,
            ScriptTensor.constant(List.of(counts.length, order.length()), order.order()),
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

  private ScriptObject patchMerging(int stage, WindowOrder order, Stage nextStage) {
    String name = "features." + (2 * stage + 1);
    WindowOrder next = nextStage.plain();
    long[] rows = order.rowsOfMerged(next);
    boolean[] valid = new boolean[rows.length];
    boolean[] inClip = next.valid();
    boolean odd = false;
    for (int i = 0; i < rows.length; i++) {
      valid[i] = rows[i] >= 0;
      odd |= inClip[i / 4] && !valid[i];
      rows[i] = Math.max(0, rows[i]);
    }
    LinearLayer reduction = LinearLayer.withoutBias(weights.get(name + ".reduction.weight"));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("rows", rows(rows, next, 4));
    fields.put("valid", odd ? keep(next, valid, 4) : weights.empty());
    weights.put(fields, "", weights.after(reduction, name + ".norm"));
    fields.put("length", order.length());
    fields.put("odd", odd);
    return module("PatchMerging", fields);
  }

  /** Rows of one clip, [W, L * parts]. */
  private static ScriptTensor rows(long[] rows, WindowOrder order, int parts) {
    return ScriptTensor.constant(List.of(order.count(), order.length() * parts), rows);
  }

  /** 1 for rows of the clip and 0 for padding, [W, 1, L * parts, 1]. */
  private ScriptTensor keep(WindowOrder order, boolean[] valid, int parts) {
    ScriptTensor keep = rowWeights(order, valid, parts, 1);
    return weights.tensor(keep.shape(), keep.weights().toArray());
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

  private static ScriptObject module(String type, Map<String, Object> fields) {
    Map<String, Object> all = new LinkedHashMap<>(fields);
    all.put("training", false);
    return new ScriptObject("__torch__." + type, all);
  }
}
