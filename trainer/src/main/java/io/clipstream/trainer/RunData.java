package io.clipstream.trainer;

import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.ClipSet;
import io.clipstream.trainer.data.ContentDigests;
import io.clipstream.trainer.data.DataReport;
import io.clipstream.trainer.data.Kept;
import io.clipstream.trainer.data.Remarks;
import io.clipstream.trainer.recipe.DataSettings;
import io.clipstream.trainer.recipe.Recipe;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
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
    Remarks remarks = new Remarks(progress);
    list.incomplete().forEach(remarks::add);
    remarks.end("data.json");
    ContentDigests digests =
        ContentDigests.of(list.entries(), run.file("digests.tsv"), threads, progress);
    boolean unsplit = list.unsplit();
    if (unsplit) {
      list = settings.split().of(list, digests);
    }
    Set<String> heldOut = new LinkedHashSet<>(settings.reports());
    judged.ifPresent(heldOut::add);
    requireDisjoint(list, settings, heldOut);
    for (String split : settings.reports()) { // before the training, not behind it
      int[] known = list.classes(list.split(split), recipe.labels());
    }
    Opening opening = new Opening(recipe, run, digests, threads, progress);
    if (unsplit) {
      list = opening.withoutBroken(list);
    }
    ClipSet train = opening.required(list, settings.trainSplit());
    try {
      ClipSet validation = opening.required(list, settings.validationSplit());
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

  /** See {@link TrainingRun#missed}. */
  static Map<String, String> missed(Recipe recipe, RunFolder run, int threads, Progress progress)
      throws IOException, InterruptedException {
    ClipList list = TrainingRun.data(recipe, run.file("data"), threads, progress);
    ContentDigests digests =
        ContentDigests.of(list.entries(), run.file("digests.tsv"), threads, progress);
    Opening opening = new Opening(recipe, run, digests, threads, progress);
    DataSettings settings = recipe.data();
    try (ClipSet train = opening.open(list, settings.trainSplit());
        ClipSet validation = opening.open(list, settings.validationSplit())) {
      Map<String, ClipSet> sets = new LinkedHashMap<>();
      sets.put(settings.trainSplit(), train);
      sets.put(settings.validationSplit(), validation);
      DataReport report = DataReport.of(list, sets, Set.of(), digests, recipe.labels());
      run.write("data.json", report.toMap());
      report.requireUsable(settings.maxRejected()); // before a label is left out, and they with it
    }
    return opening.missed(list);
  }

  private record Opening(
      Recipe recipe, RunFolder run, ContentDigests digests, int threads, Progress progress) {
    /** A split in which every label has a clip. */
    ClipSet required(ClipList list, String split) throws IOException, InterruptedException {
      ClipSet clips = open(list, split);
      try {
        clips.require(recipe.labels());
        return clips;
      } catch (Throwable e) {
        clips.close();
        throw e;
      }
    }

    private ClipSet open(ClipList list, String split) throws IOException, InterruptedException {
      return ClipSet.open(
          run.file(split + ".clips"),
          kept(split),
          list,
          list.split(split),
          digests,
          recipe.labels(),
          threads,
          progress);
    }

    /** Of a split that only reports nothing stays: its clips are cut with the model's views. */
    private Kept kept(String split) {
      DataSettings settings = recipe.data();
      if (split.equals(settings.trainSplit())) {
        return settings.kept();
      }
      Kept centre = Kept.centreClip(recipe.clip());
      return split.equals(settings.validationSplit())
          ? centre
          : new Kept(centre.clip(), centre.frames(), false, false);
    }

    /**
     * Where none of a label's videos in a split decodes, those count for nothing, and all are dealt
     * again.
     */
    ClipList withoutBroken(ClipList dealt) throws IOException, InterruptedException {
      Map<String, String> broken = new HashMap<>();
      ClipList list = dealt;
      while (true) {
        int before = broken.size();
        broken.putAll(missed(list));
        if (broken.size() == before) {
          return list;
        }
        list = recipe.data().split().of(list, digests, broken);
      }
    }

    /** See {@link TrainingRun#missed}. */
    Map<String, String> missed(ClipList list) throws IOException, InterruptedException {
      Map<String, String> missed = new HashMap<>();
      List<String> splits = new ArrayList<>(recipe.data().split().all());
      splits.retainAll(list.entries().stream().map(ClipList.Entry::split).toList());
      for (String split : splits) { // a list with splits of its own may lack one to report on
        try (ClipSet clips = open(list, split)) {
          missed.putAll(clips.missed(digests, recipe.labels()));
        }
      }
      return missed;
    }
  }

  private static void requireDisjoint(ClipList list, DataSettings settings, Set<String> heldOut) {
    list.requireDisjoint(settings.trainSplit(), settings.validationSplit());
    for (String split : heldOut) {
      if (split.equals(settings.trainSplit())) {
        throw new UserError(
            "split %s is learnt from, expected another for report.splits and gate.split"
                .formatted(split));
      }
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
