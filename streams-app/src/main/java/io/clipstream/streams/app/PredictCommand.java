package io.clipstream.streams.app;

import io.clipstream.model.Nearest;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoInfo;
import io.clipstream.model.infer.Predictor;
import io.clipstream.model.infer.Predictor.Prediction;
import io.clipstream.model.infer.TorchClassifier;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream predict}: labels files, without Kafka. */
@Command(name = "predict", description = "Label video files here and now, without Kafka.")
final class PredictCommand implements Callable<Integer> {
  private static final int MAX_BATCH = 4;

  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Video files.")
  private List<Path> files;

  @Option(names = "--model", paramLabel = "M.pt", description = "The bundled model by default.")
  private Path model;

  @Option(
      names = "--views",
      paramLabel = "CLIPS[xCROPS]",
      description =
          "Clips along time, and 1 or 3 crops of each: 1 or 4x3. By default as the model was"
              + " measured.")
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

  /** Succeeds only if every file was labelled. */
  @Override
  public Integer call() throws IOException, InterruptedException {
    Sampling.Dense wanted = views == null ? null : Sampling.parseViews(views);
    ModelArtifact artifact = model == null ? ModelArtifact.bundled() : ModelArtifact.open(model);
    ModelManifest manifest = artifact.manifest();
    Sampling.Dense protocol = wanted != null ? wanted : Sampling.parseViews(manifest.views());
    PrintWriter out = spec.commandLine().getOut();
    boolean all = true;
    int batch = Math.min(protocol.clips() * protocol.crops(), MAX_BATCH);
    try (TorchClassifier classifier =
        TorchClassifier.load(artifact, Assembly.devices(device).get(0), List.of(batch))) {
      Predictor predictor = new Predictor(classifier, protocol, DecodeLimits.defaults());
      for (Path file : files) {
        if (!Files.isRegularFile(file)) {
          all = false;
          printMissing(out, file);
          continue;
        }
        Prediction prediction = predictor.predict(file);
        all &= prediction instanceof Prediction.Labelled;
        if (json) {
          out.println(OutcomeWriter.toJson(json(file, prediction, manifest)));
        } else {
          print(out, file, prediction, manifest);
        }
        out.flush();
      }
    }
    return all ? 0 : 1;
  }

  private void printMissing(PrintWriter out, Path file) {
    String detail = "no such file" + Nearest.hint(file);
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("file", file.toString());
      object.put("reason", "NOT_FOUND");
      object.put("detail", detail);
      out.println(OutcomeWriter.toJson(object));
    } else {
      out.printf("%s%n  rejected: NOT_FOUND, %s%n", file, detail);
    }
    out.flush();
  }

  private void print(PrintWriter out, Path file, Prediction prediction, ModelManifest manifest) {
    if (prediction instanceof Prediction.Rejected rejected) {
      out.printf("%s%n  rejected: %s, %s%n", file, rejected.reason(), rejected.detail());
      return;
    }
    Prediction.Labelled labelled = (Prediction.Labelled) prediction;
    VideoInfo video = labelled.video();
    out.printf(
        Locale.ROOT,
        "%s  (%s, %dx%d, %.4g fps, %.1f s%s)%n",
        file,
        video.codec(),
        video.width(),
        video.height(),
        video.framesPerSecond(),
        video.durationSeconds(),
        labelled.note().isEmpty() ? "" : "; partial: " + labelled.note());
    int rank = 1;
    for (int k : best(labelled.probabilities())) {
      out.printf(
          Locale.ROOT,
          "  top-%d  %-28s class %-4d score %.4f%n",
          rank++,
          manifest.labels().get(k),
          k,
          labelled.probabilities().get(k));
    }
    out.printf(
        Locale.ROOT,
        "  decode %.0f ms, classify %.0f ms, views %d, model %s%n",
        labelled.decode().toNanos() / 1e6,
        labelled.classify().toNanos() / 1e6,
        labelled.views(),
        manifest.id());
  }

  private Map<String, Object> json(Path file, Prediction prediction, ModelManifest manifest) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("file", file.toString());
    if (prediction instanceof Prediction.Rejected rejected) {
      object.put("reason", rejected.reason().name());
      object.put("detail", rejected.detail());
      return object;
    }
    Prediction.Labelled labelled = (Prediction.Labelled) prediction;
    List<Map<String, Object>> labels = new ArrayList<>();
    for (int k : best(labelled.probabilities())) {
      Map<String, Object> label = new LinkedHashMap<>();
      label.put("id", k);
      label.put("name", manifest.labels().get(k));
      label.put("score", labelled.probabilities().get(k));
      labels.add(label);
    }
    object.put("labels", labels);
    object.put("model", Map.of("name", manifest.name(), "version", manifest.version()));
    object.put("views", labelled.views());
    object.put("complete", labelled.note().isEmpty());
    if (!labelled.note().isEmpty()) {
      object.put("note", labelled.note());
    }
    Map<String, Object> timings = new LinkedHashMap<>();
    timings.put("decodeMillis", labelled.decode().toNanos() / 1e6);
    timings.put("classifyMillis", labelled.classify().toNanos() / 1e6);
    object.put("timings", timings);
    return object;
  }

  /** The classes of the best scores, best first. */
  private List<Integer> best(List<Float> probabilities) {
    return IntStream.range(0, probabilities.size())
        .boxed()
        .sorted(Comparator.comparing(probabilities::get).reversed())
        .limit(Math.max(1, top))
        .toList();
  }
}
