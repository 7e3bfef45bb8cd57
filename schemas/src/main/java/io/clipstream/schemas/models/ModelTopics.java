package io.clipstream.schemas.models;

import java.util.HashSet;
import java.util.List;

/**
 * Names of the topics of the model log.
 *
 * @param artifacts {@code ModelArtifactChunk} by NAME/VERSION/INDEX
 * @param releases {@code ModelRelease} by NAME/VERSION
 * @param rollouts what is wanted
 * @param status what each instance runs
 */
public record ModelTopics(String artifacts, String releases, String rollouts, String status) {
  /**
   * @throws ModelLogException if two of them are the same
   */
  public ModelTopics {
    List<String> names = List.of(artifacts, releases, rollouts, status);
    if (new HashSet<>(names).size() < names.size()) {
      throw new ModelLogException(
          "the topics of the model log are " + names + ", expected four different ones");
    }
  }

  public static ModelTopics defaults() {
    return new ModelTopics(
        "models.artifacts", "models.releases", "models.rollouts", "models.status");
  }

  public List<String> all() {
    return List.of(artifacts, releases, rollouts, status);
  }
}
