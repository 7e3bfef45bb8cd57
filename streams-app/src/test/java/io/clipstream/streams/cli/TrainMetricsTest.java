package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.trainer.gate.GateDecision;
import io.clipstream.trainer.loop.EpochReport;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public class TrainMetricsTest {
  private static final String RUN = "{model=\"sports\",version=\"3\"} ";
  private static final GateDecision REFUSED =
      new GateDecision(
          "sports-3",
          "sports-2",
          List.of(
              new GateDecision.Check("better", false, "it is not"),
              new GateDecision.Check("labels", true, "all of them")));

  @TempDir Path folder;
  private final StringWriter said = new StringWriter();

  /** Measures a run, as far as its meters go. */
  public static void measure(MeterRegistry registry) {
    new TrainMetrics.Meters(registry, Tags.of("model", "sports", "version", "3")).gate(REFUSED);
  }

  @Test
  void shouldTellHowARunGoesAndHowItEnded() throws Exception {
    Path file = folder.resolve("training.prom");
    TrainMetrics metrics = metrics(file);
    metrics.begins();
    assertThat(lines(file)).contains(outcome("running") + "1.0", outcome("failed") + "0.0");

    metrics.step(2, 30, 16, 1.5);
    metrics.step(2, 30, 8, 1.25);
    metrics.epoch(new EpochReport(2, 1e-3, 1.25, 0.5, 1.75, 0.625, 0.5, 60));
    assertThat(lines(file))
        .contains(
            "clipstream_training_epoch" + RUN + "2.0",
            "clipstream_training_epochs" + RUN + "30.0",
            "clipstream_training_clips_total" + RUN + "24.0",
            "clipstream_training_loss" + RUN + "1.25",
            "clipstream_training_learning_rate" + RUN + "0.001",
            "clipstream_training_validation_loss" + RUN + "1.75",
            "clipstream_training_validation_accuracy_ratio{kind=\"top1\",model=\"sports\","
                + "version=\"3\"} 0.625");

    metrics.gate(REFUSED);
    metrics.outcome(TrainMetrics.Outcome.REFUSED);
    assertThat(lines(file))
        .contains(
            gate("all") + "0.0",
            gate("better") + "0.0",
            gate("labels") + "1.0",
            outcome("running") + "0.0",
            outcome("refused") + "1.0");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
    assertThat(said.toString()).isEmpty();
  }

  private static String outcome(String name) {
    return "clipstream_training_outcome{model=\"sports\",outcome=\"" + name + "\",version=\"3\"} ";
  }

  private static String gate(String check) {
    return "clipstream_training_gate_passed{check=\""
        + check
        + "\",model=\"sports\",version=\"3\"} ";
  }

  @Test
  void shouldTakeNoFileThatTheCollectorWouldNotRead() {
    for (Path wrong : List.of(Path.of("metrics.txt"), folder.resolve("missing/a.prom"))) {
      assertThatThrownBy(() -> metrics(wrong))
          .isInstanceOf(UserError.class)
          .hasMessageContaining(
              "expected a file whose name ends in .prom, in a folder that exists");
    }
  }

  @Test
  void shouldLetTheTrainingGoOnWhenTheFileCannotBeWritten() throws Exception {
    Path gone = Files.createDirectory(folder.resolve("gone"));
    TrainMetrics metrics = metrics(gone.resolve("training.prom"));
    Files.delete(gone);

    metrics.begins();

    assertThat(said.toString()).contains("metrics are not written: ");
  }

  private TrainMetrics metrics(Path file) {
    return new TrainMetrics(
        Optional.of(file), "sports", "3", new Progress(new PrintWriter(said, true)));
  }

  private static List<String> lines(Path file) throws Exception {
    return Files.readAllLines(file);
  }
}
