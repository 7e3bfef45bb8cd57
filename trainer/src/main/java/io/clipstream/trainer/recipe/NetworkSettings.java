package io.clipstream.trainer.recipe;

import io.clipstream.model.Settings;
import io.clipstream.model.swin.Swin3dConfig;
import java.util.List;

/**
 * The section {@code network.*}: the sizes of the network. Training drops branches of blocks and
 * features before the head; torchvision's rates for single values and attention weights, 0 in all
 * published networks, are not trained with.
 */
final class NetworkSettings {
  private NetworkSettings() {}

  static Swin3dConfig read(Settings s, int classes) {
    int embedDim = s.integer("network.embed-dim", 1);
    List<Integer> depths = s.integers("network.depths");
    List<Integer> heads = s.integers("network.heads");
    List<Integer> window = s.integers("network.window");
    List<Integer> patch = s.integers("network.patch");
    double mlpRatio = s.number("network.mlp-ratio", 0.1, 16);
    double stochasticDepth = s.number("network.stochastic-depth", 0, 0.99);
    boolean patchNorm = s.flag("network.patch-norm", true);
    return Recipe.checked(
        "network.*",
        () ->
            new Swin3dConfig(
                embedDim,
                depths,
                heads,
                window,
                patch,
                mlpRatio,
                0,
                0,
                stochasticDepth,
                patchNorm,
                classes));
  }
}
