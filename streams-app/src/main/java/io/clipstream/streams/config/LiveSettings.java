package io.clipstream.streams.config;

import io.clipstream.model.Bounds;
import io.clipstream.model.CacheFolder;
import io.clipstream.model.FileProblem;
import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.schemas.models.ModelLogException;
import io.clipstream.schemas.models.ModelNames;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.schemas.models.TrustedKeys;
import io.clipstream.streams.live.LiveOptions;
import io.clipstream.streams.live.ModelRoutes;
import io.clipstream.streams.live.ModelRoutes.Route;
import io.clipstream.streams.live.rollout.RolloutPolicy;
import io.clipstream.streams.live.rollout.RolloutTimes;
import io.clipstream.streams.live.watch.WatchLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * How versions of models come from the log.
 *
 * @param fromLog whether they do; else one file is served
 * @param routes the models by their names in the log, and which of them labels a video
 * @param maxLoaded models loaded at once
 * @param loadPatience how long a video waits for its model
 * @param topics of the log
 * @param options how they are taken up
 */
public record LiveSettings(
    boolean fromLog,
    ModelRoutes routes,
    int maxLoaded,
    Duration loadPatience,
    ModelTopics topics,
    LiveOptions options) {

  private static final Bounds<Long> CACHE = Bounds.of(1L << 20, 1L << 50);
  private static final String NAME =
      "lower-case letters, digits, dots, hyphens and underscores, at most 64";
  private static final Bounds<Integer> LOADED = Bounds.of(1, 1000);
  private static final Bounds<Integer> COUNT = Bounds.of(1, 10_000);
  private static final Bounds<Duration> LEASE =
      Bounds.of(Duration.ofSeconds(2), Duration.ofMinutes(10));
  private static final Bounds<Duration> SPAN = Bounds.of(Duration.ZERO, Duration.ofDays(7));
  private static final Bounds<Duration> STEP =
      Bounds.of(Duration.ofMillis(100), Duration.ofDays(1));

  /** One death by chance does not stop a rollout. */
  private static final int DEATHS_TO_STOP = 2;

  private static final int BEATS_PER_LEASE = 10;
  private static final int LEASES_TO_RETRY = 3;
  private static final int LEASES_TO_FORGET = 60;

  static LiveSettings read(Settings settings) {
    Duration lease = settings.duration("rollout.lease", LEASE);
    RolloutTimes times =
        new RolloutTimes(
            lease.dividedBy(BEATS_PER_LEASE),
            lease,
            settings.duration("rollout.soak", SPAN),
            settings.duration("rollout.keep-previous", SPAN),
            lease.multipliedBy(LEASES_TO_RETRY),
            lease.multipliedBy(LEASES_TO_FORGET));
    return new LiveSettings(
        choice(settings, "model.source", "kafka", "file"),
        routes(settings),
        settings.value(
            "model.max-loaded",
            "all or a whole number from " + LOADED,
            text -> text.equals("all") ? LOADED.most() : within(Integer.valueOf(text))),
        settings.duration("model.load-patience", SPAN),
        topics(settings),
        new LiveOptions(
            settings.value(
                "model.cache",
                "auto or a folder, made if need be",
                folder ->
                    folder.equals("auto")
                        ? CacheFolder.path().resolve("models")
                        : WorkSettings.possible(folder)),
            settings.bytes("model.cache-max", CACHE),
            settings.value(
                "models.trusted-keys",
                "files of public keys between commas",
                LiveSettings::keyFiles),
            choice(settings, "rollout.labels", "any", "same"),
            new RolloutPolicy(
                settings.integer("rollout.max-unavailable", COUNT),
                DEATHS_TO_STOP,
                choice(settings, "rollout.memory", "refuse", "drain")),
            times,
            watch(settings),
            settings.duration("model.start-patience", SPAN),
            new LiveOptions.Limits(
                settings.duration("rollout.download-timeout", STEP),
                settings.duration("rollout.download-silence", STEP),
                settings.duration("rollout.verify-timeout", STEP),
                settings.duration("rollout.load-timeout", STEP)),
            settings.integer("rollout.load-deaths", COUNT)));
  }

  private static WatchLimits watch(Settings settings) {
    return new WatchLimits(
        settings.number("rollout.watch.false-alarm", 1e-6, 0.5),
        settings.number("rollout.watch.more-failures", 0, 1),
        settings.number("rollout.watch.slow-factor", 1, 1000),
        settings.number("rollout.watch.label-shift", 0, 1));
  }

  private static Integer within(Integer loaded) {
    return LOADED.contain(loaded) ? loaded : null;
  }

  private static ModelRoutes routes(Settings settings) {
    List<String> models = new ArrayList<>();
    models.add(
        settings.value(
            "model.name",
            "a model's name: " + NAME,
            name -> ModelNames.isName(name) ? name : null));
    models.addAll(
        settings.value(
            "model.others",
            "more models' names between commas, each once: " + NAME,
            text -> {
              List<String> others = items(text);
              Set<String> all = new HashSet<>(models);
              return others.stream().allMatch(o -> ModelNames.isName(o) && all.add(o))
                  ? others
                  : null;
            }));
    return new ModelRoutes(
        models,
        settings.value(
            "model.routes",
            "KEY=VALUE:MODEL between commas, with models of model.name and model.others",
            text -> {
              List<Route> routes = items(text).stream().map(Route::parse).toList();
              return routes.stream().allMatch(r -> r != null && models.contains(r.model()))
                  ? routes
                  : null;
            }));
  }

  private static List<String> items(String text) {
    return Stream.of(text.split(",")).map(String::strip).filter(i -> !i.isEmpty()).toList();
  }

  /** Whether it is the first of two. */
  private static boolean choice(Settings settings, String key, String yes, String no) {
    return settings.value(
        key,
        yes + " or " + no,
        text -> text.equals(yes) ? Boolean.TRUE : text.equals(no) ? Boolean.FALSE : null);
  }

  /** The topics of the log alone, for commands that serve nothing. */
  public static ModelTopics topics(Settings settings) {
    Map<String, String> keys = new HashMap<>();
    ConnectionSettings.topics(settings, keys);
    return new ModelTopics(
        ConnectionSettings.topic(settings, "models.topics.artifacts", keys),
        ConnectionSettings.topic(settings, "models.topics.releases", keys),
        ConnectionSettings.topic(settings, "models.topics.rollouts", keys),
        ConnectionSettings.topic(settings, "models.topics.status", keys));
  }

  /** Read here already, so that a wrong one is told before a model is loaded. */
  private static List<Path> keyFiles(String text) {
    List<Path> files = items(text).stream().map(Path::of).toList();
    try {
      var unused = TrustedKeys.read(files);
    } catch (ModelLogException e) {
      throw new UserError(e.getMessage(), e);
    } catch (IOException e) {
      throw new UserError(FileProblem.line(e), e);
    }
    return files;
  }
}
