package io.clipstream.streams.cli;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.infer.TrialLimits;
import io.clipstream.model.infer.TrialProcess;
import io.clipstream.streams.config.ModelSettings;
import java.io.IOException;
import java.nio.file.Path;

/** A model that a command was given, and is going to run. */
final class ModelFile {
  private ModelFile() {}

  /**
   * Opens it and, if its network is not clipstream's own, tries it in a process of its own, before
   * this one runs what is in it.
   *
   * @param file null: the bundled model
   */
  static ModelArtifact open(Path file, Device device) throws IOException, InterruptedException {
    if (file == null) {
      return ModelArtifact.bundled();
    }
    ModelArtifact artifact = ModelArtifact.open(file);
    tryOut(artifact, device);
    return artifact;
  }

  /** As the other, of the model that settings name, on the first of their devices. */
  static ModelArtifact open(ModelSettings settings) throws IOException, InterruptedException {
    ModelArtifact artifact = settings.open();
    tryOut(artifact, settings.devices().first());
    return artifact;
  }

  /** Tries it as {@link #open(Path, Device)} does. */
  static void tryOut(ModelArtifact artifact, Device device)
      throws IOException, InterruptedException {
    new TrialProcess(TrialLimits.defaults()).require(artifact, device);
  }
}
