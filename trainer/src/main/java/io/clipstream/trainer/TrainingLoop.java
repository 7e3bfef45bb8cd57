package io.clipstream.trainer;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3d;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Trains one network on one device. A run that is stopped, however, goes on from its last
 * checkpoint and ends with the same weights as one that never stopped (on a CPU; GPUs add in
 * varying order). One thread.
 */
final class TrainingLoop {
  /** Training goes back at most this far after a kill. */
  private static final long CHECKPOINT_NANOS = 120_000_000_000L;

  private final Recipe recipe;
  private final Recipe.Training settings;
  private final ClipCache train;
  private final ClipCache validation;
  private final Path folder;
  private final Device device;
  private final Progress progress;
  private final int stepsPerEpoch;
  private final int steps;
  private final int batchSize;
  private final Path checkpointFile;

  /**
   * What training ends with.
   *
   * @param weights best on the validation clips, by torchvision's names
   * @param history one report an epoch
   */
  record Trained(Map<String, Weights> weights, List<EpochReport> history) {}

  /**
   * Prepares a run.
   *
   * @param folder that holds {@code checkpoint.bin}
   */
  TrainingLoop(
      Recipe recipe,
      ClipCache train,
      ClipCache validation,
      Path folder,
      Device device,
      Progress progress) {
    this.recipe = recipe;
    this.settings = recipe.training();
    this.train = train;
    this.validation = validation;
    this.folder = folder;
    this.device = device;
    this.progress = progress;
    this.batchSize = Math.min(settings.batchSize(), train.size());
    this.stepsPerEpoch = Batches.stepsPerEpoch(train.size(), batchSize);
    this.checkpointFile = folder.resolve("checkpoint.bin");
    this.steps = stepsPerEpoch * settings.epochs();
  }

  /**
   * Runs to the end, from the last checkpoint if there is one.
   *
   * @param stopAfter step to stop after, as a kill would; tests that runs go on
   */
  Trained run(int stopAfter) throws IOException, InterruptedException {
    Engine engine = Engine.getEngine("PyTorch");
    Path initial = folder.resolve("initial.pt");
    Optional<Checkpoint> saved = saved();
    Swin3d.write(initial, recipe.network(), firstWeights(saved), recipe.manifest(Map.of()));
    try (Model training = load("training", initial);
        Model judge = load("judge", initial);
        AdamW optimizer = optimizer(training)) {
      Block network = training.getBlock();
      saved.ifPresent(checkpoint -> optimizer.restore(checkpoint.optimizer(), checkpoint.step()));
      Checkpoint state =
          saved.orElse(new Checkpoint(recipe.key(), 0, List.of(), -1, Map.of(), Map.of()));
      int step = state.step();
      double bestTop1 = state.bestTop1();
      Map<String, float[]> best = state.best();
      List<EpochReport> history = new ArrayList<>(state.history());

      ParameterStore parameters = new ParameterStore(training.getNDManager(), false);
      progress.start("training", (long) steps * batchSize, (long) step * batchSize);
      long savedNanos = System.nanoTime();
      Tally tally = new Tally();
      try (Batches batches = batches(step)) {
        while (step < Math.min(steps, stopAfter)) {
          // Stochastic depth draws from the engine's generator: seeded by step, not by history.
          engine.setRandomSeed((int) (settings.seed() * 1_000_003 + step));
          Batches.Batch batch = batches.next();
          try (NDManager scope = training.getNDManager().newSubManager()) {
            NDArray logits;
            NDArray loss;
            try (GradientCollector gradients = engine.newGradientCollector()) {
              NDList pixels = new NDList(pixels(scope, batch));
              logits = network.forward(parameters, pixels, true).singletonOrThrow();
              loss = crossEntropy(logits, batch.classes(), settings.labelSmoothing());
              gradients.backward(loss);
            }
            optimizer.step(learningRate(step));
            tally.add(loss.getFloat(), right(logits, batch.classes()), batchSize);
          }
          batches.done(batch);
          step++;
          if (!Double.isFinite(tally.loss())) {
            throw new IllegalArgumentException(
                "the loss is not finite at step " + step + "; lower train.learning-rate");
          }
          progress.step(batchSize, "epoch " + epochOf(step) + ", " + tally);

          boolean endOfEpoch = step % stepsPerEpoch == 0;
          if (endOfEpoch) {
            Map<String, float[]> weights = optimizer.weights();
            Tally result = validate(judge, weights);
            EpochReport report =
                new EpochReport(
                    epochOf(step),
                    learningRate(step - 1),
                    tally.loss(),
                    tally.top1(),
                    result.loss(),
                    result.top1(),
                    tally.seconds());
            history.add(report);
            progress.note(
                "epoch %d/%d: %s; validation %s; %s"
                    .formatted(
                        report.epoch(),
                        settings.epochs(),
                        tally,
                        result,
                        Progress.time(report.seconds())));
            if (result.top1() >= bestTop1) {
              bestTop1 = result.top1();
              best = weights;
            }
            tally = new Tally();
          }
          if (endOfEpoch || System.nanoTime() - savedNanos > CHECKPOINT_NANOS) {
            new Checkpoint(recipe.key(), step, history, bestTop1, optimizer.state(), best)
                .write(checkpointFile);
            savedNanos = System.nanoTime();
          }
        }
      }
      progress.end();
      return new Trained(shaped(best), List.copyOf(history));
    } finally {
      Files.deleteIfExists(initial);
    }
  }

