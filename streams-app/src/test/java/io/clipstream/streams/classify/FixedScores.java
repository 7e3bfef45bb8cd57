package io.clipstream.streams.classify;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.infer.Classifier;
import java.util.Arrays;
import java.util.List;

/** Gives every clip the same scores. */
final class FixedScores implements Classifier {
  @Override
  public ModelManifest manifest() {
    return Fixtures.MODEL.manifest();
  }

  @Override
  public int maxBatch() {
    return 4;
  }

  @Override
  public float[][] classify(List<Clip> clips) {
    float[][] rows = new float[clips.size()][];
    Arrays.fill(rows, new float[] {0.25f, 0.75f});
    return rows;
  }

  @Override
  public void close() {}
}
