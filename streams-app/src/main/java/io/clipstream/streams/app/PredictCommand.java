package io.clipstream.streams.app;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.infer.Predictor;
import io.clipstream.model.infer.Predictor.Prediction;
import io.clipstream.model.infer.TorchClassifier;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.streams.app.PredictionWriter.Format;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
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

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description =
          "Video files, folders (the videos directly in them by name, such as .mp4 and .mkv; hidden"
              + " files are left out) and quoted globs such as 'videos/**.mp4'.")
  private List<Path> files;

  @Option(names = "--model", paramLabel = "M.pt", description = "The bundled model by default.")
  private Path model;

  @Option(
      names = "--views",
      paramLabel = "CLIPS[xCROPS]",
      description =
          "Clips along time, and 1 or 3 crops of each: 1 or 4x3. By default what the model's"
              + " manifest says, see model inspect.")
  private String views;

  @Option(names = "--top", paramLabel = "K", description = "Labels to print.", defaultValue = "5")
  private int top;

  @Option(
      names = "--device",
      defaultValue = "auto",
      description = "auto (a GPU if there is one), cpu, gpu0, ...")
  private String device;

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
    Sampling.Dense wanted = views == null ? null : Sampling.parseViews(views);
    List<VideoFiles.Found> found = VideoFiles.find(files);
    ModelArtifact artifact = model == null ? ModelArtifact.bundled() : ModelArtifact.open(model);
    ModelManifest manifest = artifact.manifest();
    Sampling.Dense protocol = wanted != null ? wanted : Sampling.parseViews(manifest.views());
    Format format = json ? Format.JSON : csv ? Format.CSV : Format.TEXT;
    PredictionWriter writer =
        new PredictionWriter(spec.commandLine().getOut(), format, manifest, top);
    writer.begin();
    if (found.stream().noneMatch(one -> one.problem().isEmpty())) {
      found.forEach(one -> writer.rejected(one.path(), "NOT_FOUND", one.problem()));
      return 1;
    }
    boolean all = true;
    int batch = Math.min(protocol.clips() * protocol.crops(), MAX_BATCH);
    try (TorchClassifier classifier =
        TorchClassifier.load(artifact, Assembly.devices(device).get(0), List.of(batch))) {
      Predictor predictor = new Predictor(classifier, protocol, DecodeLimits.defaults());
      for (VideoFiles.Found one : found) {
        all &= predict(predictor, one, writer);
      }
    }
    return all ? 0 : 1;
  }

  /** Whether the file was labelled. */
  private static boolean predict(
      Predictor predictor, VideoFiles.Found found, PredictionWriter writer)
      throws InterruptedException {
    Path file = found.path();
    if (!found.problem().isEmpty()) {
      writer.rejected(file, "NOT_FOUND", found.problem());
      return false;
    }
    Prediction prediction;
    try {
      prediction = predictor.predict(file);
    } catch (UncheckedIOException e) {
      boolean denied = Files.exists(file) && !Files.isReadable(file);
      writer.rejected(
          file,
          denied ? "ACCESS_DENIED" : "FETCH_FAILED",
          denied ? "it may not be read" : "it cannot be read: " + e.getCause().getMessage());
      return false;
    } catch (IllegalStateException e) { // what the network gives for these pixels is no answer
      writer.rejected(file, RejectionReason.CLASSIFIER_FAILED.name(), e.getMessage());
      return false;
    }
    if (prediction instanceof Prediction.Rejected rejected) {
      writer.rejected(file, rejected.reason().name(), rejected.detail());
      return false;
    }
    writer.labelled(file, (Prediction.Labelled) prediction);
    return true;
  }
}
