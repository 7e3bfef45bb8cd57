package io.clipstream.trainer;

import ai.djl.Device;
import io.clipstream.model.DeviceName;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.infer.Classifier;
import io.clipstream.model.infer.GoldenCheck;
import io.clipstream.model.infer.TorchClassifier;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.DataReport;
import io.clipstream.trainer.eval.Answers;
import io.clipstream.trainer.eval.Evaluation;
import io.clipstream.trainer.eval.Evaluator;
import io.clipstream.trainer.loop.EpochReport;
import io.clipstream.trainer.loop.Forecast;
import io.clipstream.trainer.loop.TorchrunPlan;
import io.clipstream.trainer.loop.TrainingLoop;
import io.clipstream.trainer.loop.TrainingWatch;
import io.clipstream.trainer.motion.MotionDataSet;
import io.clipstream.trainer.motion.PictureLibrary;
import io.clipstream.trainer.recipe.MotionSettings;
import io.clipstream.trainer.recipe.Recipe;
import io.clipstream.trainer.report.EvaluationPage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * From a recipe to a model: renders the data if the recipe says so, decodes it, trains, writes the
 * artifact, evaluates it and writes what was measured. A folder holds all of it; what was rendered,
 * decoded and trained in an earlier run is passed over.
 */
public final class TrainingRun {
  /** Compares a model that was trained, before it is whole, with what it is to replace. */
  @FunctionalInterface
  public interface Judge {
    /**
     * Looks at a model.
     *
     * @param artifact without its golden outputs
     * @param list that it was trained and held out from
     * @return what its manifest is to say of it
     */
    Map<String, String> judge(ModelArtifact artifact, ClipList list)
        throws IOException, InterruptedException;

    /** The split that it compares on, if there is one: the model must not have seen it. */
    default Optional<String> split() {
      return Optional.empty();
    }
  }

  private final Recipe recipe;
  private final List<Device> devices;
  private final Device device;
  private final int threads;
  private final Progress progress;
  private final Map<String, Object> seconds = new LinkedHashMap<>();
  private long lapNanos = System.nanoTime();

  /**
   * Prepares a run on one device.
   *
   * @param threads that render, encode and decode
   */
  public TrainingRun(Recipe recipe, Device device, int threads, Progress progress) {
    this(recipe, List.of(device), threads, progress);
  }

  /**
   * As the other.
   *
   * @param devices that share the training; the first one does the rest
   */
  public TrainingRun(Recipe recipe, List<Device> devices, int threads, Progress progress) {
    this.recipe = recipe;
    this.devices = List.copyOf(devices);
    this.device = devices.get(0);
    this.threads = threads;
    this.progress = progress;
  }

  /**
   * Runs to the end.
   *
   * @param folder of the run, made if need be
   * @param fresh whether to begin anew, whatever was trained in the folder before
   * @return the artifact
   * @throws io.clipstream.model.UserError if recipe, data or folder are not as they must be
   */
  public Path run(Path folder, boolean fresh) throws IOException, InterruptedException {
    try (RunFolder run = RunFolder.open(folder)) {
      return run(run, fresh, (artifact, list) -> Map.of());
    }
  }

  /**
   * As the other, in a folder that stays locked.
   *
   * @param judge looks at the model before it is whole
   */
  public Path run(RunFolder run, boolean fresh, Judge judge)
      throws IOException, InterruptedException {
    return run(run, fresh, judge, TrainingWatch.NONE);
  }

  /**
   * As the other.
   *
   * @param watch told how the training goes
   */
  public Path run(RunFolder run, boolean fresh, Judge judge, TrainingWatch watch)
      throws IOException, InterruptedException {
    try (RunData data = RunData.open(recipe, judge.split(), run, threads, progress)) {
      RunIdentity identity =
          run.claim(RunIdentity.of(recipe, data.list(), data.digests()), fresh, progress);
      lap("data");
      Map<String, Object> report = report(run, data, !Files.exists(run.file("checkpoint.bin")));
      TrainingLoop.Trained trained =
          new TrainingLoop(
                  recipe,
                  identity.digest(),
                  data.train(),
                  data.validation(),
                  run.file(""),
                  devices,
                  progress)
              .run(Integer.MAX_VALUE, watch);
      lap("train");
      seconds.put("train", tenths(trained.seconds())); // of all sessions, not this one's alone
      return finish(run, data.list(), identity, trained, report, judge);
    }
  }

