package io.clipstream.streams.classify;

import io.clipstream.streams.classify.GenerationSource.Answer;
import java.util.Optional;

/** Says which version labels a model's videos once more on the side. All threads. */
@FunctionalInterface
public interface ShadowSource {
  /**
   * Acquires the shadow version for a video that has its labels.
   *
   * @param model name of the model that gave them
   * @return empty: there is none
   */
  Optional<Answer.Acquired> acquireShadow(String model);
}
