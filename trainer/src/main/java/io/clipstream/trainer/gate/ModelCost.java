package io.clipstream.trainer.gate;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import java.io.IOException;

/**
 * What a model costs to serve.
 *
 * @param latencyMillis of one clip, the median of some runs
 * @param bytes of memory that a process takes at most that loads the model and labels one clip,
 *     with what it takes on the device; where the system does not tell, the size of the file
 */
public record ModelCost(double latencyMillis, long bytes) {
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
}
