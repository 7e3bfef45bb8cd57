package io.clipstream.streams.classify;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.schemas.ModelIdentity;

/**
 * The model that labels.
 *
 * @param digest SHA-256 of its artifact, 64 lower-case hexadecimal digits
 */
public record ServedModel(ModelManifest manifest, String digest) {

  /** Whether a reference that asks for {@code name} means this model: its name or name-version. */
  public boolean answersTo(String name) {
    return name.equals(manifest.name()) || name.equals(manifest.id());
  }

  /** As records name it. */
  public ModelIdentity identity() {
    return ModelIdentity.newBuilder()
        .setName(manifest.name())
        .setVersion(manifest.version())
        .setDigest(digest)
        .build();
  }
}
