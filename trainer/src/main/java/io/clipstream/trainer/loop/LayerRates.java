package io.clipstream.trainer.loop;

import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.trainer.recipe.LayerSettings;
import java.util.List;

/**
 * What the learning rate of each parameter is multiplied by: layers far from the head move less
 * (layer-wise decay, Clark et al. 2020, as BEiT applies it to whole blocks), the head more.
 */
final class LayerRates {
  private final LayerSettings settings;
  private final List<Integer> depths;
  private final int blocks;

  LayerRates(Swin3dConfig network, LayerSettings settings) {
    this.settings = settings;
    this.depths = network.depths();
    this.blocks = depths.stream().mapToInt(d -> d).sum();
  }

  /**
   * The factor of a parameter, 0 if it is frozen.
   *
   * @param name torchvision's
   */
  double of(String name) {
    if (name.startsWith("head.")) {
      return settings.headRate();
    }
    return settings.backboneRate() * Math.pow(settings.layerDecay(), blocks + 1 - layer(name));
  }

  /** The patch embedding is layer 0, then come the blocks; what follows the last one is above. */
  private int layer(String name) {
    if (name.startsWith("patch_embed.")) {
      return 0;
    }
    if (!name.startsWith("features.")) {
      return blocks + 1;
    }
    String[] parts = name.split("\\.", -1);
    int part = Integer.parseInt(parts[1]);
    int before = depths.subList(0, part / 2).stream().mapToInt(d -> d).sum();
    // Patch merging belongs to the stage before it.
    return part % 2 == 0 ? before + Integer.parseInt(parts[2]) + 1 : before + depths.get(part / 2);
  }
}
