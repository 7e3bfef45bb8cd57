package io.clipstream.streams.cli;

import ai.djl.Device;
import io.clipstream.model.DeviceName;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.infer.ClassifyBenchmark;
import io.clipstream.model.infer.ClassifyEndurance;
import io.clipstream.model.infer.NetworkForm;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.streams.config.DeviceChoice;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream bench classify}: how fast a model is on a device. */
@Command(
    name = "classify",
    description = {
      "Clips a second and latency of a model on a device for each batch size, from pixels in host"
          + " memory to probabilities, and its share of a large matrix product's speed there; or,"
          + " with --endurance, the memory in use over many batches."
    })
final class BenchClassifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "M.pt",
      description = "A model; the bundled one by default.")
  private Path model;

  @Option(
      names = "--batches",
      paramLabel = "N,N,…",
      split = ",",
      hideParamSyntax = true,
      defaultValue = "1,2,4,8,16,32",
      description = "Clips of a batch, ascending (${DEFAULT-VALUE}).")
  private List<Integer> batches;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "5",
      description = "At least, twice for each batch size (${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--max-latency",
      paramLabel = "MS",
      description = "Recommend the fastest batch size whose p99 keeps within it.")
  private Integer maxLatency;

  @Option(
      names = "--endurance",
      paramLabel = "N",
      description =
          "Time nothing; run N batches, of the sizes in turn, and print the memory in use before"
              + " and after every tenth of them.")
  private Long endure;

  @Option(
      names = "--device",
      paramLabel = "D",
      defaultValue = "auto",
      description = "auto, cpu or a GPU such as gpu0 (${DEFAULT-VALUE}).")
  private String device;

  @Option(
      names = "--kernels",
      paramLabel = "auto|on|off",
      defaultValue = "auto",
      description = "Whether the network runs with GPU kernels (${DEFAULT-VALUE}).")
  private KernelMode kernels;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    OptionValues.atLeast(0, "--seconds", seconds);
    int before = 0;
    for (int size : batches) {
      OptionValues.atLeast(before + 1, "--batches, ascending,", size);
      before = size;
    }
    DeviceChoice where = new DeviceChoice(device);
    Path file = model == null ? null : ModelInspectCommand.existing(model);
    Device chosen = where.first();
    ModelArtifact artifact = ModelFile.open(file, chosen);
    if (endure != null) {
      ClassifyEndurance.measure(artifact, chosen, batches, kernels, endure, this::printMemory);
      return 0;
    }
    ClassifyBenchmark.Report report =
        ClassifyBenchmark.measure(artifact, chosen, batches, kernels, Duration.ofSeconds(seconds));
    List<ClassifyBenchmark.Result> results = report.results();
    if (!json) {
      printHead(artifact, chosen, report.form());
    }
    results.forEach(result -> print(result, report.form()));
    if (maxLatency != null) {
      printRecommended(results);
    }
    spec.commandLine().getOut().flush();
    return 0;
  }

  private void printHead(ModelArtifact artifact, Device chosen, NetworkForm form) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        Locale.ROOT,
        "%s (%s, %s) on %s, %s%n%5s %10s %10s %10s %10s %9s%n",
        artifact.manifest().id(),
        artifact.manifest().form(),
        artifact.manifest().precision(),
        DeviceName.of(chosen),
        form,
        "batch",
        "clips/s",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "ceiling");
    out.flush();
  }

  private void print(ClassifyBenchmark.Result result, NetworkForm form) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("type", "bench-classify");
      line.put("form", form.kernels() ? "kernels" : "plain");
      line.put("batch", result.batch());
      line.put("clipsPerSecond", result.clipsPerSecond());
      line.put("p50Millis", result.median());
      line.put("p90Millis", result.p90());
      line.put("p99Millis", result.p99());
      if (result.shareOfCeiling().isPresent()) {
        line.put("shareOfCeiling", result.shareOfCeiling().getAsDouble());
      }
      out.println(OutcomeWriter.toJson(line));
    } else {
      out.printf(
          Locale.ROOT,
          "%5d %10.1f %10.2f %10.2f %10.2f %9s%n",
          result.batch(),
          result.clipsPerSecond(),
          result.median(),
          result.p90(),
          result.p99(),
          result.shareOfCeiling().isPresent()
              ? String.format(Locale.ROOT, "%.1f %%", 100 * result.shareOfCeiling().getAsDouble())
              : "-");
    }
  }

  private void printRecommended(List<ClassifyBenchmark.Result> results) {
    PrintWriter out = spec.commandLine().getOut();
    Optional<ClassifyBenchmark.Result> best =
        ClassifyBenchmark.recommended(results, Duration.ofMillis(maxLatency));
    if (json) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("type", "bench-classify-recommended");
      line.put("maxLatencyMillis", maxLatency);
      best.ifPresent(result -> line.put("batch", result.batch()));
      out.println(OutcomeWriter.toJson(line));
    } else {
      out.println(
          best.map(result -> "recommended for " + maxLatency + " ms: batch " + result.batch())
              .orElse("no batch size keeps within " + maxLatency + " ms"));
    }
  }

  private void printMemory(ClassifyEndurance.Memory reading) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("type", "bench-classify-memory");
      line.put("batches", reading.batches());
      line.put("processBytes", reading.processBytes());
      reading.deviceBytes().ifPresent(bytes -> line.put("deviceBytes", bytes));
      out.println(OutcomeWriter.toJson(line));
    } else {
      out.printf(
          Locale.ROOT,
          "%8d batches: process %6.1f MiB%s%n",
          reading.batches(),
          reading.processBytes() / 1048576.0,
          reading.deviceBytes().isPresent()
              ? String.format(
                  Locale.ROOT, ", GPU %8.1f MiB", reading.deviceBytes().getAsLong() / 1048576.0)
              : "");
    }
    out.flush();
  }
}
