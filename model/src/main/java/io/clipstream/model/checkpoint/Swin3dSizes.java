package io.clipstream.model.checkpoint;

import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * The sizes of the Swin3D that a checkpoint holds, read off its manifest or its tensors' shapes.
 */
final class Swin3dSizes {
  private static final List<Integer> DEFAULT_WINDOW = List.of(8, 7, 7);
  private static final int DEFAULT_PATCH_FRAMES = 2;

  private final NamedTensors tensors;
  private final Swin3dImport.Options options;
  private final boolean inflated;

  private Swin3dSizes(NamedTensors tensors, Swin3dImport.Options options, boolean inflated) {
    this.tensors = tensors;
    this.options = options;
    this.inflated = inflated;
  }

  /**
   * Reads the sizes.
   *
   * @param inflated whether the tensors are a 2D network's
   * @throws IOException if they are those of no Swin3D, or not what the options say
   */
  static Swin3dConfig of(
      Checkpoint checkpoint, NamedTensors tensors, Swin3dImport.Options options, boolean inflated)
      throws IOException {
    Swin3dSizes sizes = new Swin3dSizes(tensors, options, inflated);
    Optional<Map<String, Object>> known = checkpoint.manifest().map(ModelManifest::architecture);
    Swin3dConfig config;
    try {
      config = known.isPresent() ? sizes.known(known.get()) : sizes.found();
    } catch (UserError e) {
      throw new IOException("its sizes are not those of a Swin3D: " + e.getMessage(), e);
    }
    refuseImpossible(config, checkpoint.bytes());
    return config;
  }

  /** The preset of {@link Swin3dImport#ARCHITECTURES} of this name. */
  static Swin3dConfig preset(String name, int classes) {
    return switch (name) {
      case "swin3d_t" -> Swin3dConfig.tiny(classes);
      case "swin3d_s" -> Swin3dConfig.small(classes);
      case "swin3d_b" -> Swin3dConfig.base(classes);
      case "swin3d_l" -> Swin3dConfig.large(classes);
      default ->
          throw new UserError(
              "there is no architecture "
                  + name
                  + ", expected one of "
                  + String.join(", ", Swin3dImport.ARCHITECTURES));
    };
  }

  /**
   * The sizes that a manifest tells, with other classes if the head is replaced. What the user says
   * of them must be the same.
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
  private Swin3dConfig found() throws IOException {
    List<Integer> patch = tensors.tensor("patch_embed.proj.weight").shape();
    List<Integer> depths = new ArrayList<>();
    List<Integer> heads = new ArrayList<>();
    for (int stage = 0; stage < 8; stage++) {
      int s = stage;
      int depth = count(i -> "features." + 2 * s + "." + i + ".norm1.weight");
      if (depth == 0) {
        break;
      }
      depths.add(depth);
      heads.add(tensors.size("features." + 2 * s + ".0.attn.relative_position_bias_table", 1));
    }
    int hidden = tensors.size("features.0.0.mlp.0.weight", 0);
    Swin3dConfig found =
        new Swin3dConfig(
            patch.get(0),
            depths,
            heads,
            window(),
            inflated
                ? List.of(DEFAULT_PATCH_FRAMES, patch.get(2), patch.get(3))
                : patch.subList(2, 5),
            (double) hidden / patch.get(0),
            0,
            0,
            0.1,
            tensors.has("patch_embed.norm.weight"),
            classes());
    if (options.architecture().isEmpty()) {
      return found;
    }
    Swin3dConfig named = preset(options.architecture().get(), found.classes());
    // Missing or surplus blocks are reported later, as missing or surplus keys.
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

  private int classes() throws IOException {
    if (options.freshClasses().isPresent()) {
      return options.freshClasses().get();
    }
    return inflated ? Kinetics400.labels().size() : tensors.size("head.weight", 0);
  }

  private List<Integer> window() throws IOException {
    if (options.window().isPresent()) {
      return options.window().get();
    }
    if (inflated) {
      return DEFAULT_WINDOW;
    }
    return Swin3dWindow.of(tensors);
  }

  private int count(IntFunction<String> name) {
    int count = 0;
    while (tensors.has(name.apply(count))) {
      count++;
    }
    return count;
  }

  /** A small hostile file can name one tensor many times: refuses more than it can hold. */
  private static void refuseImpossible(Swin3dConfig config, long fileBytes) throws IOException {
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
}
