package io.clipstream.streams.live;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.live.rollout.Roles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The version that serves at start though no rollout chose it, if there is one: it serves until a
 * rollout chooses. One thread.
 */
final class UnchosenVersion {
  private static final Future<Void> DONE = CompletableFuture.completedFuture(null);
  private static final Logger log = LoggerFactory.getLogger(UnchosenVersion.class);

  private final String model;
  private final ModelCache cache;
  private final ReleaseLoader loader;
  private final LiveGenerations generations;

  /** Null: none. */
  private String version;

  /**
   * @param generations whose active version is the one, if they have one
   */
  UnchosenVersion(
      String model, ModelCache cache, ReleaseLoader loader, LiveGenerations generations) {
    this.model = model;
    this.cache = cache;
    this.loader = loader;
    this.generations = generations;
    Roles.Chosen active = generations.roles().active();
    this.version = active == null ? null : active.version();
  }

  boolean is(String other) {
    return other.equals(version);
  }

  /** Serves the version that served last on this host, if the cache still has it. Waits for it. */
  void serveLastGood() {
    try {
      Optional<Path> last = cache.lastGood(model);
      if (last.isEmpty()) {
        log.warn("The model cache holds no version of {} that served: videos wait", model);
        return;
      }
      ModelArtifact artifact = ModelArtifact.open(last.get());
      log.warn("Serving {} from the model cache, which served last here", artifact.manifest().id());
      serve(artifact);
    } catch (IOException e) {
      log.warn("The version of {} that served last cannot be used: {}", model, e.getMessage());
    }
  }

  private void serve(ModelArtifact artifact) {
    try {
      Generation generation =
          loader.load(artifact, DONE, DONE, (step, percent) -> {}).result().join();
      version = artifact.manifest().version();
      generations.put(version, generation);
      generations.use(new Roles(new Roles.Chosen(version, 0), null, 0, null));
    } catch (CompletionException e) {
      log.error("{} cannot be served", artifact.manifest().id(), e.getCause());
    }
  }

  /** A rollout has chosen: this version goes, unless it is among the chosen. */
  void giveWay(Roles chosen) {
    if (version != null
        && Stream.of(chosen.active(), chosen.canary(), chosen.shadow())
            .noneMatch(other -> other != null && is(other.version()))) {
      generations.drop(version);
    }
    version = null;
  }
}
