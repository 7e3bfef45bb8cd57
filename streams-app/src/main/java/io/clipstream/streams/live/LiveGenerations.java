package io.clipstream.streams.live;

import io.clipstream.streams.classify.ActiveModel;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.classify.GenerationSource;
import io.clipstream.streams.classify.OpenGenerations;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.ShadowSource;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.live.rollout.CanaryShare;
import io.clipstream.streams.live.rollout.Roles;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * The versions of one model that are loaded, and which of them a video goes to. Once there is an
 * active version there is always one: it is replaced between two videos; only one that was {@link
 * #letGo} leaves videos waiting. Owns the generations that it was given.
 *
 * <p>All threads; a video that acquires waits for none of the changes.
 */
public final class LiveGenerations implements GenerationSource, ShadowSource {
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

  private final String model;
  private final CanaryShare canaries;
  private final OutcomeTap outcomes;
  private final OpenGenerations open = new OpenGenerations();
  private final CompletableFuture<Void> serving = new CompletableFuture<>();

  /** Replaced as a whole, under the monitor of this. Null once this is closed. */
  private volatile InUse inUse = new InUse(Map.of(), Roles.NONE);

  /**
   * @param replaced completes when this is
   */
  private record InUse(
      Map<String, Generation> loaded, Roles roles, CompletableFuture<Void> replaced) {
    InUse(Map<String, Generation> loaded, Roles roles) {
      this(Map.copyOf(loaded), roles, new CompletableFuture<>());
    }
  }

  /** Versions that have a role and were let go. Under the monitor of this. */
  private final Set<String> letGo = new HashSet<>();

  /**
   * Of no version yet.
   *
   * @param model its name
   */
  public LiveGenerations(String model) {
    this.model = model;
    this.canaries = new CanaryShare(model);
    this.outcomes = new OutcomeTap(model);
  }

  /**
   * For the pipeline that takes videos here: versions are watched by the outcomes that it tells.
   */
  public PipelineObserver observer() {
    return outcomes;
  }

  OutcomeTap outcomes() {
    return outcomes;
  }

  /** Completes when the first version is active, which is before any video may be submitted. */
  public CompletableFuture<Void> serving() {
    return serving;
  }

  /**
   * Adds a version, which is used for nothing yet. One that has its place already takes over from
   * that at once.
   *
   * @param generation is ready; owned by this from now on, closed if this is closed already
   */
  public synchronized void put(String version, Generation generation) {
    if (inUse == null) {
      generation.close();
      return;
    }
    open.add(generation);
    Map<String, Generation> loaded = new HashMap<>(inUse.loaded());
    Generation before = loaded.put(version, generation);
    letGo.remove(version);
    replace(new InUse(loaded, inUse.roles()));
    if (before != null) {
      before.close();
    }
  }

  /**
   * From the next video on these versions label.
   *
   * @throws IllegalStateException if there is no active version among them, or one is not loaded
   */
  public synchronized void use(Roles roles) {
    if (inUse == null) {
      return;
    }
    for (Roles.Chosen chosen :
        Stream.of(roles.active(), roles.canary(), roles.shadow())
            .filter(Objects::nonNull)
            .toList()) {
      if (!inUse.loaded().containsKey(chosen.version()) && !letGo.contains(chosen.version())) {
        throw new IllegalStateException(
            "version " + chosen.version() + " of " + model + " is not loaded");
      }
    }
    if (roles.active() == null) {
      throw new IllegalStateException("model " + model + " would be without an active version");
    }
    letGo.removeIf(version -> !isInUse(version, roles));
    replace(new InUse(inUse.loaded(), roles));
    serving.complete(null);
  }

  private static boolean isInUse(String version, Roles roles) {
    return Stream.of(roles.active(), roles.canary(), roles.shadow())
        .anyMatch(chosen -> chosen != null && chosen.version().equals(version));
  }

  /** Under the monitor of this; who waits goes on elsewhere. */
  private void replace(InUse next) {
    InUse before = inUse;
    inUse = next;
    before.replaced().completeAsync(() -> null);
  }

  /**
   * Takes a version out that keeps its role: it closes when its last video has left, and new videos
   * for it wait until it is put again, or another one has its role.
   *
   * @return the version's generation; empty if it is not loaded
   */
  public synchronized Optional<Generation> letGo(String version) {
    if (inUse == null || !inUse.loaded().containsKey(version)) {
      return Optional.empty();
    }
    Map<String, Generation> loaded = new HashMap<>(inUse.loaded());
    Generation gone = loaded.remove(version);
    letGo.add(version);
    replace(new InUse(loaded, inUse.roles()));
    gone.close();
    return Optional.of(gone);
  }

  /**
   * Takes a version out; it closes when its last video has left.
   *
   * @throws IllegalStateException if it is in use
   */
  public synchronized void drop(String version) {
    if (inUse == null) {
      return;
    }
    Roles roles = inUse.roles();
    if (isInUse(version, roles)) {
      throw new IllegalStateException("version " + version + " of " + model + " is in use");
    }
    Map<String, Generation> loaded = new HashMap<>(inUse.loaded());
    Generation dropped = loaded.remove(version);
    replace(new InUse(loaded, roles));
    if (dropped != null) {
      dropped.close();
    }
  }

  /** The generation of a version that is loaded. */
  public Optional<Generation> find(String version) {
    InUse now = inUse;
    return now == null ? Optional.empty() : Optional.ofNullable(now.loaded().get(version));
  }

  /** Versions that label now, and what for. */
  public Roles roles() {
    InUse now = inUse;
    return now == null ? Roles.NONE : now.roles();
  }

  /** The active version, if it is loaded. */
  public Optional<ActiveModel> active() {
    InUse now = inUse;
    Roles.Chosen chosen = now == null ? null : now.roles().active();
    return Optional.ofNullable(chosen)
        .map(active -> now.loaded().get(active.version()))
        .map(generation -> new ActiveModel(generation.model(), chosen.rollout()));
  }

  /** Generations that have not ended, those included that were dropped and still hold videos. */
  public int count() {
    return open.count();
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // whether it was replaced, be it by its like
  public Answer acquire(VideoRequest request) {
    while (true) {
      InUse now = inUse;
      if (now == null) {
        return new Answer.Closed();
      }
      Roles.Chosen chosen = choose(request, now.roles());
      if (chosen == null) {
        return new Answer.Unknown(request.reference().getModel(), served(now));
      }
      Generation generation = now.loaded().get(chosen.version());
      if (generation == null) {
        return new Answer.Later(now.replaced());
      }
      if (generation.tryAcquire()) {
        return new Answer.Acquired(generation, chosen.rollout());
      }
      // It was replaced in this very moment; else someone closed what is not theirs.
      if (now == inUse) {
        throw new IllegalStateException(generation + " was closed while it was in use");
      }
    }
  }

  @Override
  public Optional<Answer.Acquired> acquireShadow(String name) {
    InUse now = inUse;
    Roles.Chosen shadow = now == null || !name.equals(model) ? null : now.roles().shadow();
    if (shadow == null) {
      return Optional.empty();
    }
    Generation generation = now.loaded().get(shadow.version());
    return generation != null && generation.tryAcquire() // null: it was let go
        ? Optional.of(new Answer.Acquired(generation, shadow.rollout()))
        : Optional.empty();
  }

  /** Null if none is what the reference names. */
  private Roles.Chosen choose(VideoRequest request, Roles roles) {
    if (roles.active() == null) {
      throw new IllegalStateException("model " + model + " has no active version yet");
    }
    String wanted = request.reference().getModel();
    if (wanted == null || wanted.equals(model)) {
      boolean onTrial =
          roles.canary() != null
              && canaries.takes(request.key(), request.reference().getId(), roles.share());
      return onTrial ? roles.canary() : roles.active();
    }
    return Stream.of(roles.active(), roles.canary())
        .filter(chosen -> chosen != null && wanted.equals(model + "-" + chosen.version()))
        .findFirst()
        .orElse(null);
  }

  private List<String> served(InUse now) {
    return Stream.of(now.roles().active(), now.roles().canary())
        .filter(Objects::nonNull)
        .map(chosen -> model + "-" + chosen.version())
        .toList();
  }

  @Override
  public void close() {
    synchronized (this) {
      InUse last = inUse;
      inUse = null;
      if (last != null) {
        last.replaced().completeAsync(() -> null);
        last.loaded().values().forEach(Generation::close);
      }
    }
    open.awaitClosed(CLOSE_LIMIT);
  }
}
