package io.clipstream.streams.metrics;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.streams.classify.ServedModel;
import java.util.List;
import java.util.Map;

/** Versions of a model that is measured and never run. */
final class MetricModels {
  private MetricModels() {}

  static ServedModel version(int version) {
    ClipSpec spec = new ClipSpec(2, 10, 8, 8, false, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
    return new ServedModel(
        new ModelManifest(
            "measured",
            Integer.toString(version),
            List.of("no", "yes"),
            spec,
            "1",
            Map.of(),
            "serving",
            "fp32",
            Map.of(),
            Map.of(),
            ""),
        String.format("%064x", version));
  }
}
