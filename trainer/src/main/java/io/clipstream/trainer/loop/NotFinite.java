package io.clipstream.trainer.loop;

import io.clipstream.model.UserError;
import io.clipstream.trainer.data.Batches;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** Stops training before a step down what is no number, which would spoil every weight. */
final class NotFinite {
  /** Files that the error names at most. */
  private static final int TOLD = 8;

  private NotFinite() {}

  /**
   * Checks a figure of a batch.
   *
   * @param what it is
   * @param step from 0, which is not taken yet
   * @param clipFiles of clips, by index
   * @throws UserError if it is not finite, naming the clips' files
   */
  static void check(
      String what, double value, int step, Batches.Batch batch, IntFunction<Path> clipFiles) {
    if (Double.isFinite(value)) {
      return;
    }
    String files =
        Arrays.stream(batch.clips())
            .mapToObj(clip -> clipFiles.apply(clip).toString())
            .limit(TOLD)
            .collect(Collectors.joining(", "));
    String more = batch.size() > TOLD ? " and " + (batch.size() - TOLD) + " more" : "";
    throw new UserError(
        "the %s is %s at step %d, so no step was taken; clips: %s%s; look at them, or lower train.learning-rate"
            .formatted(what, value, step + 1, files, more));
  }
}
