package io.clipstream.streams.live;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelState;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.live.rollout.Input;
import io.clipstream.streams.live.rollout.Roles;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes one version after the other ready, as an instance's rollout wants it. Each {@link #prepare}
 * and {@link #load} ends in exactly one input of the rollout.
 *
 * <p>One thread: that of the rollout, on which the inputs come too, but never within a call.
 */
final class CandidateLoader {
  private static final Logger log = LoggerFactory.getLogger(CandidateLoader.class);

  /** The topics of releases and of rollouts are not read in one order. */
  private static final Duration RELEASE_PATIENCE = Duration.ofSeconds(5);

  private final String model;
  private final boolean anyLabels;
  private final Function<String, Optional<ModelRelease>> releases;
  private final Function<String, Optional<String>> unreadable;
  private final ReleaseLoader loader;
  private final LiveGenerations generations;
  private final LetGo letGo;
  private final Executor thread;
  private final Consumer<Input> rollout;

  private String version;
  private boolean searching;
  private long searchEnd;
  private ModelArtifact artifact;
  private TimedTask<?> task;

  /** How far the task is; written by its thread. */
  private volatile Progress progress = new Progress(null, 0);

  /**
   * @param step null before a task's first
   * @param percent of it
   */
  record Progress(ModelState step, int percent) {}

  /**
   * @param anyLabels whether a version may have other labels than the one that serves
   * @param releases of the model by version, as far as they are known
   * @param unreadable why the newest record of a version's release was left out, if it was
   * @param thread of the rollout: runs what it is given later
   * @param rollout takes inputs, on that thread
   */
  CandidateLoader(
      String model,
      boolean anyLabels,
      Function<String, Optional<ModelRelease>> releases,
      Function<String, Optional<String>> unreadable,
      ReleaseLoader loader,
      LiveGenerations generations,
      Executor thread,
      Consumer<Input> rollout) {
    this.model = model;
    this.anyLabels = anyLabels;
    this.releases = releases;
    this.unreadable = unreadable;
    this.loader = loader;
    this.generations = generations;
    this.letGo = new LetGo(loader, generations, thread);
    this.thread = thread;
    this.rollout = rollout;
  }

  /** How far the task under way is, or the last one was. */
  Progress progress() {
    return progress;
  }

  /** Finds the release, brings its artifact and checks it. */
  void prepare(String newVersion, long now) {
    version = newVersion;
    artifact = null;
    task = null;
    progress = new Progress(null, 0);
    searching = true;
    searchEnd = now + RELEASE_PATIENCE.toNanos();
    search(now);
  }

  /** To be called again and again: the release may not be known at first, and the like. */
  void search(long now) {
    letGo.tryAgain(!searching && (task == null || task.result().isDone()), now);
    if (!searching) {
      return;
    }
    Optional<ModelRelease> release = releases.apply(version);
    if (release.isPresent()) {
      searching = false;
      prepare(release.get());
    } else if (now - searchEnd >= 0) {
      searching = false;
      fail(
          unreadable
              .apply(version)
              .map(reason -> "the release " + model + "/" + version + " cannot be read: " + reason)
              .orElse("there is no release " + model + "/" + version + ": publish it first"));
    }
  }

  private void prepare(ModelRelease release) {
    if (isLoaded(release.getModel().getDigest())) {
      tell(new Input.Prepared());
      return;
    }
    TimedTask<ModelArtifact> download =
        loader.prepare(
            release, labels(), (step, percent) -> progress = new Progress(step, percent));
    task = download;
    var unused =
        download
            .result()
            .whenComplete(
                (made, error) -> {
                  if (error != null) {
                    fail(error);
                  } else {
                    thread.execute(() -> artifact = made);
                    tell(new Input.Prepared());
                  }
                });
  }

  /**
   * Loads what was prepared, and adds it to the generations.
   *
   * @param announced completes when the log says that this instance loads it
   * @param mayMakeRoom whether the active version is let go where memory does not hold both; it is
   *     back before a failure is told
   */
  void load(String newVersion, Future<?> announced, boolean mayMakeRoom) {
    version = newVersion;
    if (artifact == null) { // It is loaded already.
      tell(
          generations.find(version).isPresent()
              ? new Input.Loaded()
              : new Input.StepFailed("its release changed while it waited"));
      return;
    }
    TimedTask<Generation> load =
        loader.load(
            artifact,
            announced,
            mayMakeRoom ? makeRoom() : CompletableFuture.completedFuture(null),
            (step, percent) -> progress = new Progress(step, percent));
    task = load;
    artifact = null;
    var unused =
        load.result()
            .whenComplete(
                (generation, error) -> {
                  if (error != null) {
                    thread.execute(() -> loadFailed(error));
                  } else {
                    thread.execute(() -> generations.put(newVersion, generation));
                    tell(new Input.Loaded());
                  }
                });
  }

  private Future<?> makeRoom() {
    try {
      Optional<String> lacking = loader.lacking(artifact);
      if (lacking.isPresent()) {
        log.warn("Version {} of {}: {}", version, model, lacking.get());
        return letGo.active();
      }
    } catch (IOException e) { // The load will say so.
      log.debug("The memory for version {} of {} is not known", version, model, e);
    }
    return CompletableFuture.completedFuture(null);
  }

  private void loadFailed(Throwable error) {
    var unused =
        letGo
            .bringBack()
            .whenComplete(
                (nothing, second) -> {
                  Throwable first = cause(error);
                  log.debug("Version {} of {} failed", version, model, first);
                  fail(
                      second == null
                          ? reason(first)
                          : reason(first)
                              + "; the version before cannot be loaded again: "
                              + reason(cause(second)));
                });
  }

  /** These versions label from now on. */
  void used(Roles roles) {
    letGo.used(roles);
  }

  /** What is under way is not wanted any more. */
  void abandon() {
    if (searching) {
      searching = false;
      fail("it is not wanted any more");
    } else if (task != null) {
      task.giveUp("it is not wanted any more");
    }
  }

  private boolean isLoaded(String digest) {
    return generations
        .find(version)
        .filter(generation -> generation.model().digest().equals(digest))
        .isPresent();
  }

  private Optional<List<String>> labels() {
    Roles.Chosen active = generations.roles().active();
    return anyLabels || active == null
        ? Optional.empty()
        : generations
            .find(active.version())
            .map(generation -> generation.model().manifest().labels());
  }

  private void fail(Throwable error) {
    log.debug("Version {} of {} failed", version, model, cause(error));
    fail(reason(cause(error)));
  }

  private static Throwable cause(Throwable error) {
    return error instanceof CompletionException ? error.getCause() : error;
  }

  private void fail(String reason) {
    tell(new Input.StepFailed(reason));
  }

  private void tell(Input input) {
    thread.execute(() -> rollout.accept(input));
  }

  /** One line. */
  static String reason(Throwable error) {
    String message = error.getMessage();
    return message == null || message.isBlank()
        ? error.getClass().getSimpleName()
        : message.strip().lines().findFirst().orElse("");
  }
}
