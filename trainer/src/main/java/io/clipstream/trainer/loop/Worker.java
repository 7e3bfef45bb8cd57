package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;
import io.clipstream.trainer.data.Batches;
import io.clipstream.trainer.recipe.Recipe;
import io.clipstream.trainer.recipe.TrainingSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A replica of the network on one device, with its optimiser: takes part in every step with some of
 * the clips. One thread.
 */
final class Worker implements AutoCloseable {
  private final TrainingSettings settings;
  private final int clipBytes;
  private final DropMasks masks;
  private final Replica network;
  private final Descent descent;
  private final AdamW optimizer;
  private final List<Part> parts = new ArrayList<>();

  /** What went through the network at once, on the device, and is there when it is done. */
  private record Part(NDArray loss, NDArray answers) {}

  /**
   * What came of some clips of a step.
   *
   * @param loss their share of the step's
   * @param answers likeliest class of each
   * @param norm of the step's gradient, before clipping
   */
  @SuppressWarnings("ArrayRecordComponent") // holds, is never compared
  record Outcome(double loss, int[] answers, double norm) {}

  /**
   * Loads the network.
   *
   * @param initial that {@link Learner#write} wrote
   */
  Worker(Path initial, Recipe recipe, Device device) throws IOException {
    this.settings = recipe.training();
    this.clipBytes = recipe.clip().clipBytes();
    this.masks = new DropMasks(recipe.network(), settings.headDropout(), settings.seed());
    this.network = Replica.learning(initial, recipe, device);
    JniUtils.setGradMode(true); // which is off on the thread that starts the engine
    this.descent = Descent.of(recipe);
    this.optimizer =
        new AdamW(
            network.parameters(),
            network.manager(),
            new AdamW.Options(
                settings.weightDecay(),
                settings.beta2(),
                settings.maxGradNorm(),
                settings.emaDecay()),
            new LayerRates(recipe.network(), settings.layers())::of);
  }

  /**
   * Adds the gradient of clips {@code [from, to)} of a batch, which go through the network in parts
   * of at most {@code train.micro-batch}. A GPU is still at it when this returns.
   */
  void descend(
      GradientCollector gradients,
      Batches.Batch batch,
      int from,
      int to,
      Targets targets,
      int step) {
    int count = settings.partsOf(to - from);
    for (int i = 0; i < count; i++) {
      int first = from + i * (to - from) / count;
      int last = from + (i + 1) * (to - from) / count;
      parts.add(part(gradients, batch, first, last, targets.part(first, last), step));
    }
  }

  private Part part(
      GradientCollector gradients,
      Batches.Batch batch,
      int from,
      int to,
      Targets targets,
      int step) {
    try (NDManager scope = network.manager().newSubManager()) {
      ByteBuffer pixels = batch.pixels().slice(from * clipBytes, (to - from) * clipBytes);
      float[] mask = masks.draw(step, Arrays.copyOfRange(batch.clips(), from, to));
      NDArray[] loss = new NDArray[1];
      NDArray logits =
          descent.descend(
              gradients,
              network,
              scope,
              pixels,
              to - from,
              mask,
              answers -> loss[0] = CrossEntropy.of(answers, targets));
      NDArray answers = logits.argMax(1);
      loss[0].attach(network.manager());
      answers.attach(network.manager());
      return new Part(loss[0], answers);
    }
  }

  /** The gradients, on the device, in an order that all replicas have. */
  NDList gradients(NDManager scope) {
    return optimizer.gradients(scope);
  }

  /** Takes a step down the gradient, unless that is not finite, and waits for the device. */
  Outcome step(double learningRate) {
    double norm = optimizer.step(learningRate);
    double loss = 0;
    List<int[]> answers = new ArrayList<>();
    for (Part part : parts) {
      loss += part.loss.getFloat();
      answers.add(Arrays.stream(part.answers.toLongArray()).mapToInt(Math::toIntExact).toArray());
      part.loss.close();
      part.answers.close();
    }
    parts.clear();
    return new Outcome(loss, answers.stream().flatMapToInt(Arrays::stream).toArray(), norm);
  }

  NDManager manager() {
    return network.manager();
  }

  /** Weights to validate and keep. */
  Map<String, float[]> weights() {
    return optimizer.weights();
  }

  /** What {@link #restore} needs. */
  Map<String, float[]> state() {
    return optimizer.state();
  }

  /** Goes on from a checkpoint. */
  void restore(Checkpoint saved) {
    optimizer.restore(saved.optimizer(), saved.step());
  }

  @Override
  public void close() {
    optimizer.close();
    network.close();
  }
}
