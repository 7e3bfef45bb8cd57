package io.clipstream.streams.live;

import io.clipstream.model.artifact.Golden;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.infer.GoldenCheck;
import io.clipstream.model.infer.TorchClassifier;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.models.TrustedKeys;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.classify.GenerationFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Makes a release of the log a generation that is ready, in two tasks, each on a thread of its own
 * that may be given up: {@link #prepare} downloads and verifies, {@link #load} loads, warms and
 * proves. What either throws says in one line why the release is not served. All threads.
 */
final class ReleaseLoader implements AutoCloseable {
  /** How long an instance waits until the log has the record that says that it loads. */
  private static final Duration ANNOUNCING = Duration.ofSeconds(30);

  private static final long SEED = 1;

  private final ModelCache cache;
  private final ArtifactFetch fetch;
  private final TrustedKeys keys;
  private final GenerationFactory factory;
  private final LiveOptions.Limits limits;
  private final LoadMemory memory;
  private final LoadMarks marks;

  /** Told how far a task is, by its thread. */
  @FunctionalInterface
  interface Steps {
    /**
     * A step begins or gets on.
     *
     * @param percent of the step, 0 to 100
     */
    void at(ModelState step, int percent);
  }

  /**
   * @param keys of which one must have signed every release; none: no signatures are asked for
   * @param marks of loads under way; closed with this
   */
  ReleaseLoader(
      ModelCache cache,
      ArtifactFetch fetch,
      TrustedKeys keys,
      GenerationFactory factory,
      LiveOptions.Limits limits,
      LoadMemory memory,
      LoadMarks marks) {
    this.memory = memory;
    this.marks = marks;
    this.cache = cache;
    this.fetch = fetch;
    this.keys = keys;
    this.factory = factory;
    this.limits = limits;
  }

  /**
   * Brings the artifact into the cache and checks it.
   *
   * @param labels that it must have; empty: any
   */
  TimedTask<ModelArtifact> prepare(
      ModelRelease release, Optional<List<String>> labels, Steps steps) {
    return new TimedTask<>(
        "download of " + id(release),
        limits.download().plus(limits.verify()),
        () -> {
          if (!keys.isEmpty()) {
            TrustedKeys.Check check = keys.check(release);
            if (!check.isValid()) {
              throw new IOException(check.detail());
            }
          }
          String digest = release.getModel().getDigest();
          steps.at(ModelState.DOWNLOADING, 0);
          Path file =
              cache.get(
                  digest,
                  release.getBytes(),
                  partial ->
                      fetch.download(
                          release,
                          partial,
                          (bytes, total) ->
                              steps.at(ModelState.DOWNLOADING, (int) (100 * bytes / total))));
          steps.at(ModelState.VERIFYING, 0);
          ModelArtifact artifact = ModelArtifact.open(file, digest);
          ReleaseContract.require(release, artifact, labels);
          return artifact;
        },
        unwanted -> {});
  }

  /**
   * What memory is lacking for a model beside what runs already, one line; empty if none.
   *
   * @throws IOException if its artifact cannot be looked at
   */
  Optional<String> lacking(ModelArtifact artifact) throws IOException {
    return memory.lacking(artifact);
  }

  /**
   * Makes a generation that is ready; nobody's yet.
   *
   * @param announced completes when the log says that this instance loads the version now, so that
   *     the others know if the process dies of it
   * @param room completes when what was to make room for it has gone
   */
  TimedTask<Generation> load(
      ModelArtifact artifact, Future<?> announced, Future<?> room, Steps steps) {
    return inTurn(
        "load of " + artifact.manifest().id(),
        limits.load(),
        turn -> {
          announced.get(ANNOUNCING.toMillis(), TimeUnit.MILLISECONDS);
          room.get();
          turn.take();
          return load(artifact, steps);
        });
  }

  /**
   * Makes a generation of a version that served before, from the cache.
   *
   * @param digest of its artifact
   */
  TimedTask<Generation> loadAgain(String id, String digest) {
    return inTurn(
        "load of " + id,
        limits.verify().plus(limits.load()),
        turn -> {
          Path file =
              cache
                  .find(digest)
                  .orElseThrow(() -> new IOException("its artifact has left the model cache"));
          ModelArtifact artifact = ModelArtifact.open(file, digest);
          turn.take();
          return load(artifact, (step, percent) -> {});
        });
  }

  private interface TurnedLoad {
    Generation make(LoadTurn turn) throws Exception;
  }

  private static TimedTask<Generation> inTurn(String name, Duration limit, TurnedLoad load) {
    LoadTurn turn = new LoadTurn();
    TimedTask<Generation> task =
        new TimedTask<>(name, limit, () -> load.make(turn), Generation::close);
    var unused = task.result().whenComplete((generation, error) -> turn.end());
    return task;
  }

  private Generation load(ModelArtifact artifact, Steps steps) throws Exception {
    Optional<String> lacking = memory.lacking(artifact);
    if (lacking.isPresent()) {
      throw new IOException(lacking.get());
    }
    try (LoadMarks.Mark mark = marks.begin(artifact.digest())) {
      steps.at(ModelState.LOADING, 0);
      Generation generation = ready(factory.create(artifact, new Trial(artifact, steps)));
      mark.loaded();
      return generation;
    }
  }

  /** What a network must stand, and how far it is. */
  private record Trial(ModelArtifact artifact, Steps steps) implements GenerationFactory.Proof {
    @Override
    public void warming() {
      steps.at(ModelState.WARMING, 0);
    }

    @Override
    public void prove(TorchClassifier network) throws IOException {
      steps.at(ModelState.PROVING, 0);
      ReleaseLoader.prove(network, artifact);
    }
  }

  private static Generation ready(Generation generation) throws Exception {
    generation.start();
    try {
      generation.ready().get();
      return generation;
    } catch (ExecutionException e) {
      generation.close();
      throw e.getCause() instanceof Exception cause ? cause : e;
    } catch (InterruptedException e) {
      generation.close();
      throw e;
    }
  }

  /** Golden outputs as they were, and finite ones: by the thread that is going to serve. */
  private static void prove(TorchClassifier network, ModelArtifact artifact) throws IOException {
    Optional<GoldenCheck> golden = GoldenCheck.of(network, artifact);
    if (golden.isPresent() && !golden.get().passed()) {
      throw new IOException(
          "its golden outputs are off by "
              + golden.get().relative()
              + ", expected at most "
              + golden.get().tolerance());
    }
    ClipSpec spec = artifact.manifest().clip();
    try (Clip clip =
        new ClipBuffers(spec.clipBytes(), spec.clipBytes()).take(new TimeRange(0, 1), 0)) {
      clip.pixels().duplicate().clear().put(Golden.pixels(SEED, spec));
      float[][] unused = network.classify(List.of(clip)); // throws unless they are finite
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("it was given up while it was proved", e);
    }
  }

  /** Loads under way are not taken for what a process died of. */
  @Override
  public void close() {
    marks.close();
  }

  private static String id(ModelRelease release) {
    return release.getModel().getName() + "-" + release.getModel().getVersion();
  }
}
