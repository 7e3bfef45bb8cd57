package io.clipstream.streams.live;

import io.clipstream.streams.classify.ActiveModel;
import io.clipstream.streams.classify.GenerationSource;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.ServedModel;
import io.clipstream.streams.classify.ShadowSource;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models of an instance, each with a rollout of its own. So many are loaded at once; where a
 * video asks for another one, that is loaded in place of the one that was asked for least recently,
 * and its videos wait meanwhile. A model that is unloaded leaves its rollout, and joins it as
 * another instance when it is loaded again.
 *
 * <p>All threads; one of its own loads and unloads.
 */
public final class LiveModels implements GenerationSource, ShadowSource {
  private static final Logger log = LoggerFactory.getLogger(LiveModels.class);
  private static final Duration TICK = Duration.ofMillis(50);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(60);

  private final ModelRoutes routes;
  private final int maxLoaded;
  private final Duration patience;
  private final Maker maker;
  private final Map<String, ModelPlace> places = new LinkedHashMap<>();
  private final ScheduledExecutorService thread;
  private final CompletableFuture<Void> serving;
  private volatile boolean closed;

  /** Makes a model's life with the log. */
  @FunctionalInterface
  public interface Maker {
    /**
     * Not started.
     *
     * @param generations take the versions; stay the caller's
     * @throws IOException if a file of trusted keys cannot be read
     */
    LiveModel make(String model, LiveGenerations generations) throws IOException;
  }

  /**
   * Loads nothing yet.
   *
   * @param maxLoaded models loaded at once, at least 1
   * @param patience how long a video waits for its model at most; then it is rejected
   */
  public LiveModels(ModelRoutes routes, int maxLoaded, Duration patience, Maker maker) {
    this.routes = routes;
    this.maxLoaded = maxLoaded;
    this.patience = patience;
    this.maker = maker;
    routes.models().forEach(model -> places.put(model, new ModelPlace(model)));
    this.serving = places.get(routes.first()).ask();
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread made = new Thread(work, "models");
              made.setDaemon(true);
              return made;
            });
  }

  /**
   * Begins to load the first models; returns at once.
   *
   * @throws IOException if a file of trusted keys cannot be read
   */
  public void start() throws IOException {
    for (ModelPlace place : places.values().stream().limit(maxLoaded).toList()) {
      place.open(maker);
    }
    var unused =
        thread.scheduleWithFixedDelay(this::tick, 0, TICK.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Completes when the first model serves. */
  public CompletableFuture<Void> serving() {
    return serving;
  }

  /** Names of the models that are loaded or being loaded. */
  public List<String> loaded() {
    return places.values().stream().filter(ModelPlace::isOpen).map(ModelPlace::model).toList();
  }

  /** The active versions of the models that are loaded. */
  public List<ActiveModel> active() {
    return places.values().stream().flatMap(place -> place.active().stream()).toList();
  }

  /** How far this instance is with the versions of each model, loaded or not. */
  public List<RolloutSteps> steps() {
    return places.values().stream().map(ModelPlace::steps).toList();
  }

  @Override
  public Answer acquire(VideoRequest request) {
    if (closed) {
      return new Answer.Closed();
    }
    return routes
        .model(request.reference())
        .map(model -> places.get(model).acquire(request))
        .orElseGet(() -> new Answer.Unknown(request.reference().getModel(), routes.models()));
  }

  @Override
  public Optional<Answer.Acquired> acquireShadow(String model) {
    ModelPlace place = places.get(model);
    return place == null ? Optional.empty() : place.acquireShadow();
  }

  /** Versions of each model are watched by the outcomes of its own videos. */
  @Override
  public PipelineObserver observer() {
    return new PipelineObserver() {
      @Override
      public void outcome(
          VideoRequest request, Optional<ServedModel> by, Outcome outcome, long nanos) {
        by.map(served -> places.get(served.manifest().name()))
            .ifPresent(place -> place.observer().outcome(request, by, outcome, nanos));
      }
    };
  }

  private void tick() {
    for (ModelPlace place : places.values()) {
      try {
        if (serving.isDone()) { // Until then the application waits, not a video.
          place.settle(patience);
        }
        if (place.isAsked() && !place.isOpen() && makeRoom()) {
          place.open(maker);
        }
      } catch (IOException | RuntimeException e) {
        log.error("Model {} cannot be loaded; the others go on", place.model(), e);
        place.refuse("model '" + place.model() + "' cannot be loaded: " + e.getMessage());
      }
    }
  }

  /** False: every model that is loaded has videos that wait for it. */
  private boolean makeRoom() {
    if (loaded().size() < maxLoaded) {
      return true;
    }
    Optional<ModelPlace> least =
        places.values().stream()
            .filter(ModelPlace::isOpen)
            .filter(Predicate.not(ModelPlace::isAsked))
            .min(Comparator.comparingLong(ModelPlace::lastAsked));
    least.ifPresent(ModelPlace::close);
    return least.isPresent();
  }

  @Override
  public void close() {
    closed = true;
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("A model was not loaded or unloaded within {}", CLOSE_LIMIT);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    places.values().forEach(ModelPlace::close);
  }
}
