package io.clipstream.trainer.loop;

import ai.djl.Device;
import io.clipstream.model.Count;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.trainer.data.Batches;
import io.clipstream.trainer.data.ClipSet;
import io.clipstream.trainer.data.EpochPlan;
import io.clipstream.trainer.recipe.Recipe;
import io.clipstream.trainer.recipe.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Trains one network, on one device or on several that share each batch. A run that is stopped,
 * however, goes on from its last checkpoint and ends with the same weights as one that never
 * stopped (on a CPU; GPUs add in varying order). One thread.
 */
public final class TrainingLoop {
  /** Training goes back at most this far after a kill. */
  private static final long CHECKPOINT_NANOS = 120_000_000_000L;

  /** Share of an epoch's time that waiting for clips may take unsaid. */
  private static final double WAITING = 0.1;

  private final Recipe recipe;
  private final String run;
  private final TrainingSettings settings;
  private final ClipSet train;
  private final ClipSet validation;
  private final Path folder;
  private final List<Device> devices;
  private final Progress progress;
  private final EpochPlan plan;
  private final int steps;
  private final LearningRate learningRate;
  private final Checkpoints checkpoints;

  /**
   * What training ends with.
   *
   * @param weights best on the validation clips, by torchvision's names
   * @param chosen the epoch that they are of, once there is one
   * @param history one report an epoch
   */
  public record Trained(
      Map<String, Weights> weights, Optional<EpochReport> chosen, List<EpochReport> history) {
    /** That the epochs took, whichever process trained them, with their validation. */
    public double seconds() {
      return history.stream().mapToDouble(EpochReport::seconds).sum();
    }
  }

  /**
   * Prepares a run.
   *
   * @param run digest of the run's identity: it goes on from a checkpoint of no other
   * @param folder that holds {@link Checkpoints}
   * @param devices that share each batch, as many of them as the smallest one has clips. How many
   *     changes the result by rounding alone
   */
  public TrainingLoop(
      Recipe recipe,
      String run,
      ClipSet train,
      ClipSet validation,
      Path folder,
      List<Device> devices,
      Progress progress) {
    this.recipe = recipe;
    this.run = run;
    this.settings = recipe.training();
    this.train = train;
    this.validation = validation;
    this.folder = folder;
    this.progress = progress;
    this.plan = EpochPlan.of(train.size(), settings.batchSize());
    this.devices = devices.subList(0, Math.min(devices.size(), plan.smallest()));
    if (this.devices.size() < devices.size()) {
      progress.note(
          "%d of %d devices train: a batch has only %s"
              .formatted(this.devices.size(), devices.size(), Count.of(plan.smallest(), "clip")));
    }
    long all = (long) plan.steps() * settings.epochs();
    if (all > Integer.MAX_VALUE) {
      throw new UserError(
          "%d epochs of %d steps are %d steps, expected at most %d"
              .formatted(settings.epochs(), plan.steps(), all, Integer.MAX_VALUE));
    }
    this.steps = (int) all;
    this.learningRate =
        new LearningRate(
            settings.learningRate(),
            settings.finalLearningRate(),
            (int) Math.round(settings.warmupEpochs() * plan.steps()),
            steps);
    this.checkpoints = new Checkpoints(folder);
  }

  /**
   * Runs to the end, from the last checkpoint if there is one.
   *
   * @param stopAfter step to stop after, as a kill would; tests that runs go on
   */
  public Trained run(int stopAfter) throws IOException, InterruptedException {
    return run(stopAfter, TrainingWatch.NONE);
  }

  /** As the other, and tells how it goes. */
  public Trained run(int stopAfter, TrainingWatch watch) throws IOException, InterruptedException {
    Optional<Checkpoint> saved = checkpoints.read(run, progress);
    if (saved.isPresent() && (saved.get().step() == steps || stopsEarly(saved.get()))) {
      progress.note(
          saved.get().step() == steps
              ? "nothing left to train: %s done; --fresh begins anew"
                  .formatted(Count.of(settings.epochs(), "epoch", "is", "are"))
              : "nothing left to train: it stopped after epoch %d, since none was better for %d; --fresh begins anew"
                  .formatted(epochOf(saved.get().step()), settings.patience()));
      return trained(saved.get());
    }
    Path initial = folder.resolve("initial.pt");
    Learner.write(initial, recipe, firstWeights(saved));
    int share = (plan.largest() + devices.size() - 1) / devices.size();
    int atOnce = settings.largestPart(share);
    int[] counts = train.counts(recipe.labels().size());
    try (Learner learner = new Learner(initial, recipe, counts, train::file, devices);
        Validation judge = new Validation(initial, recipe, validation, atOnce, devices.get(0))) {
      if (saved.isPresent()) {
        learner.restore(saved.get());
      }
      Checkpoint state =
          train(learner, judge, saved.orElse(Checkpoint.start(run)), stopAfter, watch);
      return trained(state);
    } finally {
      Files.deleteIfExists(initial);
    }
  }

