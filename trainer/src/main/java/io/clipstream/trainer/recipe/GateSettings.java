package io.clipstream.trainer.recipe;

import io.clipstream.model.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * The section {@code gate.*}: what a model must show before it is published.
 *
 * @param split of the data that both models are compared on
 * @param margin that its mean class accuracy must be better by, 0 to 1
 * @param confidence that it is better at all, 0 to 1
 * @param maxClassDrop largest loss of accuracy of one label, 0 to 1
 * @param maxLatency of a clip, as a multiple of the live model's
 * @param maxMemory likewise
 */
public record GateSettings(
    String split,
    double margin,
    double confidence,
    double maxClassDrop,
    double maxLatency,
    double maxMemory) {

  public static GateSettings read(Path recipe, Map<String, String> overrides) throws IOException {
    return read(Settings.read(recipe, overrides));
  }

  static GateSettings read(Settings s) {
    return new GateSettings(
        DataSettings.splitName(s, "gate.split", DataSettings.validationSplit(s)),
        s.has("gate.margin") ? s.number("gate.margin", 0, 1) : 0,
        s.has("gate.confidence") ? s.number("gate.confidence", 0.5, 0.9999) : 0.95,
        s.has("gate.max-class-drop") ? s.number("gate.max-class-drop", 0, 1) : 0.1,
        s.has("gate.max-latency") ? s.number("gate.max-latency", 0.1, 1000) : 1.5,
        s.has("gate.max-memory") ? s.number("gate.max-memory", 0.1, 1000) : 1.5);
  }
}
