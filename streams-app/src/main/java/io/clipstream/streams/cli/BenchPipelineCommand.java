package io.clipstream.streams.cli;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.streams.bench.PipelineBenchmark;
import io.clipstream.streams.bench.RealStages;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.Folders;
import io.clipstream.streams.config.SettingsSources;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream bench pipeline}: what the whole application adds to its stages. */
@Command(
    name = "pipeline",
    description = {
      "The whole application on a Kafka of its own: references a second with stages that cost"
          + " nothing, latency of a single one, and with FILEs the real stages against the slowest"
          + " of them alone."
    })
final class BenchPipelineCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(arity = "0..*", paramLabel = "FILE", description = "Videos for the real stages.")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--references",
      paramLabel = "N",
      defaultValue = "300000",
      description = "With free stages (${DEFAULT-VALUE}).")
  private long references;

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "100",
      description = "Of the latency (${DEFAULT-VALUE}).")
  private int samples;

  @Option(
      names = "--videos",
      paramLabel = "N",
      defaultValue = "500",
      description = "Through the real stages (${DEFAULT-VALUE}).")
  private int videos;

  @Option(
      names = "--decode-threads",
      paramLabel = "N",
      description =
          "Of the real stages; by default one for each processor. Where the classifier has no"
              + " device of its own, leave it a processor, with OMP_NUM_THREADS for its own"
              + " threads.")
  private Integer decodeThreads;

  @Option(
      names = "--memory",
      paramLabel = "N",
      description = "Instead of all that: memory while N videos go through.")
  private Integer memory;

  @Option(names = "--model", paramLabel = "M.pt", description = "The bundled model by default.")
  private Path model;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting of the instance, such as decode.gpu=off; may be given again.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    OptionValues.atLeast(1, "--references", references);
    OptionValues.atLeast(1, "--samples", samples);
    OptionValues.atLeast(1, "--videos", videos);
    if (memory != null) {
      OptionValues.atLeast(1, "--memory", memory);
    }
    if (memory != null && files.isEmpty()) {
      throw new UserError("no videos are named, expected at least one FILE");
    }
    BenchCommand.checkVideos(files);
    Path folder = Files.createTempDirectory("clipstream-bench-");
    try {
      AppSettings settings = settings(folder.resolve("work"));
      if (memory != null) {
        printMemory(folder, stages(settings));
      } else {
        printFree(folder);
        if (!files.isEmpty()) {
          printReal(folder, stages(settings));
        }
      }
      return 0;
    } finally {
      Folders.delete(folder);
    }
  }

  private RealStages stages(AppSettings settings) throws IOException, InterruptedException {
    return new RealStages(settings, ModelFile.open(settings.model()), files);
  }

  private void printFree(Path folder) throws InterruptedException {
    PipelineBenchmark.Throughput free =
        PipelineBenchmark.freeStages(folder.resolve("free"), references);
    print(
        "free stages",
        entry("referencesPerSecond", free.perSecond()),
        entry("references", free.references()),
        entry("maxPending", free.maxPending()));
    PipelineBenchmark.Latency idle = PipelineBenchmark.idle(folder.resolve("idle"), samples);
    print(
        "idle latency",
        entry("medianMillis", idle.median()),
        entry("p90Millis", idle.p90()),
        entry("maxMillis", idle.max()));
  }

  private void printReal(Path folder, RealStages stages) throws InterruptedException {
    PipelineBenchmark.Stages real =
        PipelineBenchmark.realStages(folder.resolve("real"), stages, videos);
    print(
        "real stages",
        entry("videosPerSecond", real.pipeline()),
        entry("decodeAlone", real.decode()),
        entry("classifyAlone", real.classify()),
        entry("clipsPerVideo", real.clipsPerVideo()),
        entry("shareOfSlowest", real.shareOfSlowest()),
        entry("shareOfSharedCores", real.shareOfSharedCores()));
  }

  private void printMemory(Path folder, RealStages stages) throws InterruptedException {
    for (PipelineBenchmark.MemorySample sample :
        PipelineBenchmark.memory(folder.resolve("memory"), stages, memory, 10)) {
      print(
          "memory",
          entry("videos", sample.videos()),
          entry("heapMiB", sample.heapBytes() / 1048576.0),
          entry("residentMiB", sample.residentBytes() / 1048576.0));
    }
  }

  /** Those of an instance: the defaults, but for the options. */
  private AppSettings settings(Path work) throws IOException {
    Settings settings = SettingsSources.load(Map.of(), null, Map.of(), overrides);
    settings.override("bench", Map.of("pipeline.work-directory", work.toString()));
    if (decodeThreads != null) {
      settings.override(
          "--decode-threads", Map.of("pipeline.decode-threads", decodeThreads.toString()));
    }
    if (model != null) {
      settings.override("--model", Map.of("model.path", model.toString()));
    }
    return AppSettings.read(settings);
  }

  private static Map.Entry<String, Object> entry(String name, Object value) {
    return Map.entry(name, value);
  }

  @SafeVarargs
  private void print(String what, Map.Entry<String, Object>... values) {
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
