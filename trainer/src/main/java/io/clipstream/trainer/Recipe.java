package io.clipstream.trainer;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.trainer.motion.CameraMotion;
import io.clipstream.trainer.motion.MotionDataSpec;
import io.clipstream.trainer.motion.MotionRanges;
import io.clipstream.trainer.motion.PictureLibrary;
import io.clipstream.trainer.motion.VideoFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Everything that makes a model: data, clip, network and training, read from one properties file
 * whose keys are commented there.
 *
 * @param name of the model
 * @param version of the model
 * @param labels names of the classes
 * @param clip how clips are cut
 * @param network sizes
 * @param generated what data to render, if it is rendered
 * @param photographs folder of the source pictures of rendered data
 * @param list of the data, if it is not rendered
 * @param start model that training begins with, if it does not begin afresh
 * @param training the loop's settings
 * @param reports splits that the finished model is evaluated on
 * @param values the properties as they were set
 */
record Recipe(
    String name,
    String version,
    List<String> labels,
    ClipSpec clip,
    Swin3dConfig network,
    Optional<MotionDataSpec> generated,
    Optional<Path> photographs,
    Optional<Path> list,
    Optional<StartModel> start,
    Training training,
    List<String> reports,
    Map<String, String> values) {

  /**
   * The loop's settings.
   *
   * @param trainSplit name of the split to train on
   * @param validationSplit name of the split that chooses the best epoch
   * @param epochs passes over the training clips
   * @param batchSize clips a step
   * @param learningRate at the end of the warm-up
   * @param finalLearningRate at the end
   * @param warmupSteps steps that the rate takes to rise from 0
   * @param weightDecay of matrices
   * @param beta2 of Adam
   * @param labelSmoothing share of a target that is spread over all classes
   * @param clipNorm gradients are scaled down to this global norm
   * @param averaging share of the running mean of the weights that a step keeps; 0 for none
   * @param initialisation of the weights; with a start model of a fresh head alone
   * @param seed of weights, order and changes of the clips
   * @param augmentation changes of the clips
   */
  record Training(
      String trainSplit,
      String validationSplit,
      int epochs,
      int batchSize,
      double learningRate,
      double finalLearningRate,
      int warmupSteps,
      double weightDecay,
      double beta2,
      double labelSmoothing,
      double clipNorm,
      double averaging,
      Initialisation initialisation,
      long seed,
      Augmentation augmentation) {}

  /**
   * Reads a recipe.
   *
   * @param overrides keys set on the command line
   * @throws IllegalArgumentException if it is wrong: one line that names file, key and what was
   *     expected
   */
  static Recipe read(Path file, Map<String, String> overrides) throws IOException {
    Settings s = Settings.read(file, overrides);
    Path folder = file.toAbsolutePath().getParent();
    boolean generate = s.has("generate.seed");
    Optional<StartModel> start =
        s.has("train.start")
            ? Optional.of(StartModel.open(folder.resolve(s.text("train.start")).normalize()))
            : Optional.empty();
    if (start.isPresent() && s.has("train.initialisation")) {
      throw new IllegalArgumentException(
          file + " sets both train.start and train.initialisation, expected one of them");
    }
    start.ifPresent(model -> model.complete(s));
    List<String> labels = generate ? CameraMotion.labels() : s.texts("labels");
    boolean stride = s.has("clip.stride");
    if (stride && (generate || s.has("clip.frames-per-second"))) {
      throw new IllegalArgumentException(
          file
              + (generate
                  ? " sets clip.stride, expected clip.frames-per-second, which generate.* needs"
                  : " sets both clip.stride and clip.frames-per-second, expected one of them"));
    }
    ClipSpec clip =
        new ClipSpec(
            s.integer("clip.frames", 1),
            stride ? 0 : s.number("clip.frames-per-second", 0.1, 1000),
            stride ? s.integer("clip.stride", 1) : 0,
            s.integer("clip.short-side", 16),
            CropSize.square(s.integer("clip.crop", 16)),
            s.flag("clip.antialias", false),
            floats(s.numbers("clip.mean")),
            floats(s.numbers("clip.std")));
    Swin3dConfig network =
        new Swin3dConfig(
            s.integer("network.embed-dim", 1),
            s.integers("network.depths"),
            s.integers("network.heads"),
            s.integers("network.window"),
            s.integers("network.patch"),
            s.number("network.mlp-ratio", 0.1, 16),
            s.number("network.dropout", 0, 0.99),
            s.number("network.attention-dropout", 0, 0.99),
            s.number("network.stochastic-depth", 0, 0.99),
            s.flag("network.patch-norm", true),
            labels.size());
    Training training =
        new Training(
            s.text("train.split", "train"),
            s.text("train.validation-split", "validation"),
            s.integer("train.epochs", 1),
            s.integer("train.batch-size", 1),
            s.number("train.learning-rate", 0, 10),
            s.number("train.final-learning-rate", 0, 10),
            s.integer("train.warmup-steps", 0),
            s.number("train.weight-decay", 0, 10),
            s.number("train.beta2", 0, 0.99999),
            s.number("train.label-smoothing", 0, 0.9),
            s.number("train.clip-norm", 1e-6, 1e9),
            s.number("train.averaging", 0, 0.99999),
            start.isPresent() ? Initialisation.TORCHVISION : Initialisation.from(s),
            s.integer("train.seed", 0),
            Augmentation.from(s, labels));
    Recipe recipe =
        new Recipe(
            s.text("model.name"),
            s.text("model.version"),
            labels,
            clip,
            network,
            generate ? Optional.of(motion(s, clip)) : Optional.empty(),
            generate
                ? Optional.of(folder.resolve(s.text("generate.photographs")).normalize())
                : Optional.empty(),
            generate
                ? Optional.empty()
                : Optional.of(folder.resolve(s.text("data.list")).normalize()),
            start,
            training,
            s.texts("report.splits"),
            s.asMap());
    s.rejectUnknown();
    return recipe;
  }

  /** The weights that training begins with. */
  Map<String, Weights> firstWeights() throws IOException {
    return start.isPresent()
        ? start.get().weights(network, labels, training.seed())
        : training.initialisation().weights(network, training.seed());
  }

  /** What identifies a run: it goes on only with the recipe and start model it began with. */
  String key() {
    return published().toString();
  }

  /**
   * The recipe without the folders of the machine it ran on: a start model is told by name and
   * digest.
   */
  Map<String, String> published() {
    Map<String, String> published = new TreeMap<>(values);
    published.remove("generate.photographs");
    published.remove("data.list");
    start.ifPresent(
        model -> {
          published.put("train.start", model.artifact().manifest().id());
          published.put("train.start.sha256", model.artifact().digest());
        });
    return published;
  }

  /** The manifest of the trained model. */
  ModelManifest manifest(Map<String, Double> metrics) {
    return new ModelManifest(
        name,
        version,
        labels,
        clip,
        "1",
        network.toMap(),
        "training",
        "fp32",
        metrics,
        published(),
        start.map(model -> model.artifact().manifest().id()).orElse(""));
  }

  private static MotionDataSpec motion(Settings s, ClipSpec clip) {
    double[] pan = s.range("generate.pan-speed");
    double[] zoom = s.range("generate.zoom-speed");
    double[] roll = s.range("generate.roll-speed");
    double[] shake = s.range("generate.shake");
    MotionRanges ranges =
        new MotionRanges(
            pan[0],
            pan[1],
            zoom[0],
            zoom[1],
            roll[0],
            roll[1],
            shake[0],
            shake[1],
            s.number("generate.secondary-share", 0, 1),
            s.number("generate.static-drift", 0, 1),
            s.number("generate.static-tremble", 0, 1),
            s.number("generate.shake-drift", 0, 1));
    double[] seconds = s.range("generate.seconds");
    double[] sides = s.range("generate.short-side");
    Map<String, MotionDataSpec.Part> parts = new LinkedHashMap<>();
    for (String split : s.texts("generate.splits")) {
      String key = "generate." + split + ".";
      double[] bits = s.range(key + "bits-per-pixel");
      parts.put(
          split,
          new MotionDataSpec.Part(
              s.integer(key + "clips", 1),
              part(key + "pictures", s.text(key + "pictures")),
              s.texts(key + "formats").stream().map(VideoFormat::parse).toList(),
              s.numbers(key + "frame-rates"),
              bits[0],
              bits[1]));
    }
    return new MotionDataSpec(
        s.integer("generate.seed", 0),
        seconds[0],
        seconds[1],
        clip.frames() / clip.framesPerSecond(),
        (int) sides[0],
        (int) sides[1],
        s.numbers("generate.aspects"),
        ranges,
        parts);
  }

  private static PictureLibrary.Part part(String key, String name) {
    try {
      return PictureLibrary.Part.valueOf(name.strip().toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          key + " is " + name + ", expected train, validation or test", e);
    }
  }

  private static List<Float> floats(List<Double> numbers) {
    return numbers.stream().map(Double::floatValue).toList();
  }
}
