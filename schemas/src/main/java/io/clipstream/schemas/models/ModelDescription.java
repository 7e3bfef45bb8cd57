package io.clipstream.schemas.models;

import java.time.Instant;
import java.util.Optional;

/**
 * What a release says beside its artifact.
 *
 * @param name of the model, {@code [a-z0-9][a-z0-9._-]*}
 * @param version same letters
 * @param manifest the artifact's manifest, JSON, as it is inside the file
 * @param publishedBy who or what publishes it
 * @param publishedAt when
 */
public record ModelDescription(
    String name,
    String version,
    String manifest,
    Optional<String> publishedBy,
    Instant publishedAt) {
  /**
   * @throws ModelLogException if name or version has other letters
   */
  public ModelDescription {
    requireName("name", name);
    requireName("version", version);
  }

  private static void requireName(String what, String text) {
    if (!ModelNames.isName(text)) {
      throw new ModelLogException(
          "the model's "
              + what
              + " is '"
              + text
              + "', expected lower-case letters, digits, '.', '_' and '-', at most 64, not one of"
              + " the three first");
    }
  }
}