  private Model load(String name, Path file) throws IOException {
    Model model = Model.newInstance(name, device, "PyTorch");
    try {
      model.load(
          file.toAbsolutePath().getParent(),
          file.getFileName().toString(),
          Map.of("trainParam", "true", "mapLocation", "true"));
      return model;
    } catch (MalformedModelException e) {
      model.close();
      throw new IOException(file + " does not load", e);
    }
  }

  private AdamW optimizer(Model training) {
    return new AdamW(
        training.getBlock().getParameters(),
        training.getNDManager(),
        settings.weightDecay(),
        settings.beta2(),
        settings.clipNorm(),
        settings.averaging());
  }

  private Batches batches(int firstStep) {
    return new Batches(
        train,
        settings.augmentation(),
        batchSize,
        recipe.clip().crop().width(),
        settings.seed(),
        firstStep,
        steps,
        Math.max(1, Runtime.getRuntime().availableProcessors() / 3));
  }

  /** The last checkpoint of this recipe, if there is one. */
  private Optional<Checkpoint> saved() throws IOException {
    if (!Files.exists(checkpointFile)) {
      return Optional.empty();
    }
    Checkpoint saved = Checkpoint.read(checkpointFile);
    if (!saved.recipe().equals(recipe.key())) {
      throw new IllegalArgumentException(
          folder
              + " holds a run of another recipe or start model; name another folder with -o, or"
              + " empty it");
    }
    return Optional.of(saved);
  }

  /** The checkpoint's weights, else those that the recipe begins with. */
  private Map<String, Weights> firstWeights(Optional<Checkpoint> saved) throws IOException {
    if (saved.isPresent()) {
      return shaped(AdamW.weights(saved.get().optimizer()));
    }
    recipe
        .start()
        .ifPresent(
            model ->
                progress.note(
                    "training begins with "
                        + model.artifact().manifest().id()
                        + (model.keepsHead(recipe.labels())
                            ? " and its head"
                            : " and a fresh head for " + recipe.labels().size() + " labels")));
    return recipe.firstWeights();
  }

  private int epochOf(int step) {
    return (step - 1) / stepsPerEpoch + 1;
  }

  /** Linear from 0 during the warm-up, then down to the final rate along half a cosine. */
  private double learningRate(int step) {
    if (step < settings.warmupSteps()) {
      return settings.learningRate() * (step + 1) / settings.warmupSteps();
    }
    double done =
        (step - settings.warmupSteps()) / (double) Math.max(1, steps - settings.warmupSteps());
    return settings.finalLearningRate()
        + (settings.learningRate() - settings.finalLearningRate())
            * (1 + Math.cos(Math.PI * done))
            / 2;
  }

