package io.clipstream.streams.app;

import ai.djl.Device;
import io.clipstream.model.Nearest;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.checkpoint.Kinetics400;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.DecodeBenchmark;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.infer.ClassifyBenchmark;
import io.clipstream.streams.bench.PipelineBenchmark;
import io.clipstream.streams.bench.RealStages;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.PipelineSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream bench}: the project's numbers, on this machine. */
@Command(name = "bench", description = "Measure speed on this machine, as ratios.")
final class BenchCommand {
  @Spec private CommandSpec spec;

  @Command(
      name = "decode",
      description = "Sampled clips a second on one core, against the ffmpeg command line.")
  int decode(
      @Parameters(arity = "1..*", paramLabel = "FILE", description = "Videos.") List<Path> files,
      @Option(
              names = "--passes",
              paramLabel = "N",
              defaultValue = "50",
              description = "Decodes of each file (${DEFAULT-VALUE}).")
          int passes,
      @Option(
              names = "--model",
              paramLabel = "M.pt",
              description = "Whose clips; by default 32 frames of 224x224 at 15 a second.")
          Path model,
      @Option(names = "--json", description = "One JSON object a line.") boolean json)
      throws IOException, InterruptedException {
    checkVideos(files);
    ClipSpec clip = model == null ? Kinetics400.CLIP : ModelArtifact.open(model).manifest().clip();
    Path command =
        DecodeBenchmark.findCommand()
            .orElseThrow(() -> new UserError("no ffmpeg command to compare with was found"));
    DecodeBenchmark benchmark = new DecodeBenchmark(clip, command);
    PrintWriter out = spec.commandLine().getOut();
    if (!json) {
      out.printf(
          "%-40s %14s %10s %20s%n", "file", "clips/s/core", "x ffmpeg", "x without its start");
    }
    for (Path file : files) {
      DecodeBenchmark.Result result = benchmark.measure(file, passes);
      if (json) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("type", "bench-decode");
        line.put("file", result.file());
        line.put("clipsPerCoreSecond", result.clipsPerCoreSecond());
        line.put("ratio", result.ratio());
        line.put("ratioWithoutStart", result.ratioWithoutStart());
        out.println(OutcomeWriter.toJson(line));
      } else {
        out.printf(
            Locale.ROOT,
            "%-40s %14.1f %10.2f %20.2f%n",
            result.file(),
            result.clipsPerCoreSecond(),
            result.ratio(),
            result.ratioWithoutStart());
      }
      out.flush();
    }
    return 0;
  }

  @Command(
      name = "classify",
      description = {
        "Clips a second and latency of a model on a device for each batch size, from pixels in host"
            + " memory to probabilities, and its share of a large matrix product's speed there; or,"
            + " with --endurance, the memory in use over many batches."
      })
  int classify(
      @Parameters(
              arity = "0..1",
              paramLabel = "M.pt",
              description = "A model; the bundled one by default.")
          Path model,
      @Option(
              names = "--batches",
              paramLabel = "N,N…",
              split = ",",
              defaultValue = "1,2,4,8,16,32",
              description = "Clips of a batch, ascending (${DEFAULT-VALUE}).")
          List<Integer> batches,
      @Option(
              names = "--seconds",
              paramLabel = "S",
              defaultValue = "5",
              description = "At least, twice for each batch size (${DEFAULT-VALUE}).")
          int seconds,
      @Option(
              names = "--max-latency",
              paramLabel = "MS",
              description = "Recommend the fastest batch size whose p99 keeps within it.")
          Integer maxLatency,
      @Option(
              names = "--endurance",
              paramLabel = "N",
              description =
                  "Time nothing; run N batches, of the sizes in turn, and print the memory in use"
                      + " before and after every tenth of them.")
          Long endure,
      @Option(
              names = "--device",
              paramLabel = "D",
              defaultValue = "auto",
              description = "auto, cpu or a GPU such as gpu0 (${DEFAULT-VALUE}).")
          String device,
      @Option(names = "--json", description = "One JSON object a line.") boolean json)
      throws IOException, InterruptedException {
    ModelArtifact artifact =
        model == null
            ? ModelArtifact.bundled()
            : ModelArtifact.open(ModelInspectCommand.existing(model));
    Device chosen = Assembly.devices(device).get(0);
    PrintWriter out = spec.commandLine().getOut();
    if (endure != null) {
      ClassifyBenchmark.endure(
          artifact, chosen, batches, endure, reading -> printMemory(reading, json));
      return 0;
    }
    if (!json) {
      out.printf(
          Locale.ROOT,
          "%s (%s, %s) on %s%n%5s %10s %10s %10s %10s %9s%n",
          artifact.manifest().id(),
          artifact.manifest().form(),
          artifact.manifest().precision(),
          chosen,
          "batch",
          "clips/s",
          "p50 ms",
          "p90 ms",
          "p99 ms",
          "ceiling");
      out.flush();
    }
    List<ClassifyBenchmark.Result> results =
        ClassifyBenchmark.measure(artifact, chosen, batches, Duration.ofSeconds(seconds));
    for (ClassifyBenchmark.Result result : results) {
      if (json) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("type", "bench-classify");
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
    if (maxLatency != null) {
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
    out.flush();
    return 0;
  }

  private void printMemory(ClassifyBenchmark.Memory reading, boolean json) {
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

  @Command(
      name = "pipeline",
      description = {
        "The whole application on a Kafka of its own: references a second with stages that cost"
            + " nothing, latency of a single one, and with FILEs the real stages against the"
            + " slowest of them alone."
      })
  int pipeline(
      @Parameters(arity = "0..*", paramLabel = "FILE", description = "Videos for the real stages.")
          List<Path> files,
      @Option(
              names = "--references",
              paramLabel = "N",
              defaultValue = "300000",
              description = "With free stages (${DEFAULT-VALUE}).")
          long references,
      @Option(
              names = "--samples",
              paramLabel = "N",
              defaultValue = "100",
              description = "Of the latency (${DEFAULT-VALUE}).")
          int samples,
      @Option(
              names = "--videos",
              paramLabel = "N",
              defaultValue = "500",
              description = "Through the real stages (${DEFAULT-VALUE}).")
          int videos,
      @Option(
              names = "--decode-threads",
              paramLabel = "N",
              description =
                  "Of the real stages; by default one for each processor. Where the classifier has"
                      + " no device of its own, leave it a processor, with OMP_NUM_THREADS for its"
                      + " own threads.")
          Integer decodeThreads,
      @Option(
              names = "--memory",
              paramLabel = "N",
              description = "Instead of all that: memory while N videos go through.")
          Integer memory,
      @Option(names = "--model", paramLabel = "M.pt", description = "The bundled model by default.")
          Path model,
      @Option(names = "--json", description = "One JSON object a line.") boolean json)
      throws IOException, InterruptedException {
    int threads =
        decodeThreads == null ? Runtime.getRuntime().availableProcessors() : decodeThreads;
    List<Path> given = files == null ? List.of() : files;
    Path folder = Files.createTempDirectory("clipstream-bench-");
    try {
      if (memory != null) {
        memory(folder, stages(folder, given, model, threads), memory, json);
        return 0;
      }
      PipelineBenchmark.Throughput free =
          PipelineBenchmark.freeStages(folder.resolve("free"), references);
      print(
          json,
          "free stages",
          entry("referencesPerSecond", free.perSecond()),
          entry("references", free.references()),
          entry("maxPending", free.maxPending()));
      PipelineBenchmark.Latency idle = PipelineBenchmark.idle(folder.resolve("idle"), samples);
      print(
          json,
          "idle latency",
          entry("medianMillis", idle.median()),
          entry("p90Millis", idle.p90()),
          entry("maxMillis", idle.max()));
      if (!given.isEmpty()) {
        PipelineBenchmark.Stages real =
            PipelineBenchmark.realStages(
                folder.resolve("real"), stages(folder, given, model, threads), videos);
        print(
            json,
            "real stages",
            entry("videosPerSecond", real.pipeline()),
            entry("decodeAlone", real.decode()),
            entry("classifyAlone", real.classify()),
            entry("clipsPerVideo", real.clipsPerVideo()),
            entry("shareOfSlowest", real.shareOfSlowest()),
            entry("shareOfSharedCores", real.shareOfSharedCores()));
      }
      return 0;
    } finally {
      Folders.delete(folder);
    }
  }

  private void memory(Path folder, RealStages stages, int videos, boolean json)
      throws InterruptedException {
    for (PipelineBenchmark.MemorySample sample :
        PipelineBenchmark.memory(folder.resolve("memory"), stages, videos, 10)) {
      print(
          json,
          "memory",
          entry("videos", sample.videos()),
          entry("heapMiB", sample.heapBytes() / 1048576.0),
          entry("residentMiB", sample.residentBytes() / 1048576.0));
    }
  }

  private static void checkVideos(List<Path> files) {
    for (Path file : files) {
      if (!Files.isRegularFile(file)) {
        throw new UserError("no file at " + file + ": expected a video" + Nearest.hint(file));
      }
    }
  }

  private static RealStages stages(Path folder, List<Path> files, Path model, int decodeThreads)
      throws IOException {
    if (files.isEmpty()) {
      throw new UserError("no videos are named, expected at least one FILE");
    }
    checkVideos(files);
    AppConfig config = AppConfig.defaults();
    List<Device> devices = Assembly.devices(config.text("model.devices"));
    return new RealStages(
        model == null ? ModelArtifact.bundled() : ModelArtifact.open(model),
        devices,
        files,
        Sampling.sliding(config.integer("pipeline.max-clips-per-video", 1, 10_000)),
        new PipelineSettings(
            decodeThreads,
            BatchPolicy.upTo(config.integer("batch.max-clips", 1, 1024), Duration.ofMillis(20)),
            config.integer("pipeline.max-waiting-clips-per-video", 1, 10_000),
            config.integer("labels.top-k", 1, 10_000)),
        config.bytes("pipeline.max-decoded"),
        folder.resolve("work"));
  }

  private static Map.Entry<String, Object> entry(String name, Object value) {
    return Map.entry(name, value);
  }

  @SafeVarargs
  private void print(boolean json, String what, Map.Entry<String, Object>... values) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("type", "bench-" + what.replace(' ', '-'));
      for (Map.Entry<String, Object> value : values) {
        line.put(value.getKey(), value.getValue());
      }
      out.println(OutcomeWriter.toJson(line));
    } else {
      List<String> parts = new ArrayList<>();
      for (Map.Entry<String, Object> value : values) {
        Object number = value.getValue();
        parts.add(
            value.getKey()
                + " "
                + (number instanceof Double d ? String.format(Locale.ROOT, "%.3f", d) : number));
      }
      out.printf("%-14s %s%n", what, String.join(", ", parts));
    }
    out.flush();
  }
}
