package io.clipstream.streams.live;

import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.models.LogEvent;
import io.clipstream.schemas.models.ModelLog;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.TopicFollower;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;

/** Reads releases, what is wanted, and what instances run, and follows them. One thread. */
public final class CatalogReader implements AutoCloseable {
  private static final Duration READING = Duration.ofSeconds(60);

  private final SortedMap<String, ModelRollout> rollouts = new TreeMap<>();
  private final SortedMap<String, ModelStatus> instances = new TreeMap<>();
  private final Map<String, Long> heardNanos = new HashMap<>();
  private final ModelLog releaseLog;
  private final TopicFollower<ModelRollout> rolloutLog;
  private final TopicFollower<ModelStatus> statusLog;

  public CatalogReader(ModelLogConfig config) {
    this.releaseLog = new ModelLog(config);
    this.rolloutLog =
        new TopicFollower<>(
            config,
            config.topics().rollouts(),
            ModelRollout.class,
            RolloutRecords::fault,
            into(rollouts, new HashMap<>()));
    this.statusLog =
        new TopicFollower<>(
            config,
            config.topics().status(),
            ModelStatus.class,
            StatusRecords::fault,
            into(instances, heardNanos));
  }

  /** {@code INSTANCE/NAME}. */
  public static String key(ModelStatus status) {
    return StatusRecords.key(status.getInstance(), status.getName());
  }

  private static <T extends SpecificRecord> Consumer<LogEvent<T>> into(
      SortedMap<String, T> values, Map<String, Long> heard) {
    return event -> {
      if (event instanceof LogEvent.Put<T> put) {
        values.put(put.key(), put.value());
        heard.put(put.key(), System.nanoTime());
      } else if (event instanceof LogEvent.Deleted<T> deleted) {
        values.remove(deleted.key());
        heard.remove(deleted.key());
      } else if (event instanceof LogEvent.Restarted<T>) {
        values.clear();
        heard.clear();
      }
    };
  }

  /** All that was committed before the call: see {@link TopicFollower#readToEnd}. */
  public ModelCatalog readToEnd() {
    releaseLog.readToEnd(READING);
    rolloutLog.readToEnd(READING);
    statusLog.readToEnd(READING);
    return catalog();
  }

  /** What can be read without waiting for anybody: see {@link TopicFollower#readVisible}. */
  public ModelCatalog readVisible() {
    releaseLog.readVisible(READING);
    rolloutLog.readVisible(READING);
    statusLog.readVisible(READING);
    return catalog();
  }

  /** Waits for news of instances, at most so long. After one of those that read all. */
  public ModelCatalog poll(Duration timeout) {
    releaseLog.poll(Duration.ZERO);
    rolloutLog.poll(Duration.ZERO);
    statusLog.poll(timeout);
    return catalog();
  }

  private ModelCatalog catalog() {
    return new ModelCatalog(releaseLog.releases(), rollouts, List.copyOf(instances.values()));
  }

  /** How long nothing came of an instance that has a status. */
  public Duration silence(ModelStatus status) {
    long heard = heardNanos.getOrDefault(key(status), System.nanoTime());
    return Duration.ofNanos(System.nanoTime() - heard);
  }

  @Override
  public void close() {
    statusLog.close();
    rolloutLog.close();
    releaseLog.close();
  }
}
