package io.clipstream.trainer.recipe;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;

/**
 * How much slower or faster than {@code train.learning-rate} the parts of the network learn.
 *
 * @param headRate factor of the head
 * @param backboneRate factor of everything else; 0 freezes it
 * @param layerDecay further factor for each layer between a parameter and the head
 */
public record LayerSettings(double headRate, double backboneRate, double layerDecay) {
  static LayerSettings read(Settings s) {
    double head = s.has("train.head-rate") ? s.number("train.head-rate", 0, 1000) : 1;
    double backbone = s.has("train.backbone-rate") ? s.number("train.backbone-rate", 0, 1) : 1;
    if (head == 0 && backbone == 0) {
      throw new UserError(
          "train.head-rate and train.backbone-rate are both 0, so that nothing would learn");
    }
    return new LayerSettings(
        head, backbone, s.has("train.layer-decay") ? s.number("train.layer-decay", 0.01, 1) : 1);
  }
}
