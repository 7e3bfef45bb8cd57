package io.clipstream.streams.live;

import io.clipstream.model.artifact.ManifestJson;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.ScriptOperators;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** What an artifact must be before it is loaded. */
final class ReleaseContract {
  private ReleaseContract() {}

  /**
   * @param labels that it must have; empty: any
   * @throws IOException if it is not what the release says, or may not be served; one line
   */
  static void require(ModelRelease release, ModelArtifact artifact, Optional<List<String>> labels)
      throws IOException {
    ModelManifest manifest = artifact.manifest();
    ModelIdentity model = release.getModel();
    if (!manifest.name().equals(model.getName())
        || !manifest.version().equals(model.getVersion())) {
      throw new IOException(
          "the artifact is "
              + manifest.id()
              + ", its release says "
              + model.getName()
              + "-"
              + model.getVersion());
    }
    if (!manifest.equals(ManifestJson.read(release.getManifest()))) {
      throw new IOException("the artifact's manifest is another one than that of its release");
    }
    if (labels.isPresent() && !labels.get().equals(manifest.labels())) {
      throw new IOException(
          "its labels are not those of the version that serves ("
              + difference(labels.get(), manifest.labels())
              + "): set rollout.labels=any if that is meant");
    }
    try (TorchArchive archive = TorchArchive.open(artifact.path())) {
      Optional<String> problem = ScriptForward.problem(archive);
      problem = problem.isPresent() ? problem : ScriptOperators.forbidden(archive.sources());
      if (problem.isPresent()) {
        throw new IOException(problem.get());
      }
    }
  }

  private static String difference(List<String> expected, List<String> actual) {
    if (expected.size() != actual.size()) {
      return actual.size() + " instead of " + expected.size();
    }
    int at = 0;
    while (expected.get(at).equals(actual.get(at))) {
      at++;
    }
    return "number " + at + " is '" + actual.get(at) + "' instead of '" + expected.get(at) + "'";
  }
}
