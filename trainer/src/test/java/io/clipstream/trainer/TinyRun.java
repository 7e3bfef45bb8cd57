package io.clipstream.trainer;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.Progress;
import io.clipstream.model.clip.VideoEncoder;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.ClipSet;
import io.clipstream.trainer.data.ContentDigests;
import io.clipstream.trainer.data.Kept;
import io.clipstream.trainer.recipe.Recipe;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/** Encoded videos of two kinds, dark and bright, and a recipe that learns to tell them at once. */
public final class TinyRun {
  public static final List<String> LABELS = List.of("dark", "bright");

  /** Of the videos: 12 frames a second for 2 s. */
  public static final int WIDTH = 64;

  public static final int HEIGHT = 36;

  private TinyRun() {}

  /**
   * Writes videos and {@code videos.csv}.
   *
   * @param train videos of the split {@code train}; labels take turns
   * @param validation likewise
   */
  public static Path videos(Path folder, int train, int validation) throws Exception {
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < train + validation; i++) {
      video(folder.resolve(i + ".avi"), i % 2 == 0 ? 60 : 160, i);
      list.append(
          "%d.avi,%s,%s%n".formatted(i, LABELS.get(i % 2), i < train ? "train" : "validation"));
    }
    return Files.writeString(folder.resolve("videos.csv"), list);
  }

  /** A video of noise around a level. */
  public static void video(Path file, int level, int seed) throws Exception {
    video(file, WIDTH, HEIGHT, level, seed);
  }

  /** The same of another size. */
  public static void video(Path file, int width, int height, int level, int seed) throws Exception {
    Random random = new Random(seed);
    ByteBuffer picture = ByteBuffer.allocateDirect(width * height * 3);
    try (VideoEncoder encoder =
        new VideoEncoder(file, VideoEncoder.Settings.of("mpeg4", width, height, 12))) {
      for (int frame = 0; frame < 24; frame++) {
        for (int i = 0; i < picture.capacity(); i++) {
          picture.put(i, (byte) (level + random.nextInt(40)));
        }
        encoder.add(picture);
      }
    }
  }

  /** A split of the recipe's list as training opens it. */
  public static ClipSet clips(Recipe recipe, String split, Path folder) throws Exception {
    return clips(recipe, ClipList.read(recipe.data().list().orElseThrow()), split, folder);
  }

  /** A split of a list as training opens it, its pixels in the folder. */
  public static ClipSet clips(Recipe recipe, ClipList list, String split, Path folder)
      throws Exception {
    List<ClipList.Entry> videos = list.split(split);
    boolean train = split.equals(recipe.data().trainSplit());
    return ClipSet.open(
        folder.resolve(split + ".clips"),
        train ? recipe.data().kept() : Kept.centreClip(recipe.clip()),
        list,
        videos,
        ContentDigests.of(videos, folder.resolve(split + ".tsv"), 2, Progress.silent()),
        recipe.labels(),
        2,
        Progress.silent());
  }

  /** A recipe for {@code videos.csv} in the folder. */
  public static Recipe recipe(Path folder, Map<String, String> more) throws Exception {
    Map<String, String> keys = new TreeMap<>();
    keys.put("model.name", "tiny");
    keys.put("model.version", "1");
    keys.put("labels", String.join(",", LABELS));
    keys.put("data.list", "videos.csv");
    keys.put("clip.frames", "4");
    keys.put("clip.frames-per-second", "6");
    keys.put("clip.short-side", "20");
    keys.put("clip.crop", "16");
    keys.put("clip.mean", "0.45,0.45,0.45");
    keys.put("clip.std", "0.225,0.225,0.225");
    keys.put("network.embed-dim", "8");
    keys.put("network.depths", "1,2");
    keys.put("network.heads", "2,4");
    keys.put("network.window", "2,2,2");
    keys.put("network.patch", "2,4,4");
    keys.put("network.mlp-ratio", "2");
    keys.put("network.stochastic-depth", "0");
    keys.put("train.epochs", "2");
    keys.put("train.batch-size", "4");
    keys.put("train.learning-rate", "1e-2");
    keys.put("train.final-learning-rate", "1e-3");
    keys.put("train.warmup-epochs", "0.5");
    keys.put("train.weight-decay", "0.05");
    keys.put("train.beta2", "0.99");
    keys.put("train.label-smoothing", "0");
    keys.put("train.max-grad-norm", "1");
    keys.put("train.ema-decay", "0");
    keys.put("train.initialisation", "gabor");
    keys.put("train.seed", "1");
    keys.put("report.splits", "validation");
    keys.putAll(more);
    if (more.containsKey("train.start")) {
      keys.remove("train.initialisation");
    }
    keys.values().removeIf(String::isEmpty); // not set
    StringBuilder text = new StringBuilder();
    keys.forEach((key, value) -> text.append(key).append('=').append(value).append('\n'));
    return Recipe.read(
        Files.writeString(folder.resolve("tiny.properties"), text.toString()), Map.of());
  }

  /** On the CPU. */
  static TrainingRun run(Recipe recipe, ByteArrayOutputStream said) {
    return new TrainingRun(recipe, Device.cpu(), 2, new Progress(new PrintWriter(said, true)));
  }

  /** In {@code folder/run}. */
  static void dryRun(TrainingRun run, Path folder) throws Exception {
    try (RunFolder locked = RunFolder.open(folder.resolve("run"))) {
      run.dryRun(locked, Optional.empty());
    }
  }

  /** A file of {@code folder/run}. */
  static JsonNode json(Path folder, String name) throws Exception {
    return new ObjectMapper().readTree(folder.resolve("run/" + name).toFile());
  }
}
