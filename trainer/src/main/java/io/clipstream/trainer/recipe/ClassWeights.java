package io.clipstream.trainer.recipe;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import java.util.Arrays;
import java.util.Locale;

/** How much a clip counts in the loss. */
public enum ClassWeights {
  /** Every clip alike. */
  NONE,
  /** Every label alike: a clip counts clips / (labels x clips of its label). */
  BALANCED;

  static ClassWeights from(Settings settings) {
    String name = settings.text("train.class-weights", "none");
    for (ClassWeights weights : values()) {
      if (weights.name().equals(name.strip().toUpperCase(Locale.ROOT))) {
        return weights;
      }
    }
    throw new UserError("train.class-weights is " + name + ", expected none or balanced");
  }

  /**
   * The weight of each class; their mean over the clips is 1.
   *
   * @param clips of each class
   */
  public float[] of(int... clips) {
    float[] weights = new float[clips.length];
    int all = Arrays.stream(clips).sum();
    for (int k = 0; k < weights.length; k++) {
      weights[k] = this == NONE ? 1 : all / (float) (clips.length * Math.max(1, clips[k]));
    }
    return weights;
  }
}
