package io.clipstream.streams.live;

import io.clipstream.schemas.ModelRelease;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.live.rollout.Input;
import io.clipstream.streams.live.rollout.Roles;
import io.clipstream.streams.live.rollout.Wanted;
import io.clipstream.streams.live.watch.Pass;
import io.clipstream.streams.live.watch.Seen;
import io.clipstream.streams.live.watch.VersionWatch;
import io.clipstream.streams.live.watch.WatchLimits;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The versions that label on this instance as its rollout wants them: taken into use, watched,
 * dropped, and kept in the cache. One thread, that of the rollout.
 */
final class VersionsInUse {
  private static final Logger log = LoggerFactory.getLogger(VersionsInUse.class);

  private final String model;
  private final LiveGenerations generations;
  private final ModelCache cache;
  private final UnchosenVersion unchosen;
  private final VersionWatch watch;
  private final Supplier<Optional<Wanted>> wanted;
  private final Function<String, Optional<ModelRelease>> releases;

  /**
   * @param limits by which versions are watched
   * @param wanted the newest state that was read
   * @param releases of the model by version, as far as they are known
   */
  VersionsInUse(
      String model,
      LiveGenerations generations,
      ModelCache cache,
      UnchosenVersion unchosen,
      WatchLimits limits,
      Supplier<Optional<Wanted>> wanted,
      Function<String, Optional<ModelRelease>> releases) {
    this.model = model;
    this.generations = generations;
    this.cache = cache;
    this.unchosen = unchosen;
    this.watch = new VersionWatch(limits, this::labels);
    this.wanted = wanted;
    this.releases = releases;
  }

  private List<String> labels(String version) {
    return generations
        .find(version)
        .map(generation -> generation.model().manifest().labels())
        .orElse(List.of());
  }

  /** Serves the version that served last on this host, if there is one. Waits for it. */
  void serveLastGood() {
    unchosen.serveLastGood();
  }

  /** From the next video on these label, among them an active one. */
  void use(Roles roles) {
    Roles.Chosen active = roles.active();
    Roles.Chosen before = generations.roles().active();
    generations.use(roles);
    watch.use(roles, wayBack(active.version()));
    if (!active.equals(before)) {
      log.info(
          "Model {} version {} labels from now on, chosen by rollout {}",
          model,
          active.version(),
          active.rollout());
      generations.find(active.version()).ifPresent(this::remember);
    }
    unchosen.giveWay(roles);
  }

  /** Where a version on trial would be turned back to; empty: it is not on trial. */
  private Optional<String> wayBack(String active) {
    return wanted
        .get()
        .filter(state -> !state.urgent() && state.active().equals(active))
        .flatMap(Wanted::wayBack);
  }

  /** Takes up what videos became and passes took, and tells of versions that pass a limit by it. */
  void alarms(Consumer<Input> rollout) {
    OutcomeTap outcomes = generations.outcomes();
    for (Seen seen = outcomes.poll(); seen != null; seen = outcomes.poll()) {
      raise(watch.add(seen), rollout);
    }
    for (Pass pass = outcomes.pollPass(); pass != null; pass = outcomes.pollPass()) {
      raise(watch.add(pass), rollout);
    }
    watch.speeds().forEach(speed -> log.info("Model {} {}", model, speed));
  }

  private void raise(Optional<Input.Alarm> alarm, Consumer<Input> rollout) {
    if (alarm.isPresent()) {
      log.warn("Model {} is to go back: {}", model, alarm.get().reason());
      rollout.accept(alarm.get());
    }
  }

  /** Something else is wanted: an alarm that was raised before may have come to nothing. */
  void rearm() {
    watch.rearm();
  }

  void drop(String version) {
    if (!unchosen.is(version)) { // That one serves until a rollout chooses another.
      generations.drop(version);
    }
  }

  private void remember(Generation generation) {
    try {
      cache.remember(model, generation.model().digest());
      keepInCache();
    } catch (IOException e) {
      log.warn("The model cache cannot be written to: {}", e.toString());
    }
  }

  /** What serves, and what is wanted now or was before, stays in the cache. */
  void keepInCache() {
    Set<String> digests = new HashSet<>();
    Roles.Chosen active = generations.roles().active();
    if (active != null) {
      generations
          .find(active.version())
          .ifPresent(generation -> digests.add(generation.model().digest()));
    }
    wanted.get().stream()
        .flatMap(
            state ->
                Stream.of(
                    state.active(),
                    state.settled(),
                    state.previous(),
                    state.canary(),
                    state.shadow()))
        .filter(Objects::nonNull)
        .flatMap(version -> releases.apply(version).stream())
        .forEach(release -> digests.add(release.getModel().getDigest()));
    cache.keep(digests);
  }
}
