package io.clipstream.trainer.recipe;

import io.clipstream.model.Count;
import io.clipstream.model.Printable;
import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.trainer.motion.CameraMotion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Everything that makes a model, read from one properties file whose keys are commented there.
 *
 * @param name of the model
 * @param version of the model
 * @param labels names of the classes
 * @param data where videos come from
 * @param clip how clips are cut
 * @param network sizes
 * @param start model that training begins with, if it does not begin afresh
 * @param training the loop's settings
 * @param values the properties as they were set
 */
public record Recipe(
    String name,
    String version,
    List<String> labels,
    DataSettings data,
    ClipSpec clip,
    Swin3dConfig network,
    Optional<StartModel> start,
    TrainingSettings training,
    Map<String, String> values) {

  private static final String HEAD = "train.head";
  private static final String FRESH = "fresh";
  private static final String BY_NAME = "by-name";

  /**
   * Reads a recipe.
   *
   * @param overrides keys set on the command line
   * @throws UserError if it is wrong
   */
  public static Recipe read(Path file, Map<String, String> overrides) throws IOException {
    Settings s = Settings.read(file, overrides);
    String name = name(s, "model.name");
    String version = name(s, "model.version");
    Path folder = file.toAbsolutePath().getParent();
    Optional<StartModel> start = StartModel.read(s, folder);
    boolean generate = MotionSettings.in(s);
    ClipSpec clip = ClipSettings.read(s, generate);
    DataSettings data = DataSettings.read(s, folder, clip);
    List<String> labels = labels(s, data, start);
    if (labels.size() < 2) {
      throw new UserError(
          "the only label is %s, expected at least two to tell apart"
              .formatted(Printable.name(labels.get(0))));
    }
    if (!s.text(HEAD, FRESH).matches(FRESH + "|" + BY_NAME)) {
      throw s.wrong(HEAD, FRESH + " or " + BY_NAME);
    }
    Recipe recipe =
        new Recipe(
            name,
            version,
            labels,
            data,
            clip,
            NetworkSettings.read(s, labels.size()),
            start,
            TrainingSettings.read(s, start.isPresent(), labels),
            s.asMap());
    FeedbackSettings.read(s, folder); // of train --feedback, before the data was there
    GateSettings.read(s);
    s.rejectUnknown();
    return recipe;
  }

  /**
   * The recipe's labels, else those of the data: first those that the start model knows, in its
   * order, then the others by name.
   */
  private static List<String> labels(Settings s, DataSettings data, Optional<StartModel> start)
      throws IOException {
    if (data.generated().isPresent()) {
      return data.generated().get().spec().motions().stream().map(CameraMotion::label).toList();
    }
    if (s.has("labels")) {
      return s.value("labels", "names between commas, each once", Recipe::names);
    }
    List<String> found = data.open().labels();
    List<String> labels = new ArrayList<>();
    start.ifPresent(model -> labels.addAll(model.artifact().manifest().labels()));
    labels.retainAll(found);
    found.stream().filter(label -> !labels.contains(label)).forEach(labels::add);
    return labels;
  }

  /** Null if one is empty or there twice. */
  private static List<String> names(String text) {
    List<String> names = Stream.of(text.split(",", -1)).map(String::strip).toList();
    return names.contains("") || Set.copyOf(names).size() < names.size() ? null : names;
  }

  /** A part of the model's name, which names files too. */
  public static String name(Settings s, String key) {
    return s.value(
        key,
        "lower-case letters, digits, dots, hyphens and underscores, a letter or digit first,"
            + " at most 64",
        text -> ModelManifest.isName(text) ? text : null);
  }

  /** Makes a value of a section: what its constructor objects to is an error of the recipe. */
  static <T> T checked(String section, Supplier<T> make) {
    try {
      return make.get();
    } catch (IllegalArgumentException | UserError e) {
      throw new UserError("the recipe's " + section + ": " + e.getMessage(), e);
    }
  }

  /** The weights that training begins with. */
  public Map<String, Weights> firstWeights() throws IOException {
    return start.isPresent()
        ? start.get().weights(network, labels, training.seed(), headByName())
        : training.initialisation().weights(network, training.seed());
  }

  private boolean headByName() {
    return values.getOrDefault(HEAD, FRESH).equals(BY_NAME);
  }

  /** Where the head of a start model's network comes from, for people. */
  public String headOrigin() {
    StartModel model = start.orElseThrow();
    if (model.keepsHead(labels)) {
      return " and its head";
    }
    return headByName() && model.knownLabels(labels) > 0
        ? " and its head for %d of %d labels".formatted(model.knownLabels(labels), labels.size())
        : " and a fresh head for " + Count.of(labels.size(), "label");
  }

  /**
   * The recipe without the folders of the machine it ran on: a start model is told by name and
   * digest.
   */
  public Map<String, String> published() {
    Map<String, String> published = new TreeMap<>(values);
    published.remove("generate.photographs");
    List.of("data.list", "data.prefix", "data.label-names").forEach(published::remove);
    published.put("labels", String.join(",", labels));
    start.ifPresent(
        model -> {
          published.put("train.start", model.artifact().manifest().id());
          published.put("train.start.sha256", model.artifact().digest());
        });
    return published;
  }

  /** The manifest of the trained model. */
  public ModelManifest manifest(Map<String, Double> metrics) {
    return manifest(metrics, Map.of());
  }

  /**
   * As the other.
   *
   * @param history what else its recipe is to tell: of its data, of the gate
   */
  public ModelManifest manifest(Map<String, Double> metrics, Map<String, String> history) {
    Map<String, String> told = published();
    told.putAll(history);
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
        told,
        start.map(model -> model.artifact().manifest().id()).orElse(""));
  }
}
