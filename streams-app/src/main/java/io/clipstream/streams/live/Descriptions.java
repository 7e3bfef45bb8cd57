package io.clipstream.streams.live;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.schemas.models.ModelDescription;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/** What a release says of a model's file. */
public final class Descriptions {
  private Descriptions() {}

  /**
   * Of a model that is published now, with the manifest as the file has it: a newer writer may say
   * more than is known here.
   *
   * @param manifest of the file, as it was read
   * @param publishedBy who or what publishes it
   */
  public static ModelDescription of(Path file, ModelManifest manifest, String publishedBy)
      throws IOException {
    try (TorchArchive archive = TorchArchive.open(file)) {
      return new ModelDescription(
          manifest.name(),
          manifest.version(),
          archive.extra("manifest.json"),
          Optional.of(publishedBy),
          Instant.now());
    }
  }
}