  /**
   * Decodes the videos of a recipe whose list has splits, as a run does, and finds those that leave
   * a label without any in a split, as they do not decode.
   *
   * @param threads that decode
   * @return why, by what {@link io.clipstream.trainer.data.ContentDigests} says of each
   * @throws io.clipstream.model.UserError if more of them do not decode than the recipe allows
   */
  public static Map<String, String> missed(
      Recipe recipe, RunFolder run, int threads, Progress progress)
      throws IOException, InterruptedException {
    return RunData.missed(recipe, run, threads, progress);
  }

  /**
   * Says what a run would do, and stops there.
   *
   * @param judged split that the model would be compared with another on, if it would
   */
  public void dryRun(RunFolder run, Optional<String> judged)
      throws IOException, InterruptedException {
    try (RunData data = RunData.open(recipe, judged, run, threads, progress)) {
      report(run, data, true);
    }
  }

  /**
   * Decodes the videos and writes {@code initial.pt} and {@code plan.json} for {@code
   * trainer/torchrun/train.py}, and stops there.
   */
  public void prepare(RunFolder run) throws IOException, InterruptedException {
    if (!recipe.data().kept().stored()) {
      throw new UserError("cache.pixels is none, but train.py reads decoded videos, expected disk");
    }
    try (RunData data = RunData.open(recipe, Optional.empty(), run, threads, progress)) {
      report(run, data, false);
      data.train().requireWhole();
      data.validation().requireWhole();
      Swin3d.write(
          run.file("initial.pt"),
          recipe.network(),
          recipe.firstWeights(),
          recipe.manifest(Map.of()));
      run.write("plan.json", TorchrunPlan.of(recipe, data.train(), data.validation()));
    }
  }

  /**
   * Tells what there is to train on, and how long it will take; {@code data.json} has all of it.
   *
   * @throws io.clipstream.model.UserError if it is not fit for training
   */
  private Map<String, Object> report(RunFolder run, RunData data, boolean forecast)
      throws IOException {
    DataReport report = data.report();
    run.write("data.json", report.toMap());
    progress.note(report.toText());
    report.require(recipe.data().maxRejected());
    if (forecast) {
      progress.note(
          Forecast.of(recipe, data.train(), data.validation(), run.file(""), devices).line());
    }
    return report.toMap();
  }

