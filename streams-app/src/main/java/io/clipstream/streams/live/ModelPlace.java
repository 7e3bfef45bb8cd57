package io.clipstream.streams.live;

import io.clipstream.streams.classify.ActiveModel;
import io.clipstream.streams.classify.GenerationSource.Answer;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.VideoRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One model of an instance, loaded or not. All threads; one at a time opens and closes it. Videos
 * wait for none of that here.
 */
final class ModelPlace {
  private static final Logger log = LoggerFactory.getLogger(ModelPlace.class);

  private final String model;
  private final RolloutSteps steps;

  /** Null: it is not loaded, nor being loaded. */
  private volatile Loaded loaded;

  private volatile long lastAsked = System.nanoTime();

  /** Completes when it serves; null: nobody asks for it. Guarded by this, as the next. */
  private CompletableFuture<Void> asked;

  private long askedAt;

  private record Loaded(LiveModel live, LiveGenerations generations) {}

  ModelPlace(String model) {
    this.model = model;
    this.steps = new RolloutSteps(model);
  }

  String model() {
    return model;
  }

  /** Of what was loaded here, one after the other. */
  RolloutSteps steps() {
    return steps;
  }

  boolean isOpen() {
    return loaded != null;
  }

  /** When a video last asked for it, in nanoseconds. */
  long lastAsked() {
    return lastAsked;
  }

  /** Whether somebody waits for it. */
  synchronized boolean isAsked() {
    return asked != null;
  }

  Answer acquire(VideoRequest request) {
    lastAsked = System.nanoTime();
    Loaded now = loaded;
    if (now != null && now.generations().serving().isDone()) {
      Answer answer = now.generations().acquire(request);
      if (!(answer instanceof Answer.Closed)) { // else it was unloaded in this very moment
        return answer;
      }
    }
    return new Answer.Later(ask());
  }

  Optional<Answer.Acquired> acquireShadow() {
    Loaded now = loaded;
    return now == null ? Optional.empty() : now.generations().acquireShadow(model);
  }

  /** The version that labels its videos now. */
  Optional<ActiveModel> active() {
    Loaded now = loaded;
    return now == null ? Optional.empty() : now.generations().active();
  }

  /** Of what is loaded now. */
  PipelineObserver observer() {
    Loaded now = loaded;
    return now == null ? PipelineObserver.NONE : now.generations().observer();
  }

  /** Wants it to be loaded; completes when it serves. */
  synchronized CompletableFuture<Void> ask() {
    if (asked == null) {
      asked = new CompletableFuture<>();
      askedAt = System.nanoTime();
    }
    return asked;
  }

  /** Starts to load it. */
  void open(LiveModels.Maker maker) throws IOException {
    LiveGenerations generations = new LiveGenerations(model);
    LiveModel live = maker.make(model, generations);
    live.tell(steps);
    log.info("Model {} is being loaded", model);
    var unused = generations.serving().thenRun(this::answer);
    loaded = new Loaded(live, generations);
    live.start();
  }

  /** Unloads it, once the videos that it labels have their outcome; does nothing if it is not. */
  void close() {
    Loaded last = loaded;
    if (last != null) {
      loaded = null;
      last.live().close();
      last.generations().close();
      log.info("Model {} was unloaded", model);
    }
  }

  /** It serves. */
  private void answer() {
    CompletableFuture<Void> waiting = takeAsked();
    if (waiting != null) {
      waiting.complete(null);
    }
  }

  /** Tells who waits that it serves, or that they have waited long enough. */
  void settle(Duration patience) {
    Loaded now = loaded;
    if (now != null && now.generations().serving().isDone()) {
      answer(); // Who asked at the moment when it began to.
    } else if (now != null && now.live().isUnwanted()) {
      refuse("no version of model '" + model + "' is active: activate one with model activate");
    } else if (hasWaited(patience)) {
      String why = now == null ? "others are in use" : now.live().hindrance();
      refuse("model '" + model + "' was not loaded within " + patience.toSeconds() + " s: " + why);
    }
  }

  private synchronized boolean hasWaited(Duration patience) {
    return asked != null && System.nanoTime() - askedAt >= patience.toNanos();
  }

  /** It will not serve those who wait. */
  void refuse(String why) {
    CompletableFuture<Void> waiting = takeAsked();
    if (waiting != null) {
      waiting.completeExceptionally(new IllegalStateException(why));
    }
  }

  private synchronized CompletableFuture<Void> takeAsked() {
    CompletableFuture<Void> waiting = asked;
    asked = null;
    return waiting;
  }
}
