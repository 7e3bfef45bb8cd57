package io.clipstream.model.checkpoint;

import io.clipstream.model.clip.Protocol;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a code base names the parameters of a Swin Transformer.
 *
 * <p>torchvision's names are ours. The other family is that of Microsoft's Swin Transformer, from
 * which Video-Swin-Transformer, MMAction2 and PaddleVideo took the names of layers, each with a
 * prefix and a head of its own.
 *
 * @param title for people
 * @param torchvision whether the names are torchvision's, after the prefix
 * @param prefix before the names of the network's layers
 * @param norm name of the last layer norm, with the prefix
 * @param head name of the last linear layer, with its prefix
 * @param merging stages from a block's own to the one that holds the merging behind it: 1 in timm
 *     since 0.9, which puts it at the start of the next stage, else 0
 */
record Dialect(
    String title, boolean torchvision, String prefix, String norm, String head, int merging) {
  /** Title of torchvision's. */
  static final String TORCHVISION = "torchvision";

  private static final String PADDLE_VIDEO = "PaddleVideo";

  private static final Pattern BLOCK = Pattern.compile("features\\.(\\d+)\\.(\\d+)\\.(.*)");
  private static final Pattern MERGING =
      Pattern.compile("features\\.(\\d+)\\.(reduction|norm)\\..*");
  private static final String OURS = "features.0.0.norm1.weight";
  private static final String MICROSOFT = "layers.0.blocks.0.norm1.weight";

  /**
   * Recognises a dialect by its first block's layer norm.
   *
   * @return null if it is none of a Swin Transformer's
   */
  static Dialect of(Map<String, StoredTensor> tensors) {
    for (String name : tensors.keySet()) {
      if (name.endsWith(OURS)) {
        String prefix = name.substring(0, name.length() - OURS.length());
        return new Dialect(TORCHVISION, true, prefix, prefix + "norm", prefix + "head", 0);
      }
      if (name.endsWith(MICROSOFT)) {
        String prefix = name.substring(0, name.length() - MICROSOFT.length());
        return microsoft(prefix, tensors.keySet());
      }
    }
    return null;
  }

  private static Dialect microsoft(String prefix, Set<String> names) {
    String outer =
        prefix.endsWith("backbone.")
            ? prefix.substring(0, prefix.length() - "backbone.".length())
            : prefix;
    String norm = prefix + "norm";
    for (int stage = 0; stage < 8; stage++) { // MMAction2 1.x names it after the last stage
      if (!names.contains(norm + ".weight")
          && names.contains(prefix + "norm" + stage + ".weight")) {
        norm = prefix + "norm" + stage;
      }
    }
    boolean moved =
        names.contains(prefix + "layers.1.downsample.reduction.weight")
            && !names.contains(prefix + "layers.0.downsample.reduction.weight");
    if (moved) {
      String head = names.contains(outer + "head.fc.weight") ? "head.fc" : "head";
      return new Dialect("timm", false, prefix, norm, outer + head, 1);
    }
    if (names.contains(outer + "cls_head.fc_cls.weight")) {
      return new Dialect(
          "Video-Swin-Transformer or MMAction2", false, prefix, norm, outer + "cls_head.fc_cls", 0);
    }
    if (names.contains(outer + "head.fc.weight")) {
      return new Dialect(PADDLE_VIDEO, false, prefix, norm, outer + "head.fc", 0);
    }
    return new Dialect("Swin-Transformer", false, prefix, norm, outer + "head", 0);
  }

  /** Whose rules its code base places clips and crops by. */
  Protocol protocol() {
    if (torchvision) {
      return Protocol.TORCHVISION;
    }
    if (title.equals(PADDLE_VIDEO)) {
      return Protocol.PADDLEVIDEO;
    }
    // MMAction2 names the last norm after its stage since 1.0.
    return norm.matches(".*norm\\d") ? Protocol.MMACTION2_1 : Protocol.MMACTION2_0;
  }

  /** The name that a parameter with torchvision's name has here. */
  String nameOf(String parameter) {
    if (parameter.startsWith("norm.")) {
      return norm + parameter.substring("norm".length());
    }
    if (parameter.startsWith("head.")) {
      return head + parameter.substring("head".length());
    }
    if (torchvision || parameter.startsWith("patch_embed.")) {
      return prefix + parameter;
    }
    Matcher found = MERGING.matcher(parameter);
    if (found.matches()) {
      int stage = Integer.parseInt(found.group(1)) / 2 + merging;
      return prefix + "layers." + stage + ".downsample" + parameter.substring(found.end(1));
    }
    Matcher block = BLOCK.matcher(parameter);
    if (!block.matches()) {
      throw new IllegalArgumentException(parameter + " is no parameter of Swin3D");
    }
    String rest = block.group(3).replaceFirst("^mlp\\.0\\.", "mlp.fc1.");
    return prefix
        + "layers."
        + Integer.parseInt(block.group(1)) / 2
        + ".blocks."
        + block.group(2)
        + "."
        + rest.replaceFirst("^mlp\\.3\\.", "mlp.fc2.");
  }

  /** Whether a tensor is no parameter: tables that follow from the sizes, and preprocessing. */
  static boolean isBuffer(String name) {
    return name.endsWith(".relative_position_index")
        || name.endsWith("n_averaged") // of averaged weights (torch.optim.swa_utils)
        || name.endsWith(".attn_mask")
        || name.startsWith("data_preprocessor.");
  }
}
