package io.clipstream.trainer.loop;

import io.clipstream.trainer.data.WholeFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The figures of epochs as other tools read them: {@code epochs.csv} and TensorBoard's events. */
final class EpochFiles {
  private final Path folder;
  private EventFile events;

  EpochFiles(Path folder) {
    this.folder = folder;
  }

  /**
   * Writes the last epoch.
   *
   * @param history all of them
   */
  void write(List<EpochReport> history) throws IOException {
    StringBuilder csv = new StringBuilder("epoch");
    values(history.get(0)).keySet().forEach(name -> csv.append(',').append(name));
    for (EpochReport report : history) {
      csv.append('\n').append(report.epoch());
      values(report).values().forEach(value -> csv.append(',').append(value));
    }
    WholeFile.write(folder.resolve("epochs.csv"), csv.append('\n'));
    Instant now = Instant.now();
    if (events == null) {
      events = new EventFile(folder, now);
    }
    EpochReport last = history.get(history.size() - 1);
    events.add(last.epoch(), values(last), now);
  }

  private static Map<String, Double> values(EpochReport report) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("learning-rate", report.learningRate());
    values.put("train/loss", report.trainLoss());
    values.put("train/top1", report.trainTop1());
    values.put("validation/loss", report.validationLoss());
    values.put("validation/top1", report.validationTop1());
    values.put("validation/mean-class", report.validationMeanClass());
    values.put("seconds", report.seconds());
    return values;
  }
}
