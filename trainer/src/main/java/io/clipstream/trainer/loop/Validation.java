package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import io.clipstream.trainer.data.Augmentation;
import io.clipstream.trainer.data.ClipSet;
import io.clipstream.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;

/** Measures weights on the centre crops of the validation clips. One thread. */
final class Validation implements AutoCloseable {
  private final Replica network;
  private final ClipSet clips;
  private final int labels;
  private final int batchSize;
  private final ByteBuffer pixels;

  /**
   * Loads a network of its own.
   *
   * @param artifact whose weights are replaced
   * @param batchSize most clips of a batch
   */
  Validation(Path artifact, Recipe recipe, ClipSet clips, int batchSize, Device device)
      throws IOException {
    this.network = new Replica(artifact, recipe.clip(), device);
    this.clips = clips;
    this.labels = recipe.labels().size();
    this.batchSize = Math.min(batchSize, clips.size());
    this.pixels = ByteBuffer.allocateDirect(this.batchSize * clips.clipBytes());
  }

  Tally measure(Map<String, float[]> weights) {
    network.set(weights);
    Tally tally = new Tally(labels);
    for (int first = 0; first < clips.size(); first += batchSize) {
      int count = Math.min(batchSize, clips.size() - first);
      int[] classes = new int[count];
      pixels.clear();
      // Every batch has the same size, since TorchScript prepares itself for each size anew: the
      // last one is filled up with clips that do not count.
      for (int i = 0; i < batchSize; i++) {
        int clip = (first + i) % clips.size();
        clips.read(clip, Augmentation.Change.none(clips.room(clip), clips.crop()), pixels);
        if (i < count) {
          classes[i] = clips.classOf(clip);
        }
      }
      try (NDManager scope = network.manager().newSubManager()) {
        NDArray logits =
            network.logits(scope, pixels.flip(), batchSize).get(new NDIndex("0:" + count));
        tally.add(CrossEntropy.of(logits, classes, 0).getFloat(), logits, classes);
      }
    }
    return tally;
  }

  @Override
  public void close() {
    network.close();
  }
}
