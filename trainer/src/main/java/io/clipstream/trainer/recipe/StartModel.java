package io.clipstream.trainer.recipe;

import io.clipstream.model.FileProblem;
import io.clipstream.model.Nearest;
import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The model whose weights training begins with, {@code train.start}: an artifact in training form.
 *
 * @param artifact as it was when the recipe was read
 * @param network its sizes
 */
public record StartModel(ModelArtifact artifact, Swin3dConfig network) {
  /** Names the model that comes with clipstream. */
  private static final String BUNDLED = "bundled";

  /** What the weights were made for; the other keys of network and clip may be set anew. */
  private static final List<String> FIXED =
      List.of(
          "network.embed-dim",
          "network.depths",
          "network.heads",
          "network.window",
          "network.patch",
          "network.mlp-ratio",
          "network.patch-norm",
          "clip.mean",
          "clip.std");

  /**
   * The start model that a recipe names, if it does. Gives the recipe the keys of network and clip
   * that it does not set.
   *
   * @param folder that the path is relative to
   * @throws UserError if training cannot begin with it
   */
  static Optional<StartModel> read(Settings s, Path folder) throws IOException {
    if (!s.has("train.start")) {
      return Optional.empty();
    }
    if (s.has("train.initialisation")) {
      throw new UserError(
          "the recipe sets both train.start and train.initialisation, expected one of them");
    }
    String start = s.text("train.start");
    StartModel model =
        open(
            start.equals(BUNDLED) ? ModelArtifact.bundled().path() : s.path("train.start", folder));
    model.complete(s);
    return Optional.of(model);
  }

  /**
   * Opens the artifact without reading its weights.
   *
   * @throws UserError if it is none that training can begin with
   */
  private static StartModel open(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new UserError(
          "train.start is " + file + ": " + FileProblem.missing(file) + Nearest.hint(file));
    }
    ModelArtifact artifact = ModelArtifact.open(file);
    ModelManifest manifest = artifact.manifest();
    if (!manifest.form().equals("training")) {
      throw new UserError(
          "train.start is " + file + ": its form is " + manifest.form() + ", expected training");
    }
    try {
      return new StartModel(artifact, Swin3dConfig.fromMap(manifest.architecture()));
    } catch (UserError e) {
      throw new UserError("train.start is " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Gives a recipe the keys of network and clip that it does not set, and checks that the weights
   * fit those that it does. Clips may have another size or length, since the network takes any, and
   * rates of dropping are no part of a model.
   *
   * @throws UserError naming key, found and expected
   */
  private void complete(Settings recipe) {
    CropSize crop = artifact.manifest().clip().crop();
    if (!crop.isSquare() && !recipe.has("clip.crop")) {
      throw new UserError(
          "train.start %s takes clips of %s, but training cuts squares: set clip.crop to a side"
              .formatted(artifact.path(), crop));
    }
    Map<String, String> settings = settings();
    if (recipe.has("clip.stride") || recipe.has("clip.frames-per-second")) {
      settings.keySet().removeAll(List.of("clip.stride", "clip.frames-per-second"));
    }
    recipe.otherwise(settings);
    Settings own = new Settings(artifact.path().toString(), settings);
    for (String key : FIXED) {
      boolean same =
          key.equals("network.patch-norm")
              ? recipe.flag(key, true) == own.flag(key, true)
              : recipe.numbers(key).equals(own.numbers(key));
      if (!same) {
        throw new UserError(
            "%s is %s, expected %s as train.start %s has; without the key it is taken from there"
                .formatted(key, recipe.text(key), own.text(key), artifact.path()));
      }
    }
  }

  /** Its network and clip as a recipe's keys and values. */
  private Map<String, String> settings() {
    ClipSpec clip = artifact.manifest().clip();
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("network.embed-dim", String.valueOf(network.embedDim()));
    settings.put("network.depths", joined(network.depths()));
    settings.put("network.heads", joined(network.heads()));
    settings.put("network.window", joined(network.window()));
    settings.put("network.patch", joined(network.patch()));
    settings.put("network.mlp-ratio", String.valueOf(network.mlpRatio()));
    settings.put("network.stochastic-depth", String.valueOf(network.stochasticDepth()));
    settings.put("network.patch-norm", String.valueOf(network.patchNorm()));
    settings.put("clip.frames", String.valueOf(clip.frames()));
    if (clip.stride() > 0) {
      settings.put("clip.stride", String.valueOf(clip.stride()));
    } else {
      settings.put("clip.frames-per-second", String.valueOf(clip.framesPerSecond()));
    }
    settings.put("clip.short-side", String.valueOf(clip.shortSide()));
    settings.put("clip.crop", String.valueOf(clip.crop()));
    settings.put("clip.antialias", String.valueOf(clip.antialias()));
    settings.put("clip.mean", joined(clip.mean()));
    settings.put("clip.std", joined(clip.std()));
    settings.put("clip.protocol", clip.protocol().title());
    return settings;
  }

  private static String joined(List<?> values) {
    return values.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /** Whether it tells apart just these classes, in this order, so that its head is of use. */
  public boolean keepsHead(List<String> labels) {
    return artifact.manifest().labels().equals(labels);
  }

  /** How many of these labels it knows. */
  public int knownLabels(List<String> labels) {
    return (int) labels.stream().filter(artifact.manifest().labels()::contains).count();
  }

  /**
   * Its weights, with a fresh head unless it has the same labels.
   *
   * @param config of the network to train, which its weights fit
   * @param labels of the classes to train
   * @param seed of a fresh head
   * @param byName whether a fresh head takes over what it has of labels of the same name
   * @throws IOException if the file is no longer the one that was opened; one line
   */
  Map<String, Weights> weights(Swin3dConfig config, List<String> labels, long seed, boolean byName)
      throws IOException {
    ModelArtifact.open(artifact.path(), artifact.digest());
    Map<String, Weights> weights = new LinkedHashMap<>(Swin3d.read(artifact.path()));
    if (!keepsHead(labels)) {
      Map<String, Weights> head = Swin3d.initHead(config, seed);
      if (byName) {
        head.replaceAll((name, fresh) -> known(fresh, weights.get(name), labels));
      }
      weights.putAll(head);
    }
    return weights;
  }

  /** Rows of the labels that the model knows from it, the other ones fresh. */
  private Weights known(Weights fresh, Weights own, List<String> labels) {
    float[] values = fresh.toArray();
    float[] from = own.toArray();
    int row = values.length / labels.size();
    for (int k = 0; k < labels.size(); k++) {
      int known = artifact.manifest().labels().indexOf(labels.get(k));
      if (known >= 0) {
        System.arraycopy(from, known * row, values, k * row, row);
      }
    }
    return Weights.of(fresh.shape(), values);
  }
}
