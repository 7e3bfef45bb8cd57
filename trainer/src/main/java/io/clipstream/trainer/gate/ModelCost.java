package io.clipstream.trainer.gate;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import java.io.IOException;
import java.util.List;

/**
 * What a model costs to serve.
 *
 * @param latencyMillis of one clip, the median of some runs
 * @param bytes of memory that a process takes at most that loads the model and labels one clip,
 *     with what it takes on the device; where the system does not tell, the size of the file
 */
public record ModelCost(double latencyMillis, long bytes) {
  private static final int ROUNDS = 5;

  /** Measures a model once. */
  @FunctionalInterface
  interface Measure {
    ModelCost take() throws IOException, InterruptedException;
  }

  /**
   * Measures in a process of its own: memory of one that had loaded others before says little.
   * Nothing else should use the device meanwhile.
   *
   * @throws IOException if the process fails, with what it said last
   */
  public static ModelCost of(ModelArtifact artifact, Device device)
      throws IOException, InterruptedException {
    return CostProcess.run(artifact, device);
  }

  /**
   * Measures two models in turn, again while the second seems too slow, up to five times: what else
   * a machine does makes models slower, never faster, so the least counts.
   *
   * @param mostLatency of the second, as a multiple of the first's
   * @return of both
   */
  public static List<ModelCost> compare(
      ModelArtifact first, ModelArtifact second, Device device, double mostLatency)
      throws IOException, InterruptedException {
    return compare(() -> of(first, device), () -> of(second, device), mostLatency);
  }

  static List<ModelCost> compare(Measure first, Measure second, double mostLatency)
      throws IOException, InterruptedException {
    ModelCost one = first.take();
    ModelCost other = second.take();
    for (int round = 1;
        round < ROUNDS && other.latencyMillis > mostLatency * one.latencyMillis;
        round++) {
      one = one.least(first.take());
      other = other.least(second.take());
    }
    return List.of(one, other);
  }

  private ModelCost least(ModelCost again) {
    return new ModelCost(
        Math.min(latencyMillis, again.latencyMillis), Math.min(bytes, again.bytes));
  }
}
