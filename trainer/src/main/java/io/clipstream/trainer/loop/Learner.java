package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.trainer.data.Batches;
import io.clipstream.trainer.data.ClipSet;
import io.clipstream.trainer.recipe.Recipe;
import io.clipstream.trainer.recipe.TrainingSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** The network that learns, with its optimiser, on one device. One thread. */
final class Learner implements AutoCloseable {
  private final TrainingSettings settings;
  private final ClipSet clips;
  private final int labels;
  private final float[] classWeights;
  private final DropMasks masks;
  private final Replica network;
  private final Descent descent;
  private final AdamW optimizer;

  /** Writes the artifact that a network which learns is loaded from. */
  static void write(Path file, Recipe recipe, Map<String, Weights> weights) throws IOException {
    if (recipe.training().recompute()) {
      Swin3d.writeStages(file, recipe.network(), weights, recipe.manifest(Map.of()));
    } else {
      Swin3d.write(file, recipe.network(), weights, recipe.manifest(Map.of()));
    }
  }

  /**
   * Loads the network.
   *
   * @param initial that {@link #write} wrote
   * @param clips that it learns from
   */
  Learner(Path initial, Recipe recipe, ClipSet clips, Device device) throws IOException {
    this.settings = recipe.training();
    this.clips = clips;
    this.labels = recipe.labels().size();
    this.classWeights = settings.classWeights().of(clips.counts(labels));
    this.masks = new DropMasks(recipe.network(), settings.headDropout(), settings.seed());
    this.network = new Replica(initial, recipe.clip(), device);
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
   * Takes one step down the gradient of a batch, which goes through the network in parts of at most
   * {@code train.micro-batch} clips.
   *
   * @param step from 0
   * @param tally counts the batch; of two classes in one clip the larger is the right answer
   * @throws io.clipstream.model.UserError before the step, if loss or gradient is not finite
   */
  void step(Batches.Batch batch, int step, double learningRate, Tally tally) {
    Targets targets = Targets.of(batch.shown(), labels, settings.labelSmoothing(), classWeights);
    int parts = settings.partsOf(batch.size());
    for (int part = 0; part < parts; part++) {
      int from = part * batch.size() / parts;
      descend(batch, from, (part + 1) * batch.size() / parts, targets, step, tally);
    }
    double norm = optimizer.step(learningRate);
    NotFinite.check("gradient's norm", norm, step, batch, clips);
  }

  /** Adds the gradient of some clips of a batch. */
  private void descend(
      Batches.Batch batch, int from, int to, Targets targets, int step, Tally tally) {
    try (NDManager scope = network.manager().newSubManager()) {
      ByteBuffer pixels =
          batch.pixels().slice(from * clips.clipBytes(), (to - from) * clips.clipBytes());
      float[] mask = masks.draw(step, Arrays.copyOfRange(batch.clips(), from, to));
      double[] loss = new double[1];
      NDArray logits =
          descent.descend(
              network,
              scope,
              pixels,
              to - from,
              mask,
              answers -> {
                NDArray share = CrossEntropy.of(answers, targets.part(from, to));
                loss[0] = share.getFloat();
                NotFinite.check("loss", loss[0], step, batch, clips);
                return share;
              });
      // The part's loss is divided by all clips of the batch, the tally takes the mean of these.
      tally.add(loss[0] * batch.size() / (to - from), logits, batch.shown().largest(from, to));
    }
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
