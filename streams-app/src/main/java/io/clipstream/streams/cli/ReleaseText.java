package io.clipstream.streams.cli;

import io.clipstream.model.artifact.ManifestJson;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.schemas.ModelRelease;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A release, for people and for machines. */
final class ReleaseText {
  private ReleaseText() {}

  /** To which a command adds what it has to say. */
  static Map<String, Object> json(ModelRelease release) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("type", "release");
    object.put("name", release.getModel().getName());
    object.put("version", release.getModel().getVersion());
    object.put("digest", release.getModel().getDigest());
    object.put("bytes", release.getBytes());
    object.put("uri", release.getUri());
    object.put(
        "signedBy", release.getSignature() == null ? null : release.getSignature().getKeyId());
    object.put("publishedBy", release.getPublishedBy());
    object.put("publishedAt", release.getPublishedAt().toString());
    return object;
  }

  /** {@code 15.2 MiB}. */
  static String size(ModelRelease release) {
    return String.format(Locale.ROOT, "%.1f MiB", release.getBytes() / (double) (1 << 20));
  }

  /** {@code not signed} or {@code signed by 0123456789abcdef}. */
  static String signature(ModelRelease release) {
    return release.getSignature() == null
        ? "not signed"
        : "signed by " + release.getSignature().getKeyId();
  }

  /** Figures by name, as the manifest has them; none where it cannot be read. */
  static Map<String, Double> metrics(ModelRelease release) {
    return new TreeMap<>(manifest(release).map(ModelManifest::metrics).orElse(Map.of()));
  }

  /** Anybody who may write the topic may have written something else. */
  private static Optional<ModelManifest> manifest(ModelRelease release) {
    try {
      return Optional.of(ManifestJson.read(release.getManifest()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
