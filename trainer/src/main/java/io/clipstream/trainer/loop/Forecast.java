package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import io.clipstream.model.Count;
import io.clipstream.model.DeviceName;
import io.clipstream.model.Progress;
import io.clipstream.trainer.data.ClipSet;
import io.clipstream.trainer.data.EpochPlan;
import io.clipstream.trainer.recipe.Recipe;
import io.clipstream.trainer.recipe.TrainingSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How long a training will take.
 *
 * @param device names of those that it runs on
 * @param plan of an epoch
 * @param epochs at most
 * @param stepSeconds of a step
 * @param seconds of all, validation included
 */
public record Forecast(
    String device, EpochPlan plan, int epochs, double stepSeconds, double seconds) {
  /** TorchScript prepares itself in the first ones. */
  private static final int TRIAL_STEPS = 3;

  /** Of a step's work: validation only runs forward. */
  private static final double FORWARD_SHARE = 1 / 3.0;

  /**
   * Times some steps of the first device on a network of its own, which is thrown away.
   *
   * @param folder for a file while it runs
   */
  public static Forecast of(
      Recipe recipe, ClipSet train, ClipSet validation, Path folder, List<Device> devices)
      throws IOException {
    TrainingSettings settings = recipe.training();
    EpochPlan plan = EpochPlan.of(train.size(), settings.batchSize());
    Path trial = folder.resolve("trial.pt");
    double step;
    try {
      Learner.write(trial, recipe, recipe.firstWeights());
      int share = (plan.largest() + devices.size() - 1) / devices.size();
      int parts = settings.partsOf(share);
      step = parts * stepSeconds(recipe, trial, settings.largestPart(share), devices.get(0));
    } finally {
      Files.deleteIfExists(trial);
    }
    double validating = Math.ceil(validation.size() / (double) plan.largest()) * FORWARD_SHARE;
    double seconds = settings.epochs() * (plan.steps() + validating) * step;
    String device =
        devices.stream().map(DeviceName::of).distinct().collect(Collectors.joining(", "));
    return new Forecast(device, plan, settings.epochs(), step, seconds);
  }

  /** Of what goes through the network at once. */
  private static double stepSeconds(Recipe recipe, Path network, int clips, Device device)
      throws IOException {
    TrainingSettings settings = recipe.training();
    float[] mask =
        new DropMasks(recipe.network(), settings.headDropout(), settings.seed())
            .draw(0, new int[clips]);
    ByteBuffer pixels = ByteBuffer.allocateDirect(clips * recipe.clip().clipBytes());
    long start = 0;
    try (Replica replica = Replica.learning(network, recipe, device)) {
      for (int i = 0; i < TRIAL_STEPS; i++) {
        start = System.nanoTime();
        try (NDManager scope = replica.manager().newSubManager();
            GradientCollector gradients = Engine.getEngine("PyTorch").newGradientCollector()) {
          Descent.of(recipe)
              .descend(
                  gradients,
                  replica,
                  scope,
                  pixels.rewind(),
                  clips,
                  mask,
                  logits -> CrossEntropy.of(logits, new int[clips], 0))
              .toFloatArray(); // waits for the device
        }
      }
    }
    return (System.nanoTime() - start) / 1e9;
  }

  /** For people, one line. */
  public String line() {
    return String.format(
        Locale.ROOT,
        "on %s: %s of %s with up to %s, %.0f ms a step, about %s in all",
        device,
        Count.of(epochs, "epoch"),
        Count.of(plan.steps(), "step"),
        Count.of(plan.largest(), "clip"),
        1000 * stepSeconds,
        Progress.time(seconds));
  }
}
