package io.clipstream.streams.console;

import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelLogException;
import io.clipstream.streams.live.CatalogReader;
import io.clipstream.streams.live.ModelCatalog;
import io.clipstream.streams.live.RolloutRecords;
import io.clipstream.streams.live.rollout.Wanted;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.kafka.common.errors.InterruptException;

/**
 * What is wanted of the models in Kafka and what each instance of the group runs. For {@link
 * Following}, but for what is asked, by all threads.
 */
final class Rollouts implements Following.Reader {
  private static final Duration POLL = Duration.ofMillis(300);
  private static final long NO_TOPICS_MILLIS = 2_000;

  /** Instances say something every few seconds. */
  private static final Duration SILENT = Duration.ofSeconds(30);

  private static final int VERSIONS = 20;
  private static final int INSTANCES = 50;

  private final ModelLogConfig config;
  private CatalogReader reader;
  private volatile ModelCatalog catalog;
  private volatile List<Map<String, Object>> page = List.of();

  Rollouts(ModelLogConfig config) {
    this.config = config;
  }

  /** A model each; none where no version is in Kafka. */
  List<Map<String, Object>> page() {
    return page;
  }

  /** What Kafka holds of models; empty before it was read. */
  Optional<ModelCatalog> catalog() {
    return Optional.ofNullable(catalog);
  }

  @Override
  public void read() {
    if (reader == null) {
      reader = new CatalogReader(config);
      try {
        catalog = reader.readVisible();
      } catch (
          ModelLogException noTopics) { // The model comes from a file, or nobody published yet.
        close();
        pause();
        return;
      }
    } else {
      catalog = reader.poll(POLL);
    }
    ModelCatalog now = catalog;
    page = now.models().stream().map(model -> model(now, model)).toList();
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(NO_TOPICS_MILLIS);
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private Map<String, Object> model(ModelCatalog now, String model) {
    Map<String, Object> object = new LinkedHashMap<>();
    ModelRollout rollout = now.rollouts().get(model);
    object.put("model", model);
    object.put("wanted", rollout == null ? null : wanted(rollout));
    object.put(
        "versions",
        now.releases().stream()
            .filter(release -> release.getModel().getName().equals(model))
            .sorted(Comparator.comparing(ModelRelease::getPublishedAt).reversed())
            .limit(VERSIONS)
            .map(Rollouts::release)
            .toList());
    object.putAll(
        instances(
            now.instances().stream().filter(status -> status.getName().equals(model)).toList(),
            status -> reader.silence(status).compareTo(SILENT) > 0));
    return object;
  }

  /**
   * The {@code instances} that people should see, those that are out of order first, and how many
   * {@code more} there are.
   *
   * @param silent whether nothing was heard of one for too long
   */
  static Map<String, Object> instances(List<ModelStatus> all, Predicate<ModelStatus> silent) {
    List<Map<String, Object>> shown =
        all.stream()
            .sorted(Comparator.comparingInt(status -> rank(status, silent)))
            .limit(INSTANCES)
            .map(status -> instance(status, isSilent(status, silent)))
            .toList();
    return Map.of("instances", shown, "more", all.size() - shown.size());
  }

  private static boolean isSilent(ModelStatus status, Predicate<ModelStatus> silent) {
    return status.getState() != ModelState.STOPPED && silent.test(status);
  }

  private static int rank(ModelStatus status, Predicate<ModelStatus> silent) {
    return switch (status.getState()) {
      case FAILED, ALARMED -> 0;
      case STOPPED -> 3;
      case SERVING -> isSilent(status, silent) ? 0 : 2;
      default -> isSilent(status, silent) ? 0 : 1;
    };
  }

  private static Map<String, Object> wanted(ModelRollout rollout) {
    Wanted wanted = RolloutRecords.wanted(rollout);
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("rollout", wanted.rollout());
    object.put("active", wanted.active());
    object.put("settled", wanted.settled());
    object.put("wayBack", wanted.wayBack().orElse(null));
    object.put("canary", wanted.canary());
    object.put("percent", Math.round(wanted.share() * 1e6) / 1e4);
    object.put("shadow", wanted.shadow());
    object.put("pinned", wanted.pinned());
    object.put("stopped", wanted.stopped());
    object.put("reason", Shown.text(wanted.reason()));
    object.put("changedBy", Shown.text(rollout.getChangedBy()));
    object.put("changedAt", rollout.getChangedAt().toEpochMilli());
    return object;
  }

  private static Map<String, Object> release(ModelRelease release) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("version", release.getModel().getVersion());
    object.put("bytes", release.getBytes());
    object.put("publishedAt", release.getPublishedAt().toEpochMilli());
    object.put("publishedBy", Shown.text(release.getPublishedBy()));
    return object;
  }

  private static Map<String, Object> instance(ModelStatus status, boolean silent) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("instance", Shown.text(status.getInstance()));
    object.put("state", status.getState().toString());
    object.put("serving", version(status.getServing()));
    object.put("canary", version(status.getCanary()));
    object.put("shadow", version(status.getShadow()));
    object.put("candidate", Shown.text(status.getCandidateVersion()));
    object.put("progress", status.getProgress());
    object.put("devices", status.getDevices().stream().map(Shown::text).toList());
    object.put("detail", Shown.text(status.getDetail()));
    object.put("silent", silent);
    return object;
  }

  private static String version(ModelIdentity model) {
    return model == null ? null : Shown.text(model.getVersion());
  }

  @Override
  public void close() {
    if (reader != null) {
      reader.close();
      reader = null;
    }
  }
}
