package io.clipstream.streams.cli;

import io.clipstream.model.Count;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.checkpoint.Kinetics400;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.DecodeBenchmark;
import io.clipstream.model.clip.IsolationBenchmark;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
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

/** {@code clipstream bench decode}: how fast videos become clips. */
@Command(
    name = "decode",
    description = "Sampled clips a second on one core, against the ffmpeg command line.")
final class BenchDecodeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Videos.")
  private List<Path> files;

  @Option(
      names = "--passes",
      paramLabel = "N",
      defaultValue = "50",
      description = "Decodes of each file (${DEFAULT-VALUE}).")
  private int passes;

  @Option(
      names = "--model",
      paramLabel = "M.pt",
      description = "Whose clips; by default 32 frames of 224x224 at 15 a second.")
  private Path model;

  @Option(
      names = "--isolation",
      description =
          "Compare with decode.isolation=process instead: every clip of all files together.")
  private boolean isolation;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    OptionValues.atLeast(1, "--passes", passes);
    BenchCommand.checkVideos(files);
    ClipSpec clip = model == null ? Kinetics400.CLIP : ModelArtifact.open(model).manifest().clip();
    if (isolation) {
      compareProcesses(clip);
      return 0;
    }
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

  private void compareProcesses(ClipSpec clip) throws IOException, InterruptedException {
    IsolationBenchmark.Result result;
    try (IsolationBenchmark benchmark = new IsolationBenchmark(clip)) {
      result = benchmark.measure(files, passes);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("type", "bench-decode-isolation");
      line.put("clips", result.clips());
      line.put("cpuRatio", result.cpuRatio());
      line.put("wallRatio", result.wallRatio());
      out.println(OutcomeWriter.toJson(line));
    } else {
      out.printf(
          Locale.ROOT,
          "decode.isolation=process takes %.2f times the CPU time and %.2f times the time of none"
              + " (%s)%n",
          result.cpuRatio(),
          result.wallRatio(),
          Count.of(result.clips(), "clip"));
    }
    out.flush();
  }
}
