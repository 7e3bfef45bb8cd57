package io.clipstream.streams.cli;

import io.clipstream.model.FileProblem;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.trainer.gate.GateDecision;
import io.clipstream.trainer.loop.EpochReport;
import io.clipstream.trainer.loop.TrainingWatch;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What is measured of a training, in a file for the textfile collector of Prometheus' node
 * exporter: the job ends, and the file stays and says how. It is replaced in one step, at most
 * every {@value #SECONDS_BETWEEN} seconds and at each event. One thread.
 */
final class TrainMetrics implements TrainingWatch {
  private static final int SECONDS_BETWEEN = 5;

  /** How a run stands. */
  enum Outcome {
    RUNNING,
    /** There is a model. */
    TRAINED,
    PUBLISHED,
    /** By the gate. */
    REFUSED,
    FAILED
  }

  private final Optional<Path> file;
  private final Progress progress;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Meters meters;
  private long writtenAt;

  /**
   * @param file in a folder that exists; empty: it measures and tells nobody
   * @throws UserError if it can be none that the collector reads
   */
  TrainMetrics(Optional<Path> file, String model, String version, Progress progress) {
    this.file = file;
    this.progress = progress;
    this.meters = new Meters(registry, Tags.of("model", model, "version", version));
    file.ifPresent(TrainMetrics::check);
  }

  private static void check(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (!file.toString().endsWith(".prom") || !Files.isDirectory(folder)) {
      throw new UserError(
          "--metrics is "
              + file
              + ", expected a file whose name ends in .prom, in a folder that exists");
    }
  }

  /** The run begins. */
  void begins() {
    meters.startedAt = System.currentTimeMillis() / 1e3;
    outcome(Outcome.RUNNING);
  }

  @Override
  public void step(int epoch, int epochs, int clips, double loss) {
    meters.step(epoch, epochs, clips, loss);
    if (System.nanoTime() - writtenAt > SECONDS_BETWEEN * 1_000_000_000L) {
      write();
    }
  }

  @Override
  public void epoch(EpochReport report) {
    meters.report = report;
    write();
  }

  void gate(GateDecision decision) {
    meters.gate(decision);
    write();
  }

  void outcome(Outcome outcome) {
    meters.outcome = outcome;
    meters.changedAt = System.currentTimeMillis() / 1e3;
    write();
  }

  /** What cannot be measured ends no training. */
  private void write() {
    if (file.isEmpty()) {
      return;
    }
    writtenAt = System.nanoTime();
    Path target = file.get().toAbsolutePath();
    Path draft = target.resolveSibling("." + target.getFileName() + ".draft");
    try {
      Files.writeString(draft, registry.scrape());
      Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      progress.note("metrics are not written: " + FileProblem.line(e));
    }
  }

  /** The meters of one run; those of what has not happened yet say NaN, or are not there. */
  static final class Meters {
    private final Tags tags;
    private final Counter clips;
    private final MultiGauge checks;
    private int epoch;
    private int epochs;
    private double loss = Double.NaN;
    private EpochReport report =
        new EpochReport(
            0, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
    private Outcome outcome = Outcome.RUNNING;
    private double startedAt = Double.NaN;
    private double changedAt = Double.NaN;

    Meters(MeterRegistry registry, Tags tags) {
      this.tags = tags;
      this.clips =
          Counter.builder("clipstream.training.clips")
              .description("Clips that this run has learnt from")
              .tags(tags)
              .register(registry);
      this.checks =
          MultiGauge.builder("clipstream.training.gate.passed")
              .description("1: a condition of the gate holds; all: every one does")
              .register(registry);
      gauge(registry, "epoch", "The epoch that is trained, from 1", it -> it.epoch);
      gauge(registry, "epochs", "Epochs that are wanted", it -> it.epochs);
      gauge(registry, "loss", "Mean over the clips of the epoch up to now", it -> it.loss);
      gauge(
          registry,
          "learning.rate",
          "At the end of the epoch before",
          it -> it.report.learningRate());
      gauge(
          registry,
          "validation.loss",
          "Cross entropy on the validation clips after the epoch before",
          it -> it.report.validationLoss());
      accuracy(registry, "top1", it -> it.report.validationTop1());
      accuracy(registry, "mean_class", it -> it.report.validationMeanClass());
      gauge(registry, "start.timestamp.seconds", "When the run began", it -> it.startedAt);
      gauge(
          registry,
          "outcome.timestamp.seconds",
          "When the outcome came to be as it is",
          it -> it.changedAt);
      for (Outcome each : Outcome.values()) {
        Gauge.builder(name("outcome"), this, it -> it.outcome == each ? 1 : 0)
            .description("1: how the run stands")
            .tags(tags.and("outcome", each.name().toLowerCase(Locale.ROOT)))
            .register(registry);
      }
    }

    private interface Value {
      double of(Meters meters);
    }

    private static String name(String name) {
      return "clipstream.training." + name;
    }

    private void gauge(MeterRegistry registry, String name, String what, Value value) {
      Gauge.builder(name(name), this, value::of).description(what).tags(tags).register(registry);
    }

    private void accuracy(MeterRegistry registry, String kind, Value value) {
      Gauge.builder(name("validation.accuracy.ratio"), this, value::of)
          .description("Share of right answers on the validation clips after the epoch before")
          .tags(tags.and("kind", kind))
          .register(registry);
    }

    void step(int nowEpoch, int wanted, int more, double nowLoss) {
      epoch = nowEpoch;
      epochs = wanted;
      loss = nowLoss;
      clips.increment(more);
    }

    void gate(GateDecision decision) {
      List<MultiGauge.Row<?>> rows = new ArrayList<>();
      decision.checks().forEach(check -> rows.add(row(check.name(), check.passed())));
      rows.add(row("all", decision.passed()));
      checks.register(rows, true);
    }

    private MultiGauge.Row<?> row(String check, boolean passed) {
      return MultiGauge.Row.of(tags.and("check", check), passed ? 1 : 0);
    }
  }
}
