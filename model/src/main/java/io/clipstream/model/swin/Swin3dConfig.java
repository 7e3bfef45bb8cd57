package io.clipstream.model.swin;

import io.clipstream.model.UserError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Sizes of a Swin3D. The presets are those of the paper (Video Swin Transformer,
 * https://arxiv.org/abs/2106.13230, section 3.1) and of torchvision's {@code swin3d_*}.
 *
 * @param embedDim C, channels after the patch embedding; they double from stage to stage
 * @param depths blocks of each stage
 * @param heads attention heads of each stage; divide its channels
 * @param window tokens of an attention window along time, height, width
 * @param patch frames, rows and columns of pixels that make a token
 * @param mlpRatio hidden channels of the MLP over channels of the block
 * @param dropout rate after the patch embedding, each attention and each layer of an MLP
 * @param attentionDropout rate of the attention weights
 * @param stochasticDepth probability that the branches of the last block are dropped for a clip;
 *     blocks before it ramp up from 0
 * @param patchNorm whether a layer norm follows the patch embedding
 * @param classes K, outputs of the head
 */
public record Swin3dConfig(
    int embedDim,
    List<Integer> depths,
    List<Integer> heads,
    List<Integer> window,
    List<Integer> patch,
    double mlpRatio,
    double dropout,
    double attentionDropout,
    double stochasticDepth,
    boolean patchNorm,
    int classes) {

  /** The value of {@code architecture.family} in a manifest. */
  public static final String FAMILY = "swin3d";

  public Swin3dConfig {
    depths = List.copyOf(depths);
    heads = List.copyOf(heads);
    window = List.copyOf(window);
    patch = List.copyOf(patch);
    range("embedDim", embedDim, 1, 4096);
    range("classes", classes, 1, 1 << 20);
    range("number of stages", depths.size(), 1, 8);
    if (heads.size() != depths.size()) {
      throw new UserError(
          "heads " + heads + " are for " + heads.size() + " stages, expected " + depths.size());
    }
    for (int stage = 0; stage < depths.size(); stage++) {
      range("depth of stage " + stage, depths.get(stage), 1, 256);
      range("heads of stage " + stage, heads.get(stage), 1, 1024);
      int channels = embedDim << stage;
      if (channels % heads.get(stage) != 0) {
        throw new UserError(
            "stage "
                + stage
                + " has "
                + channels
                + " channels, expected a multiple of its "
                + heads.get(stage)
                + " heads");
      }
    }
    axes("window", window, 64);
    axes("patch", patch, 64);
    int tokens = window.get(0) * window.get(1) * window.get(2);
    if (tokens > 4096) {
      throw new UserError("window " + window + " has " + tokens + " tokens, expected at most 4096");
    }
    if (!(mlpRatio > 0 && mlpRatio <= 16 && (int) (embedDim * mlpRatio) >= 1)) {
      throw new UserError("mlpRatio is " + mlpRatio + ", expected more than 0, at most 16");
    }
    rate("dropout", dropout);
    rate("attentionDropout", attentionDropout);
    rate("stochasticDepth", stochasticDepth);
  }

  /** Swin3D-T: 28 million parameters. */
  public static Swin3dConfig tiny(int classes) {
    return preset(96, List.of(2, 2, 6, 2), List.of(3, 6, 12, 24), 0.1, classes);
  }

  /** Swin3D-S: 50 million parameters. */
  public static Swin3dConfig small(int classes) {
    return preset(96, List.of(2, 2, 18, 2), List.of(3, 6, 12, 24), 0.1, classes);
  }

  /** Swin3D-B: 88 million parameters. */
  public static Swin3dConfig base(int classes) {
    return preset(128, List.of(2, 2, 18, 2), List.of(4, 8, 16, 32), 0.1, classes);
  }

  /** Swin3D-L: 197 million parameters. */
  public static Swin3dConfig large(int classes) {
    return preset(192, List.of(2, 2, 18, 2), List.of(6, 12, 24, 48), 0.1, classes);
  }

  private static Swin3dConfig preset(
      int embedDim,
      List<Integer> depths,
      List<Integer> heads,
      double stochasticDepth,
      int classes) {
    return new Swin3dConfig(
        embedDim,
        depths,
        heads,
        List.of(8, 7, 7),
        List.of(2, 4, 4),
        4,
        0,
        0,
        stochasticDepth,
        true,
        classes);
  }

  /** Channels of a stage, the first being 0. */
  public int channels(int stage) {
    return embedDim << stage;
  }

  /** Channels of the last stage, which the head sees. */
  public int features() {
    return channels(depths.size() - 1);
  }

  /** B, blocks of all stages. */
  public int blocks() {
    return depths.stream().mapToInt(Integer::intValue).sum();
  }

  /** Hidden channels of the MLPs of a stage. */
  public int hidden(int stage) {
    return (int) (channels(stage) * mlpRatio);
  }

  /**
   * Rate of stochastic depth of a block, counted over all stages from 0: torchvision's linear ramp.
   */
  public double stochasticDepth(int block) {
    int blocks = blocks();
    return blocks == 1 ? 0 : stochasticDepth * block / (blocks - 1);
  }

  /**
   * Floating-point operations of one clip's forward pass: matrix products and attention, a
   * multiply-add being two. 563e9 for Swin3D-B and 32 frames of 224x224.
   *
   * @param frames T of the clip
   * @param height H of the clip
   * @param width W of the clip
   */
  public long flops(int frames, int height, int width) {
    long[] size = {
      ceil(frames, patch.get(0)), ceil(height, patch.get(1)), ceil(width, patch.get(2)),
    };
    long c = embedDim;
    long inPatch = 3L * patch.get(0) * patch.get(1) * patch.get(2);
    long flops = 2 * size[0] * size[1] * size[2] * inPatch * c;
    for (int stage = 0; stage < depths.size(); stage++) {
      long tokens = 1;
      long length = 1;
      for (int axis = 0; axis < 3; axis++) {
        long window = Math.min(this.window.get(axis), size[axis]);
        length *= window;
        tokens *= ceil(size[axis], window) * window;
      }
      // qkv 3 C, projection C, MLP twice its hidden channels, scores and values L each
      flops += 2L * depths.get(stage) * tokens * c * (4L * c + 2L * hidden(stage) + 2 * length);
      if (stage < depths.size() - 1) {
        size = new long[] {size[0], ceil(size[1], 2), ceil(size[2], 2)};
        flops += 2 * size[0] * size[1] * size[2] * 4 * c * 2 * c;
        c *= 2;
      }
    }
    return flops + 2 * c * classes;
  }

  private static long ceil(long size, long part) {
    return (size + part - 1) / part;
  }

  /** As {@code architecture} of a manifest: the family and every component by its name. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("family", FAMILY);
    map.put("embedDim", embedDim);
    map.put("depths", depths);
    map.put("heads", heads);
    map.put("window", window);
    map.put("patch", patch);
    map.put("mlpRatio", mlpRatio);
    map.put("dropout", dropout);
    map.put("attentionDropout", attentionDropout);
    map.put("stochasticDepth", stochasticDepth);
    map.put("patchNorm", patchNorm);
    map.put("classes", classes);
    return map;
  }

  /**
   * Reads what {@link #toMap()} gave, also after a trip through JSON.
   *
   * @throws UserError if a component is missing, of another type or out of range; also if there is
   *     one that is not known, for it means another network
   */
  public static Swin3dConfig fromMap(Map<String, ?> map) {
    if (!FAMILY.equals(map.get("family"))) {
      throw new UserError("architecture.family is " + map.get("family") + ", expected " + FAMILY);
    }
    TreeSet<String> unknown = new TreeSet<>(map.keySet());
    unknown.removeAll(tiny(1).toMap().keySet());
    if (!unknown.isEmpty()) {
      throw new UserError("architecture has unknown " + String.join(", ", unknown));
    }
    return new Swin3dConfig(
        integer(map, "embedDim"),
        integers(map, "depths"),
        integers(map, "heads"),
        integers(map, "window"),
        integers(map, "patch"),
        number(map, "mlpRatio"),
        number(map, "dropout"),
        number(map, "attentionDropout"),
        number(map, "stochasticDepth"),
        component(map, "patchNorm", Boolean.class, "true or false"),
        integer(map, "classes"));
  }

  private static int integer(Map<String, ?> map, String name) {
    return component(map, name, Integer.class, "an integer");
  }

  private static double number(Map<String, ?> map, String name) {
    return component(map, name, Number.class, "a number").doubleValue();
  }

  private static List<Integer> integers(Map<String, ?> map, String name) {
    List<Integer> integers = new ArrayList<>();
    for (Object value : component(map, name, List.class, "a list of integers")) {
      if (!(value instanceof Integer i)) {
        throw new UserError(
            "architecture." + name + " is " + map.get(name) + ", expected a list of integers");
      }
      integers.add(i);
    }
    return integers;
  }

  private static <T> T component(Map<String, ?> map, String name, Class<T> type, String expected) {
    Object value = map.get(name);
    if (!type.isInstance(value)) {
      throw new UserError("architecture." + name + " is " + value + ", expected " + expected);
    }
    return type.cast(value);
  }

  private static void axes(String name, List<Integer> sizes, int max) {
    if (sizes.size() != 3) {
      throw new UserError(name + " is " + sizes + ", expected sizes along time, height and width");
    }
    sizes.forEach(size -> range("a size of the " + name, size, 1, max));
  }

  private static void range(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw new UserError(name + " is " + value + ", expected " + min + " to " + max);
    }
  }

  private static void rate(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new UserError(name + " is " + value + ", expected at least 0, below 1");
    }
  }
}