  /** uint8 {@code [N, T, crop, crop, 3]} on the device. */
  private NDArray pixels(NDManager scope, Batches.Batch batch) {
    int crop = recipe.clip().crop().width();
    Shape shape = new Shape(batch.classes().length, recipe.clip().frames(), crop, crop, 3);
    return scope.create(batch.pixels(), shape, DataType.UINT8);
  }

  /** Mean over the batch; {@code smoothing} of the target is spread over all classes. */
  private static NDArray crossEntropy(NDArray logits, int[] classes, double smoothing) {
    int labels = (int) logits.getShape().get(1);
    float[] target = new float[classes.length * labels];
    Arrays.fill(target, (float) (smoothing / labels));
    for (int i = 0; i < classes.length; i++) {
      target[i * labels + classes[i]] += (float) (1 - smoothing);
    }
    NDArray targets = logits.getManager().create(target, new Shape(classes.length, labels));
    return logits.logSoftmax(1).mul(targets).sum().div(-classes.length);
  }

  private static int right(NDArray logits, int[] classes) {
    long[] guesses = logits.argMax(1).toLongArray();
    int right = 0;
    for (int i = 0; i < classes.length; i++) {
      right += guesses[i] == classes[i] ? 1 : 0;
    }
    return right;
  }

  /** Loss and right answers of some weights on the validation clips, centre crop. */
  private Tally validate(Model judge, Map<String, float[]> weights) throws InterruptedException {
    for (Pair<String, Parameter> parameter : judge.getBlock().getParameters()) {
      NDArray to = parameter.getValue().getArray();
      try (NDArray values =
          judge.getNDManager().create(weights.get(parameter.getKey()), to.getShape())) {
        values.copyTo(to);
      }
    }
    int crop = recipe.clip().crop().width();
    Augmentation.Change centre = Augmentation.Change.none(validation.side(), crop);
    ParameterStore parameters = new ParameterStore(judge.getNDManager(), false);
    Tally tally = new Tally();
    // Every batch has the same size, since TorchScript prepares itself for each size anew: the last
    // one is filled up with clips that do not count.
    int size = Math.min(batchSize, validation.size());
    ByteBuffer pixels = ByteBuffer.allocateDirect(size * recipe.clip().frames() * crop * crop * 3);
    for (int first = 0; first < validation.size(); first += size) {
      int count = Math.min(size, validation.size() - first);
      int[] classes = new int[count];
      pixels.clear();
      for (int i = 0; i < size; i++) {
        int clip = (first + i) % validation.size();
        validation.read(clip, crop, centre, pixels);
        if (i < count) {
          classes[i] = validation.classOf(clip);
        }
      }
      try (NDManager scope = judge.getNDManager().newSubManager()) {
        NDArray logits =
            judge
                .getBlock()
                .forward(
                    parameters,
                    new NDList(pixels(scope, new Batches.Batch(pixels.flip(), new int[size]))),
                    false)
                .singletonOrThrow()
                .get(new NDIndex("0:" + count));
        tally.add(crossEntropy(logits, classes, 0).getFloat(), right(logits, classes), count);
      }
    }
    return tally;
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

  /** Sums over clips. */
  private static final class Tally {
    private final long startNanos = System.nanoTime();
    private double lossSum;
    private int right;
    private int clips;

    void add(double meanLoss, int rightAnswers, int count) {
      lossSum += meanLoss * count;
      right += rightAnswers;
      clips += count;
    }

    double loss() {
      return lossSum / clips;
    }

    double top1() {
      return right / (double) clips;
    }

    double seconds() {
      return (System.nanoTime() - startNanos) / 1e9;
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "loss %.3f, top-1 %.1f %%", loss(), 100 * top1());
    }
  }
}
