package io.clipstream.trainer;

import ai.djl.Device;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.infer.Classifier;
import io.clipstream.model.infer.GoldenCheck;
import io.clipstream.model.infer.TorchClassifier;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.trainer.motion.MotionDataSet;
import io.clipstream.trainer.motion.PictureLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * From a recipe to a model: renders the data if the recipe says so, decodes it, trains, writes the
 * artifact, evaluates it and writes what was measured. A folder holds all of it; each step that was
 * finished in an earlier run is passed over.
 */
final class TrainingRun {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private TrainingRun() {}

  /**
   * Runs to the end.
   *
   * @param folder of the run, made if need be
   * @param threads that render, encode and decode
   * @return the artifact
   */
  static Path run(Recipe recipe, Path folder, Device device, int threads, Progress progress)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Map<String, Object> seconds = new LinkedHashMap<>();
    long start = System.nanoTime();
    ClipList list = data(recipe, folder.resolve("data"), threads, progress);
    start = lap(seconds, "generate", start);

    Recipe.Training settings = recipe.training();
    list.requireDisjoint(settings.trainSplit(), settings.validationSplit());
    for (String split : recipe.reports()) {
      if (!split.equals(settings.validationSplit())) {
        list.requireDisjoint(settings.trainSplit(), split);
        list.requireDisjoint(settings.validationSplit(), split);
      }
    }
    TrainingLoop.Trained trained;
    try (ClipCache train = cache(recipe, list, settings.trainSplit(), folder, threads, progress);
        ClipCache validation =
            cache(recipe, list, settings.validationSplit(), folder, threads, progress)) {
      start = lap(seconds, "decode", start);
      trained =
          new TrainingLoop(recipe, train, validation, folder, device, progress)
              .run(Integer.MAX_VALUE);
      start = lap(seconds, "train", start);
    }

    Path artifact = folder.resolve(recipe.name() + "-" + recipe.version() + ".pt");
    Swin3d.write(artifact, recipe.network(), trained.weights(), recipe.manifest(Map.of()));
    Map<String, Object> evaluations = new LinkedHashMap<>();
    Map<String, Double> metrics = new TreeMap<>();
    for (String split : recipe.reports()) {
      List<ClipList.Entry> videos = list.split(split);
      Evaluation evaluation =
          evaluate(
              ModelArtifact.open(artifact),
              videos,
              list.classes(videos, recipe.labels()),
              "1",
              device,
              threads,
              progress);
      progress.note(split + ":\n" + evaluation.toTable());
      evaluations.put(split, evaluation.toMap());
      metrics.put("top1." + split, Math.round(evaluation.top1() * 1e5) / 1e5);
      metrics.put("videos." + split, (double) evaluation.videos());
    }
    lap(seconds, "evaluate", start);
    GoldenCheck.write(artifact, recipe.network(), trained.weights(), recipe.manifest(metrics));

    Map<String, Object> report = new LinkedHashMap<>();
    report.put("model", recipe.name() + "-" + recipe.version());
    report.put("digest", ModelArtifact.open(artifact).digest());
    report.put("bytes", Files.size(artifact));
    report.put("device", device.toString());
    report.put("processors", Runtime.getRuntime().availableProcessors());
    report.put("seconds", seconds);
    report.put("evaluations", evaluations);
    report.put("epochs", trained.history());
    report.put("recipe", recipe.published());
    JSON.writeValue(folder.resolve("metrics.json").toFile(), report);
    return artifact;
  }

  /** The recipe's list, after rendering it if it is rendered. */
  static ClipList data(Recipe recipe, Path folder, int threads, Progress progress)
      throws IOException, InterruptedException {
    if (recipe.generated().isEmpty()) {
      return ClipList.read(recipe.list().orElseThrow());
    }
    return MotionDataSet.generate(
        recipe.generated().get(),
        PictureLibrary.open(recipe.photographs().orElseThrow()),
        folder,
        threads,
        progress);
  }

  private static ClipCache cache(
      Recipe recipe, ClipList list, String split, Path folder, int threads, Progress progress)
      throws IOException, InterruptedException {
    List<ClipList.Entry> entries = list.split(split);
    return ClipCache.open(
        folder.resolve(split + ".clips"),
        entries,
        list.classes(entries, recipe.labels()),
        recipe.clip(),
        threads,
        progress);
  }

  static Evaluation evaluate(
      ModelArtifact artifact,
      List<ClipList.Entry> videos,
      int[] classes,
      String views,
      Device device,
      int threads,
      Progress progress)
      throws IOException, InterruptedException {
    try (Classifier classifier = TorchClassifier.load(artifact, device, List.of(1, 8, 32))) {
      return Evaluation.of(classifier, videos, classes, views, threads, progress);
    }
  }

  private static long lap(Map<String, Object> seconds, String name, long start) {
    long now = System.nanoTime();
    seconds.put(name, Math.round((now - start) / 1e8) / 10.0);
    return now;
  }
}
