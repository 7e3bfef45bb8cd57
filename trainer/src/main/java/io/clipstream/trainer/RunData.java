package io.clipstream.trainer;

import io.clipstream.model.Progress;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.ClipSet;
import io.clipstream.trainer.data.ContentDigests;
import io.clipstream.trainer.data.DataReport;
import io.clipstream.trainer.data.Kept;
import io.clipstream.trainer.recipe.DataSettings;
import io.clipstream.trainer.recipe.Recipe;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The videos of a run, decoded. Owns the clips.
 *
 * @param list with splits
 * @param digests of the videos of every split that is used
 * @param report of what there is
 */
record RunData(
    ClipList list, ContentDigests digests, ClipSet train, ClipSet validation, DataReport report)
    implements AutoCloseable {

  /**
   * Renders, splits and decodes what is not yet.
   *
   * @param judged split that the model is compared with another on, if it is
   * @throws io.clipstream.model.UserError if splits share a video, or a label has none
   */
  static RunData open(
      Recipe recipe, Optional<String> judged, RunFolder run, int threads, Progress progress)
      throws IOException, InterruptedException {
    DataSettings settings = recipe.data();
    ClipList list = TrainingRun.data(recipe, run.file("data"), threads, progress);
    list.passedOverLine().ifPresent(progress::note);
    ContentDigests digests =
        ContentDigests.of(list.entries(), run.file("digests.tsv"), threads, progress);
    if (list.unsplit()) {
      list = settings.split().of(list, digests);
    }
    Set<String> heldOut = new LinkedHashSet<>(settings.reports());
    judged.ifPresent(heldOut::add);
    requireDisjoint(list, settings, heldOut);
    for (String split : settings.reports()) { // before the training, not behind it
      int[] known = list.classes(list.split(split), recipe.labels());
    }
    Opening opening = new Opening(recipe, run, list, digests, threads, progress);
    ClipSet train = opening.open(settings.trainSplit(), settings.kept());
    try {
      ClipSet validation = opening.open(settings.validationSplit(), Kept.centreClip(recipe.clip()));
      Map<String, ClipSet> sets = new LinkedHashMap<>();
      sets.put(settings.trainSplit(), train);
      sets.put(settings.validationSplit(), validation);
      return new RunData(
          list,
          digests,
          train,
          validation,
          DataReport.of(list, sets, heldOut, digests, recipe.labels()));
    } catch (Throwable e) {
      train.close();
      throw e;
    }
  }

  private record Opening(
      Recipe recipe,
      RunFolder run,
      ClipList list,
      ContentDigests digests,
      int threads,
      Progress progress) {
    ClipSet open(String split, Kept kept) throws IOException, InterruptedException {
      return ClipSet.open(
          run.file(split + ".clips"),
          kept,
          list,
          list.split(split),
          digests,
          recipe.labels(),
          threads,
          progress);
    }
  }

  private static void requireDisjoint(ClipList list, DataSettings settings, Set<String> heldOut) {
    list.requireDisjoint(settings.trainSplit(), settings.validationSplit());
    for (String split : heldOut) {
      if (!split.equals(settings.validationSplit())) {
        list.requireDisjoint(settings.trainSplit(), split);
        list.requireDisjoint(settings.validationSplit(), split);
      }
    }
  }

  @Override
  public void close() throws IOException {
    try (train;
        validation) {
      // closes both
    }
  }
}