  /** Writes the artifact, evaluates it and writes what was measured. */
  private Path finish(
      RunFolder run,
      ClipList list,
      RunIdentity identity,
      TrainingLoop.Trained trained,
      Map<String, Object> data,
      Judge judge)
      throws IOException, InterruptedException {
    int chosen = trained.chosen().orElseThrow().epoch();
    Path artifact = run.file(recipe.name() + "-" + recipe.version() + ".pt");
    Path candidate = run.file("candidate.pt"); // what has the model's name is whole and judged
    Map<String, Evaluation> measured = new LinkedHashMap<>();
    Map<String, Object> evaluations = new LinkedHashMap<>();
    Map<String, String> history;
    try {
      Swin3d.write(candidate, recipe.network(), trained.weights(), recipe.manifest(Map.of()));
      Map<String, Double> metrics = new TreeMap<>();
      metrics.put("epoch", (double) chosen);
      for (String split : recipe.data().reports()) {
        Evaluation evaluation =
            evaluate(
                ModelArtifact.open(candidate),
                list,
                list.split(split),
                "1",
                device,
                threads,
                progress);
        progress.note(split + ":\n" + evaluation.toTable());
        evaluations.put(split, evaluation.toMap());
        measured.put(split, evaluation);
        metrics.putAll(evaluation.metrics(split));
      }
      lap("evaluate");
      history = new TreeMap<>(judge.judge(ModelArtifact.open(candidate), list));
      lap("judge");
      history.put("data.sha256", identity.dataDigest());
      if (!identity.extended().isEmpty()) {
        history.put(
            "train.epochs.extended-from",
            identity.extended().stream().map(String::valueOf).collect(Collectors.joining(",")));
      }
      GoldenCheck.write(
          artifact, recipe.network(), trained.weights(), recipe.manifest(metrics, history));
    } finally {
      Files.deleteIfExists(candidate);
    }

    Map<String, Object> report = new LinkedHashMap<>();
    report.put("model", recipe.name() + "-" + recipe.version());
    report.put("digest", ModelArtifact.open(artifact).digest());
    report.put("bytes", Files.size(artifact));
    report.put("device", DeviceName.of(device));
    report.put("devices", devices.size());
    report.put("processors", Runtime.getRuntime().availableProcessors());
    report.put("seconds", seconds);
    report.put("chosenEpoch", chosen);
    report.put("evaluations", evaluations);
    report.put("epochs", trained.history());
    report.put("dataSha256", identity.dataDigest());
    report.put("data", data);
    report.put("history", history);
    report.put("recipe", recipe.published());
    run.write("metrics.json", report);
    writePages(run, measured, trained); // last: everything else is there without them
    return artifact;
  }

  private void writePages(
      RunFolder run, Map<String, Evaluation> measured, TrainingLoop.Trained trained)
      throws IOException, InterruptedException {
    for (Map.Entry<String, Evaluation> evaluation : measured.entrySet()) {
      String split = evaluation.getKey();
      Path page = run.file("report-" + split + ".html");
      EvaluationPage.write(
              page,
              "%s-%s on split %s, epoch %d of %d"
                  .formatted(
                      recipe.name(),
                      recipe.version(),
                      split,
                      trained.chosen().orElseThrow().epoch(),
                      trained.history().size()),
              evaluation.getValue(),
              EpochReport.curves(trained.history()))
          .ifPresent(why -> progress.note(page + " has no pictures: " + why));
    }
  }

  /** The recipe's list, after rendering it if it is rendered. */
  public static ClipList data(Recipe recipe, Path folder, int threads, Progress progress)
      throws IOException, InterruptedException {
    if (recipe.data().generated().isEmpty()) {
      return recipe.data().open();
    }
    MotionSettings motion = recipe.data().generated().get();
    return MotionDataSet.generate(
        motion.spec(), PictureLibrary.open(motion.photographs()), folder, threads, progress);
  }

  /** Evaluates an artifact on videos of a list, whose labels are the artifact's. */
  public static Evaluation evaluate(
      ModelArtifact artifact,
      ClipList list,
      List<ClipList.Entry> videos,
      String views,
      Device device,
      int threads,
      Progress progress)
      throws IOException, InterruptedException {
    int[] classes = list.classes(videos, artifact.manifest().labels());
    try (Classifier classifier = TorchClassifier.load(artifact, device, List.of(1, 8, 32))) {
      return new Evaluator(classifier, views, threads, progress).evaluate(videos, classes);
    }
  }

  /** What an artifact says of videos, whether or not it knows their labels. */
  public static Answers answers(
      ModelArtifact artifact,
      List<ClipList.Entry> videos,
      String views,
      Device device,
      int threads,
      Progress progress)
      throws IOException, InterruptedException {
    try (Classifier classifier = TorchClassifier.load(artifact, device, List.of(1, 8, 32))) {
      return new Evaluator(classifier, views, threads, progress).answer(videos);
    }
  }

  private void lap(String name) {
    long now = System.nanoTime();
    seconds.put(name, tenths((now - lapNanos) / 1e9));
    lapNanos = now;
  }

  private static double tenths(double value) {
    return Math.round(10 * value) / 10.0;
  }
}