  private Checkpoint train(
      Learner learner, Validation judge, Checkpoint start, int stopAfter, TrainingWatch watch)
      throws IOException, InterruptedException {
    Checkpoint state = start;
    int step = start.step();
    progress.start("training", plan.clipsBefore(steps), plan.clipsBefore(step));
    long savedNanos = System.nanoTime();
    Tally tally = start.epoch().map(Tally::new).orElseGet(this::newTally);
    EpochFiles files = new EpochFiles(folder);
    MemoryInUse memory = new MemoryInUse(devices);
    try (Batches batches = batches(step)) {
      long waitedNanos = 0;
      while (step < Math.min(steps, stopAfter)) {
        long asked = System.nanoTime();
        Batches.Batch batch = batches.next();
        waitedNanos += System.nanoTime() - asked;
        learner.step(batch, step, learningRate.at(step), tally);
        batches.done(batch);
        step++;
        progress.step(batch.size(), "epoch " + epochOf(step) + ", " + tally + memory.note());
        watch.step(epochOf(step), settings.epochs(), batch.size(), tally.loss());

        if (step % plan.steps() == 0) {
          noteWaiting(epochOf(step), waitedNanos / 1e9, tally.seconds());
          waitedNanos = 0;
          state = endEpoch(state, learner, judge, step, tally, files);
          watch.epoch(state.history().get(state.history().size() - 1));
          tally = newTally();
          savedNanos = System.nanoTime();
          if (step < steps && stopsEarly(state)) {
            progress.note(
                "stopped after epoch %d: none was better for %s (train.patience)"
                    .formatted(epochOf(step), Count.of(settings.patience(), "epoch")));
            break;
          }
        } else if (System.nanoTime() - savedNanos > CHECKPOINT_NANOS) {
          state = state.withStep(step, learner.state(), tally);
          checkpoints.write(state);
          savedNanos = System.nanoTime();
        }
      }
    }
    progress.end();
    return state;
  }

  /** Says so if the network did not get its clips as fast as it takes them. */
  private void noteWaiting(int epoch, double waited, double seconds) {
    if (waited > WAITING * seconds && waited > 1) {
      progress.note(
          String.format(
              Locale.ROOT,
              "epoch %d waited for clips for %.0f %% of its time: %s limits, not the network",
              epoch,
              100 * Math.min(1, waited / seconds),
              recipe.data().kept().stored()
                  ? "reading and changing them (augment.*, the disk)"
                  : "decoding (cache.pixels=disk decodes once)"));
    }
  }

  /** Validates, says what came of the epoch and writes it down. */
  private Checkpoint endEpoch(
      Checkpoint state, Learner learner, Validation judge, int step, Tally tally, EpochFiles files)
      throws IOException, InterruptedException {
    Map<String, float[]> weights = learner.weights();
    Tally validated = judge.measure(weights);
    EpochReport report = EpochReport.of(epochOf(step), learningRate.at(step - 1), tally, validated);
    progress.note(report.line(settings.epochs(), tally, validated));
    Checkpoint ended = state.withEpoch(report, weights).withStep(step, learner.state());
    files.write(ended.history());
    checkpoints.write(ended);
    return ended;
  }

  private Tally newTally() {
    return new Tally(recipe.labels().size());
  }

  /** Whether the last epochs were no better than the chosen one, as many as patience allows. */
  private boolean stopsEarly(Checkpoint state) {
    return settings.patience() > 0
        && state.step() % plan.steps() == 0
        && state
            .chosen()
            .filter(best -> state.history().size() - best.epoch() >= settings.patience())
            .isPresent();
  }

  private Trained trained(Checkpoint state) {
    Optional<EpochReport> chosen = state.chosen();
    chosen.ifPresent(
        epoch ->
            progress.note(
                String.format(
                    Locale.ROOT,
                    "chosen: epoch %d, mean class accuracy %.1f %% on %s",
                    epoch.epoch(),
                    100 * epoch.validationMeanClass(),
                    recipe.data().validationSplit())));
    return new Trained(shaped(state.best()), chosen, state.history());
  }

  private Batches batches(int firstStep) {
    return new Batches(
        train,
        settings.augmentation(),
        settings.mixing(),
        plan,
        settings.seed(),
        firstStep,
        steps,
        loaders(Runtime.getRuntime().availableProcessors(), devices),
        devices.get(0).isGpu());
  }

  /** Threads that make batches: the network needs most of a CPU, and of a GPU's host one thread. */
  static int loaders(int processors, List<Device> devices) {
    return Math.max(1, devices.get(0).isGpu() ? processors - devices.size() : processors / 3);
  }

  /** The checkpoint's weights, else those that the recipe begins with. */
  private Map<String, Weights> firstWeights(Optional<Checkpoint> saved) throws IOException {
    if (saved.isPresent()) {
      progress.note("training goes on after step %d of %d".formatted(saved.get().step(), steps));
      return shaped(AdamW.weights(saved.get().optimizer()));
    }
    recipe
        .start()
        .ifPresent(
            model ->
                progress.note(
                    "training begins with "
                        + model.artifact().manifest().id()
                        + recipe.headOrigin()));
    return recipe.firstWeights();
  }

  private int epochOf(int step) {
    return (step - 1) / plan.steps() + 1;
  }

  private Map<String, Weights> shaped(Map<String, float[]> values) {
    Map<String, Weights> weights = new LinkedHashMap<>();
    Swin3d.shapes(recipe.network())
        .forEach(
            (name, shape) -> {
              if (values.containsKey(name)) {
                weights.put(name, Weights.of(shape, values.get(name)));
              }
            });
    return weights;
  }
}
