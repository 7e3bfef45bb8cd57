package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.training.GradientCollector;
import io.clipstream.model.DeviceName;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.infer.NetworkThread;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.trainer.data.Batches;
import io.clipstream.trainer.recipe.Recipe;
import io.clipstream.trainer.recipe.TrainingSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The network that learns, as a replica with an optimiser on each of some devices. All replicas
 * have the same weights after every step: they are given parts of a batch, exchange their gradients
 * and take the same step. One thread, besides one for each device.
 */
final class Learner implements AutoCloseable {
  private final TrainingSettings settings;
  private final IntFunction<Path> files;
  private final int labels;
  private final float[] classWeights;
  private final List<ExecutorService> threads = new ArrayList<>();
  private final List<Worker> workers = new ArrayList<>();

  /** Null for one device. */
  private GradientExchange exchange;

  /** Writes the artifact that a network which learns is loaded from. */
  static void write(Path file, Recipe recipe, Map<String, Weights> weights) throws IOException {
    Swin3d.writeLearning(
        file, recipe.network(), weights, recipe.manifest(Map.of()), recipe.training().precision());
  }

  /**
   * Loads the network on each device.
   *
   * @param initial that {@link #write} wrote
   * @param counts clips of each class
   * @param files of the clips, by index
   * @param devices of the replicas, as many as take part in every step; each gets a part of every
   *     batch, so no batch has fewer clips
   */
  Learner(Path initial, Recipe recipe, int[] counts, IntFunction<Path> files, List<Device> devices)
      throws InterruptedException {
    this.settings = recipe.training();
    this.files = files;
    this.labels = recipe.labels().size();
    this.classWeights = settings.classWeights().of(counts);
    for (Device device : devices) {
      threads.add(
          Executors.newSingleThreadExecutor(
              task -> new NetworkThread(task, "train " + DeviceName.of(device))));
    }
    try {
      List<Future<?>> loading = new ArrayList<>();
      Worker[] loaded = new Worker[devices.size()];
      for (int i = 0; i < loaded.length; i++) {
        int index = i;
        loading.add(
            threads
                .get(i)
                .submit(
                    () -> {
                      loaded[index] = new Worker(initial, recipe, devices.get(index));
                      return null;
                    }));
      }
      try {
        results(loading);
      } finally {
        Arrays.stream(loaded).filter(Objects::nonNull).forEach(workers::add);
      }
      if (workers.size() > 1) {
        exchange = new GradientExchange(workers.size(), devices.get(0));
      }
    } catch (InterruptedException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Takes one step down the gradient of a batch.
   *
   * @param step from 0
   * @param tally counts the batch; of two classes in one clip the larger is the right answer
   * @throws io.clipstream.model.UserError without a step, if loss or gradient is not finite
   */
  void step(Batches.Batch batch, int step, double learningRate, Tally tally)
      throws InterruptedException {
    Targets targets = Targets.of(batch.shown(), labels, settings.labelSmoothing(), classWeights);
    int replicas = workers.size();
    try (GradientCollector gradients = Engine.getEngine("PyTorch").newGradientCollector()) {
      onEach(
          (i, worker) -> {
            int from = i * batch.size() / replicas;
            int to = (i + 1) * batch.size() / replicas;
            worker.descend(gradients, batch, from, to, targets, step);
            return null;
          });
    }
    if (exchange != null) {
      exchange.run(workers);
    }
    List<Worker.Outcome> outcomes = onEach((i, worker) -> worker.step(learningRate));
    double loss = outcomes.stream().mapToDouble(Worker.Outcome::loss).sum();
    NotFinite.check("loss", loss, step, batch, files);
    NotFinite.check("gradient's norm", outcomes.get(0).norm(), step, batch, files);
    int[] answers = outcomes.stream().flatMapToInt(o -> IntStream.of(o.answers())).toArray();
    tally.add(loss, answers, batch.shown().largest(0, batch.size()));
  }

  /** Weights to validate and keep. */
  Map<String, float[]> weights() throws InterruptedException {
    return onFirst(Worker::weights);
  }

  /** What {@link #restore} needs. */
  Map<String, float[]> state() throws InterruptedException {
    return onFirst(Worker::state);
  }

  /** Goes on from a checkpoint. */
  void restore(Checkpoint saved) throws InterruptedException {
    onEach(
        (i, worker) -> {
          worker.restore(saved);
          return null;
        });
  }

  private <T> T onFirst(Function<Worker, T> task) throws InterruptedException {
    return results(List.of(threads.get(0).submit(() -> task.apply(workers.get(0))))).get(0);
  }

  /** Runs a task on every worker's thread, all at once, and waits. */
  private <T> List<T> onEach(BiFunction<Integer, Worker, T> task) throws InterruptedException {
    List<Future<T>> futures = new ArrayList<>();
    for (int i = 0; i < workers.size(); i++) {
      int index = i;
      futures.add(threads.get(i).submit(() -> task.apply(index, workers.get(index))));
    }
    return results(futures);
  }

  /** Waits for all; what the first of those that failed threw is thrown. */
  private static <T> List<T> results(List<? extends Future<? extends T>> futures)
      throws InterruptedException {
    List<T> results = new ArrayList<>();
    Throwable failure = null;
    for (Future<? extends T> future : futures) {
      try {
        results.add(future.get());
      } catch (ExecutionException e) {
        failure = failure == null ? e.getCause() : failure;
      }
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure != null) {
      throw failure instanceof RuntimeException e
          ? e
          : new UncheckedIOException((IOException) failure);
    }
    return results;
  }

  @Override
  public void close() {
    if (exchange != null) {
      exchange.close();
    }
    workers.forEach(Worker::close);
    threads.forEach(ExecutorService::shutdownNow);
  }
}
