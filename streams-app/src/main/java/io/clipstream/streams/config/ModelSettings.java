package io.clipstream.streams.config;

import io.clipstream.model.FileProblem;
import io.clipstream.model.Nearest;
import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.kernels.KernelMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The model that is served.
 *
 * @param file of the model; empty for the bundled one
 * @param devices that it runs on
 * @param kernels whether it runs with GPU kernels there
 */
public record ModelSettings(Optional<Path> file, DeviceChoice devices, KernelMode kernels) {
  static ModelSettings read(Settings settings) {
    Optional<Path> file =
        settings.value(
            "model.path",
            "bundled or a model's file",
            path -> path.equals("bundled") ? Optional.empty() : Optional.of(existing(path)));
    return new ModelSettings(
        file,
        settings.value("model.devices", DeviceChoice.EXPECTED, DeviceChoice::parse),
        settings.value("model.kernels", KernelMode.EXPECTED, KernelMode::parse));
  }

  private static Path existing(String text) {
    Path path = Path.of(text);
    if (!Files.isRegularFile(path)) {
      throw new UserError(FileProblem.missing(path) + Nearest.hint(path));
    }
    return path;
  }

  /**
   * Opens it.
   *
   * @throws UserError if the file that {@code model.path} names is no model
   */
  public ModelArtifact open() throws IOException {
    if (file.isEmpty()) {
      return ModelArtifact.bundled();
    }
    try {
      return ModelArtifact.open(file.get());
    } catch (IOException e) {
      throw new UserError("model.path names " + FileProblem.line(e), e);
    }
  }
}
