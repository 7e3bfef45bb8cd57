package io.clipstream.streams.live;

import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.models.LogEvent;
import io.clipstream.schemas.models.ModelLog;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.TopicFollower;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Follows what the log says of models: releases, what is wanted, and what instances run. One
 * thread, which hears every event within {@link #follow}.
 */
final class ModelTopicsFollower implements AutoCloseable {
  private static final Duration CATCH_UP = Duration.ofSeconds(5);
  private static final int MOST_UNREADABLE = 1_000;
  private static final Duration POLL = Duration.ofMillis(30);

  private final ModelLog releases;
  private final Map<String, String> unreadable = new LinkedHashMap<>();
  private final TopicFollower<ModelRollout> rollouts;
  private final TopicFollower<ModelStatus> status;
  private boolean caughtUp;
  private boolean restarted;

  /** Opens clients and asks nothing of Kafka yet. */
  ModelTopicsFollower(
      ModelLogConfig config,
      Consumer<LogEvent<ModelRollout>> ofRollouts,
      Consumer<LogEvent<ModelStatus>> ofStatus) {
    releases = new ModelLog(config, this::released);
    rollouts =
        new TopicFollower<>(
            config,
            config.topics().rollouts(),
            ModelRollout.class,
            RolloutRecords::fault,
            event -> {
              restarted |= event instanceof LogEvent.Restarted<ModelRollout>;
              ofRollouts.accept(event);
            });
    status =
        new TopicFollower<>(
            config,
            config.topics().status(),
            ModelStatus.class,
            StatusRecords::fault,
            event -> {
              restarted |= event instanceof LogEvent.Restarted<ModelStatus>;
              ofStatus.accept(event);
            });
  }

  private void released(LogEvent<ModelRelease> event) {
    if (event instanceof LogEvent.Skipped<ModelRelease> skipped) {
      unreadable.put(skipped.key(), skipped.reason());
      if (unreadable.size() > MOST_UNREADABLE) {
        unreadable.remove(unreadable.keySet().iterator().next());
      }
    } else if (event instanceof LogEvent.Put<ModelRelease> put) {
      unreadable.remove(put.key());
    } else if (event instanceof LogEvent.Deleted<ModelRelease> deleted) {
      unreadable.remove(deleted.key());
    }
  }

  /**
   * Reads on. Waits a moment where there is nothing new.
   *
   * @return whether just now everything was read to its end, at first or after a topic was made
   *     anew
   * @throws org.apache.kafka.common.KafkaException if Kafka cannot be reached at first, or a topic
   *     is missing; another call goes on
   * @throws io.clipstream.schemas.serde.RegistryException as that
   */
  boolean follow() {
    if (caughtUp) {
      releases.poll(POLL);
      rollouts.poll(POLL);
      status.poll(POLL);
      caughtUp = !restarted;
      return false;
    }
    restarted = false;
    releases.readVisible(CATCH_UP);
    rollouts.readVisible(CATCH_UP);
    status.readVisible(CATCH_UP);
    caughtUp = !restarted;
    return caughtUp;
  }

  /** Once all was read to the end that it had then. */
  boolean caughtUp() {
    return caughtUp;
  }

  Optional<ModelRelease> release(String model, String version) {
    return releases.find(model, version);
  }

  /** Why the newest record of a release was left out, one line, if it was. */
  Optional<String> unreadable(String model, String version) {
    return Optional.ofNullable(unreadable.get(model + "/" + version));
  }

  @Override
  public void close() {
    releases.close();
    rollouts.close();
    status.close();
  }
}
