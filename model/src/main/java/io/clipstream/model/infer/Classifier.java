package io.clipstream.model.infer;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import java.util.List;
import java.util.function.Supplier;

/** One model on one device. Used by one thread: the one that made it. */
public interface Classifier extends AutoCloseable {
  /** What the model is: its labels, how its clips are cut. */
  ModelManifest manifest();

  /** Most clips of one call: the largest of the batch sizes that were warmed. */
  int maxBatch();

  /**
   * Classifies a batch. The clips stay the caller's.
   *
   * @param clips 1 to {@link #maxBatch()} clips cut as the manifest says
   * @return probabilities {@code [N][K]}, rows in the order of the clips, each summing to 1
   * @throws OutOfDeviceMemoryException if the batch does not fit; a smaller one may
   */
  float[][] classify(List<Clip> clips);

  /**
   * As {@link #classify(List)}; a classifier whose device computes by itself begins the batches
   * that follow meanwhile.
   *
   * @param next gives the batches of the next calls as far as they are known, in order, of which
   *     two are enough; asked at most once, by this thread. Those clips stay the caller's too, who
   *     must not change their pixels. If other clips come after all, what was begun is discarded
   */
  default float[][] classify(List<Clip> clips, Supplier<List<List<Clip>>> next) {
    return classify(clips);
  }

  @Override
  void close();
}
