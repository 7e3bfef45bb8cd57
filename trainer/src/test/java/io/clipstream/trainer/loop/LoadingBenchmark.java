package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.engine.Engine;
import io.clipstream.model.Progress;
import io.clipstream.trainer.data.Batches;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.ClipSet;
import io.clipstream.trainer.data.ContentDigests;
import io.clipstream.trainer.data.EpochPlan;
import io.clipstream.trainer.recipe.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What {@link TrainingBenchmark} measures on random pixels, and the same with clips from video
 * files, as the trainer makes them: kept decoded, and decoded again for every clip.
 *
 * <pre>LoadingBenchmark FOLDER LIST CLIPS STEPS [THREADS,THREADS...] [KEY=VALUE...]</pre>
 *
 * where LIST has every label from {@code class0} to {@code class399}, THREADS are those that make
 * batches (what training takes, where it is left out), and keys are of recipes. Each line says
 * clips a second, their share of those on random pixels, the share of the time that the network
 * waited for clips, and how many a second the same threads make when no network runs.
 */
public final class LoadingBenchmark {
  private LoadingBenchmark() {}

  /** The only one of its kind. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    ClipList list = ClipList.read(Path.of(arguments[1]));
    int clips = Integer.parseInt(arguments[2]);
    int steps = Integer.parseInt(arguments[3]);
    Map<String, String> keys =
        Arrays.stream(arguments)
            .skip(4)
            .filter(argument -> argument.contains("="))
            .map(pair -> pair.split("=", 2))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    boolean gpu = Engine.getEngine("PyTorch").getGpuCount() > 0;
    List<Device> devices = List.of(gpu ? Device.gpu() : Device.cpu());
    int processors = Runtime.getRuntime().availableProcessors();
    List<Integer> threads =
        arguments.length > 4 && !arguments[4].contains("=")
            ? Arrays.stream(arguments[4].split(",", -1)).map(Integer::valueOf).toList()
            : List.of(TrainingLoop.loaders(processors, devices));
    double synthetic = TrainingBenchmark.measure(folder, 1, clips, steps, keys);
    for (String pixels : List.of("disk", "none")) {
      Map<String, String> more = new HashMap<>(keys);
      more.put("cache.pixels", pixels);
      Recipe recipe = TrainingBenchmark.recipe(folder, clips, more);
      List<ClipList.Entry> videos = list.split(ClipList.NO_SPLIT);
      Path file = folder.resolve(pixels + ".clips");
      ContentDigests digests =
          ContentDigests.of(
              list.entries(), folder.resolve("digests.tsv"), processors, Progress.silent());
      long start = System.nanoTime();
      try (ClipSet set =
          ClipSet.open(
              file,
              recipe.data().kept(),
              list,
              videos,
              digests,
              recipe.labels(),
              processors,
              Progress.silent())) {
        System.out.printf("%s: opened in %.1f s%n", pixels, (System.nanoTime() - start) / 1e9);
        for (int count : threads) {
          measure(folder, recipe, set, devices, count, steps, synthetic, pixels);
        }
      }
    }
  }

  private static void measure(
      Path folder,
      Recipe recipe,
      ClipSet set,
      List<Device> devices,
      int threads,
      int steps,
      double synthetic,
      String pixels)
      throws Exception {
    double alone = alone(recipe, set, devices, threads, steps);
    Path initial = folder.resolve("learning.pt");
    Learner.write(initial, recipe, recipe.firstWeights());
    int[] counts = set.counts(recipe.labels().size());
    Tally tally = new Tally(recipe.labels().size());
    try (Learner learner = new Learner(initial, recipe, counts, set::file, devices);
        Batches batches = batches(recipe, set, devices, threads)) {
      int clips = 0;
      long waited = 0;
      long start = 0;
      for (int step = -TrainingBenchmark.WARM_UP; step < steps; step++) {
        if (step == 0) {
          start = System.nanoTime();
          clips = 0;
          waited = 0;
        }
        long asked = System.nanoTime();
        Batches.Batch batch = batches.next();
        waited += System.nanoTime() - asked;
        learner.step(batch, Math.max(0, step), 1e-5, tally);
        clips += batch.size();
        batches.done(batch);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          "%s, %d threads: %.1f clips/s, %.2f of random pixels, waited %.0f %%; without the network"
              + " %.1f clips/s%n",
          pixels,
          threads,
          clips / seconds,
          clips / seconds / synthetic,
          100 * waited / 1e9 / seconds,
          alone);
    }
  }

  /** Clips a second that are made and thrown away. */
  private static double alone(
      Recipe recipe, ClipSet set, List<Device> devices, int threads, int steps) throws Exception {
    try (Batches batches = batches(recipe, set, devices, threads)) {
      int clips = 0;
      long start = 0;
      for (int step = -TrainingBenchmark.WARM_UP; step < steps; step++) {
        if (step == 0) {
          start = System.nanoTime();
          clips = 0;
        }
        Batches.Batch batch = batches.next();
        clips += batch.size();
        batches.done(batch);
      }
      return clips / ((System.nanoTime() - start) / 1e9);
    }
  }

  private static Batches batches(Recipe recipe, ClipSet set, List<Device> devices, int threads) {
    EpochPlan plan = EpochPlan.of(set.size(), recipe.training().batchSize());
    return new Batches(
        set,
        recipe.training().augmentation(),
        recipe.training().mixing(),
        plan,
        1,
        0,
        Integer.MAX_VALUE,
        threads,
        devices.get(0).isGpu());
  }
}
