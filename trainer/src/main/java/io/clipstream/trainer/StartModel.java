package io.clipstream.trainer;

import io.clipstream.model.Nearest;
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
import java.util.stream.Collectors;

/**
 * The model whose weights training begins with, {@code train.start}: an artifact in training form.
 *
 * @param artifact as it was when the recipe was read
 * @param network its sizes
 */
record StartModel(ModelArtifact artifact, Swin3dConfig network) {
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
   * Opens the artifact without reading its weights.
   *
   * @throws IllegalArgumentException if it is none that training can begin with; one line
   */
  static StartModel open(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new IllegalArgumentException(
          "train.start is " + file + ": no such file" + Nearest.hint(file));
    }
    ModelArtifact artifact = ModelArtifact.open(file);
    ModelManifest manifest = artifact.manifest();
    if (!manifest.form().equals("training")) {
      throw new IllegalArgumentException(
          "train.start is " + file + ": its form is " + manifest.form() + ", expected training");
    }
    try {
      return new StartModel(artifact, Swin3dConfig.fromMap(manifest.architecture()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("train.start is " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Gives a recipe the keys of network and clip that it does not set, and checks that the weights
   * fit those that it does. Clips may have another size or length, since the network takes any, and
   * rates of dropping are no part of a model.
   *
   * @throws IllegalArgumentException naming key, found and expected
   */
  void complete(Settings recipe) {
    CropSize crop = artifact.manifest().clip().crop();
    if (!crop.isSquare() && !recipe.has("clip.crop")) {
      throw new IllegalArgumentException(
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
        throw new IllegalArgumentException(
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
    settings.put("network.dropout", String.valueOf(network.dropout()));
    settings.put("network.attention-dropout", String.valueOf(network.attentionDropout()));
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
    return settings;
  }

  private static String joined(List<?> values) {
    return values.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /** Whether it tells apart just these classes, in this order, so that its head is of use. */
  boolean keepsHead(List<String> labels) {
    return artifact.manifest().labels().equals(labels);
  }

  /**
   * Its weights, with a fresh head unless it has the same labels.
   *
   * @param config of the network to train, which its weights fit
   * @param labels of the classes to train
   * @param seed of a fresh head
   * @throws IOException if the file is no longer the one that was opened; one line
   */
  Map<String, Weights> weights(Swin3dConfig config, List<String> labels, long seed)
      throws IOException {
    ModelArtifact.open(artifact.path(), artifact.digest());
    Map<String, Weights> weights = new LinkedHashMap<>(Swin3d.read(artifact.path()));
    if (!keepsHead(labels)) {
      weights.putAll(Swin3d.initHead(config, seed));
    }
    return weights;
  }
}
