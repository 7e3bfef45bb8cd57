package io.clipstream.streams.cli;

import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.streams.live.CatalogReader;
import io.clipstream.streams.live.ModelCatalog;
import io.clipstream.streams.live.RolloutRecords;
import io.clipstream.streams.live.rollout.Wanted;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Where rollouts are: for each model what is wanted, then each instance, a line each.
 *
 * @param form how a line looks
 */
record RolloutBoard(Form form) {
  /** Instances say something every few seconds, each model alike. */
  private static final Duration SILENT = Duration.ofSeconds(30);

  /** How a line looks. */
  enum Form {
    /** With bars: lines that are rewritten in place. */
    SCREEN,
    /** Without what changes all the time: lines that stay. */
    LINES,
    /** JSON objects. */
    JSON
  }

  /**
   * The lines, by a key that they keep: {@code NAME}, or {@code INSTANCE/NAME}.
   *
   * @param only this model, or null for all
   * @param silence how long nothing was heard of an instance
   */
  Map<String, String> lines(
      ModelCatalog catalog, String only, Function<ModelStatus, Duration> silence) {
    Map<String, String> lines = new LinkedHashMap<>();
    for (String model : catalog.models()) {
      if (only != null && !only.equals(model)) {
        continue;
      }
      ModelRollout rollout = catalog.rollouts().get(model);
      if (rollout != null) {
        lines.put(model, line(RolloutRecords.wanted(rollout)));
      } else if (form != Form.JSON) {
        lines.put(model, model + ": no version is active yet");
      }
      for (ModelStatus status : catalog.instances()) {
        if (status.getName().equals(model)) {
          boolean silent =
              status.getState() != ModelState.STOPPED
                  && silence.apply(status).compareTo(SILENT) > 0;
          lines.put(CatalogReader.key(status), line(status, silent));
        }
      }
    }
    return lines;
  }

  private String line(Wanted wanted) {
    return form == Form.JSON
        ? OutcomeWriter.toJson(RolloutText.json(wanted))
        : RolloutText.line(wanted);
  }

  private String line(ModelStatus status, boolean silent) {
    return form == Form.JSON
        ? OutcomeWriter.toJson(RolloutText.json(status, silent))
        : RolloutText.line(status, form == Form.SCREEN, silent);
  }
}
