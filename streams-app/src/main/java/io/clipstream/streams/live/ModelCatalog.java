package io.clipstream.streams.live;

import io.clipstream.model.Nearest;
import io.clipstream.model.UserError;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What Kafka holds of models at one time, and how people name it.
 *
 * @param releases by name and version
 * @param rollouts what is wanted, by name of the model
 * @param instances what each instance last said of each model, also of those that died since
 */
public record ModelCatalog(
    List<ModelRelease> releases, Map<String, ModelRollout> rollouts, List<ModelStatus> instances) {
  public ModelCatalog {
    releases = List.copyOf(releases);
    rollouts = new TreeMap<>(rollouts);
    instances = List.copyOf(instances);
  }

  /** {@code NAME-VERSION}. */
  public static String id(ModelIdentity model) {
    return model.getName() + "-" + model.getVersion();
  }

  /** The models that have a version or of which one is wanted. */
  public TreeSet<String> models() {
    TreeSet<String> models = new TreeSet<>(rollouts.keySet());
    releases.forEach(release -> models.add(release.getModel().getName()));
    return models;
  }

  /**
   * A model.
   *
   * @param typed its name, or null for the only one
   * @throws UserError if there is none, or several and none was named
   */
  public String model(String typed) {
    TreeSet<String> models = models();
    if (models.isEmpty()) {
      throw empty();
    }
    if (typed == null && models.size() > 1) {
      throw new UserError(
          "there are models " + String.join(", ", models) + ", expected the name of one of them");
    }
    if (typed != null && !models.contains(typed)) {
      throw new UserError(
          "no model " + typed + " is in Kafka" + orElse(Nearest.hint(typed, models), models));
    }
    return typed == null ? models.first() : typed;
  }

  /**
   * A version of a model.
   *
   * @param typed {@code NAME-VERSION} or {@code NAME/VERSION}; {@code VERSION} where there is one
   *     model
   * @throws UserError if there is none, or the text fits several
   */
  public ModelRelease release(String typed) {
    if (releases.isEmpty()) {
      throw empty();
    }
    boolean one = models().size() == 1;
    List<ModelRelease> found =
        releases.stream()
            .filter(
                release ->
                    typed.equals(id(release.getModel()))
                        || typed.equals(path(release))
                        || (one && typed.equals(release.getModel().getVersion())))
            .toList();
    if (found.size() > 1) {
      throw new UserError(
          typed
              + " can be "
              + String.join(" or ", found.stream().map(ModelCatalog::path).toList())
              + ": write it so");
    }
    if (found.isEmpty()) {
      List<String> ids = releases.stream().map(release -> id(release.getModel())).toList();
      throw new UserError(
          "no version " + typed + " is in Kafka" + orElse(Nearest.hint(typed, ids), ids));
    }
    return found.get(0);
  }

  private static UserError empty() {
    return new UserError(
        "no model is in Kafka yet: publish one with ./clipstream model publish FILE");
  }

  private static String orElse(String hint, Iterable<String> known) {
    return hint.isEmpty() ? ", expected one of " + String.join(", ", known) : hint;
  }

  private static String path(ModelRelease release) {
    return release.getModel().getName() + "/" + release.getModel().getVersion();
  }

  /** What the version is wanted for: {@code active}, {@code canary}, ... */
  public List<String> wanted(ModelIdentity model) {
    ModelRollout rollout = rollouts.get(model.getName());
    List<String> roles = new ArrayList<>();
    if (rollout != null) {
      add(roles, "active", rollout.getActiveVersion(), model);
      add(roles, "canary", rollout.getCanaryVersion(), model);
      add(roles, "shadow", rollout.getShadowVersion(), model);
      add(roles, "settled", rollout.getSettledVersion(), model);
      add(roles, "previous", rollout.getPreviousVersion(), model);
    }
    return roles;
  }

  /** Why the last rollout was stopped or turned back, of the version that is active now. */
  public Optional<String> reason(ModelIdentity model) {
    return Optional.ofNullable(rollouts.get(model.getName()))
        .filter(rollout -> rollout.getActiveVersion().equals(model.getVersion()))
        .map(ModelRollout::getReason);
  }

  private static void add(List<String> roles, String role, String version, ModelIdentity model) {
    if (Objects.equals(version, model.getVersion())) {
      roles.add(role);
    }
  }

  /** Ids of the instances that label with the version, in whatever role. */
  public List<String> runBy(ModelIdentity model) {
    return instances.stream()
        .filter(status -> status.getState() != ModelState.STOPPED)
        .filter(
            status ->
                Stream.of(status.getServing(), status.getCanary(), status.getShadow())
                    .anyMatch(model::equals))
        .map(ModelStatus::getInstance)
        .toList();
  }
}
