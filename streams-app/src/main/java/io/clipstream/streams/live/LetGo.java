package io.clipstream.streams.live;

import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.classify.ServedModel;
import io.clipstream.streams.live.rollout.Roles;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The version that was let go to make room for another one, if there is one: videos wait until the
 * other one serves, or this one again. One thread, that of the rollout.
 */
final class LetGo {
  private static final Logger log = LoggerFactory.getLogger(LetGo.class);
  private static final Duration PAUSE = Duration.ofSeconds(10);

  private final ReleaseLoader loader;
  private final LiveGenerations generations;
  private final Executor thread;

  /** Null: none was let go, or the other one serves. */
  private ServedModel model;

  private CompletableFuture<Void> back = CompletableFuture.completedFuture(null);
  private long nextTry;

  /**
   * @param thread of the rollout: runs what it is given later
   */
  LetGo(ReleaseLoader loader, LiveGenerations generations, Executor thread) {
    this.loader = loader;
    this.generations = generations;
    this.thread = thread;
  }

  /**
   * Lets the active version go.
   *
   * @return completes when its last video has left and its memory is free
   */
  CompletableFuture<Void> active() {
    Roles.Chosen active = generations.roles().active();
    if (active == null) {
      return CompletableFuture.completedFuture(null);
    }
    return generations
        .letGo(active.version())
        .map(
            generation -> {
              model = generation.model();
              log.warn("{} is let go to make room: videos wait", model.manifest().id());
              return generation.closed();
            })
        .orElseGet(() -> CompletableFuture.completedFuture(null));
  }

  /** These versions label from now on. */
  void used(Roles roles) {
    if (model != null && !model.manifest().version().equals(roles.active().version())) {
      model = null;
    }
  }

  /**
   * Loads the version that was let go, if one was.
   *
   * @return completes when it is there again, or with why it is not; then {@link #tryAgain} goes on
   */
  CompletableFuture<Void> bringBack() {
    if (model == null) {
      return CompletableFuture.completedFuture(null);
    }
    ServedModel served = model;
    CompletableFuture<Generation> load =
        loader.loadAgain(served.manifest().id(), served.digest()).result();
    back =
        load.thenAcceptAsync(
            generation -> {
              generations.put(served.manifest().version(), generation);
              model = null;
              log.info("{} is loaded again", served.manifest().id());
            },
            thread);
    return back;
  }

  /** To be called again and again. */
  void tryAgain(boolean idle, long now) {
    if (model == null || !idle || !back.isDone()) {
      nextTry = now + PAUSE.toNanos();
    } else if (now - nextTry >= 0) {
      nextTry = now + PAUSE.toNanos();
      var unused =
          bringBack()
              .whenComplete(
                  (nothing, error) -> {
                    if (error != null) {
                      log.error("The version that was let go cannot be loaded again", error);
                    }
                  });
    }
  }
}
