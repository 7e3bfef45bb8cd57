package io.clipstream.streams.cli;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.infer.Predictor;
import io.clipstream.model.infer.TorchClassifier;
import io.clipstream.streams.cli.PredictionWriter.Format;
import io.clipstream.streams.config.DeviceChoice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream predict}: labels files, without Kafka. */
@Command(name = "predict", description = "Label video files here and now, without Kafka.")
final class PredictCommand implements Callable<Integer> {
  private static final int MAX_BATCH = 4;

  /** Each holds the pixels of its views. */
  private static final int MAX_JOBS = 8;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "VIDEO",
      description =
          "Video files, http and https addresses, - for standard input, folders (the videos directly in them by name, such as .mp4 and .mkv; hidden"
              + " files are left out) and quoted globs such as 'videos/**.mp4'.")
  private List<String> videos;

  @Option(names = "--model", paramLabel = "M.pt", description = "The bundled model by default.")
  private Path model;

  @Option(
      names = "--views",
      paramLabel = "CLIPS[xCROPS]",
      description =
          "Clips along time, and 1 or 3 crops of each: 1 or 4x3. By default what the model's"
              + " manifest says, see model inspect.")
  private String views;

  @Option(
      names = "--top",
      paramLabel = "K",
      description = "Labels to print (${DEFAULT-VALUE}).",
      defaultValue = "5")
  private int top;

  @Option(
      names = "--device",
      paramLabel = "D",
      defaultValue = "auto",
      description = "auto (a GPU if there is one), cpu or a GPU such as gpu0 (${DEFAULT-VALUE}).")
  private String device;

  @Option(
      names = {"-j", "--jobs"},
      paramLabel = "N",
      description =
          "Videos that are decoded at a time; by default one for each processor, at most 8.")
  private Integer jobs;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Option(
      names = "--csv",
      description =
          "Comma-separated values: a header, then one line a file with its K best labels.")
  private boolean csv;

  /** Succeeds only if every file was labelled. */
  @Override
  public Integer call() throws IOException, InterruptedException {
    if (json && csv) {
      throw new ParameterException(
          spec.commandLine(), "--json and --csv exclude each other, expected one of them");
    }
    OptionValues.atLeast(1, "--top", top);
    Sampling.Dense wanted = views == null ? null : Sampling.parseViews(views);
    int decodes =
        jobs != null ? jobs : Math.min(MAX_JOBS, Runtime.getRuntime().availableProcessors());
    OptionValues.atLeast(1, "--jobs", decodes);
    try (VideoInputs inputs = new VideoInputs(videos)) {
      return predict(inputs, Math.min(decodes, inputs.all().size()), wanted) ? 0 : 1;
    }
  }

  private boolean predict(VideoInputs inputs, int decodes, Sampling.Dense wanted)
      throws IOException, InterruptedException {
    ModelArtifact artifact = model == null ? ModelArtifact.bundled() : ModelArtifact.open(model);
    ModelManifest manifest = artifact.manifest();
    Sampling.Dense protocol = wanted != null ? wanted : Sampling.parseViews(manifest.views());
    Format format = json ? Format.JSON : csv ? Format.CSV : Format.TEXT;
    PredictionWriter writer =
        new PredictionWriter(spec.commandLine().getOut(), format, manifest, top);
    writer.begin();
    if (inputs.all().stream().noneMatch(input -> input.problem().isEmpty())) {
      inputs.all().forEach(input -> writer.rejected(input.name(), "NOT_FOUND", input.problem()));
      return false;
    }
    Device chosen = new DeviceChoice(device).first();
    ModelFile.tryOut(artifact, chosen);
    int batch = Math.min(protocol.clips() * protocol.crops(), MAX_BATCH);
    try (TorchClassifier classifier = TorchClassifier.load(artifact, chosen, List.of(batch))) {
      Predictor predictor = new Predictor(classifier, protocol, DecodeLimits.defaults(), decodes);
      try (PredictRun run = new PredictRun(inputs, predictor, writer, decodes)) {
        return run.run();
      }
    }
  }
}
