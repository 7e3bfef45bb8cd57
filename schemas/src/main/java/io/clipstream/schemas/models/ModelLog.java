package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelRelease;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The releases that there are: read from the beginning, then followed by calling {@link #poll}.
 * Threads and errors are those of {@link TopicFollower}.
 */
public final class ModelLog implements AutoCloseable {
  private final SortedMap<String, ModelRelease> releases = new TreeMap<>();
  private final Consumer<LogEvent<ModelRelease>> listener;
  private final TopicFollower<ModelRelease> follower;

  public ModelLog(ModelLogConfig config) {
    this(config, event -> {});
  }

  /**
   * @param listener told each event after the releases have changed by it
   */
  public ModelLog(ModelLogConfig config, Consumer<LogEvent<ModelRelease>> listener) {
    this.listener = listener;
    this.follower =
        new TopicFollower<>(
            config,
            config.topics().releases(),
            ModelRelease.class,
            ReleaseRules::fault,
            this::apply);
  }

  private void apply(LogEvent<ModelRelease> event) {
    if (event instanceof LogEvent.Put<ModelRelease> put) {
      releases.put(put.key(), put.value());
    } else if (event instanceof LogEvent.Deleted<ModelRelease> deleted) {
      releases.remove(deleted.key());
    } else if (event instanceof LogEvent.Restarted<ModelRelease>) {
      releases.clear();
    }
    listener.accept(event);
  }

  /** See {@link TopicFollower#readToEnd}. */
  public void readToEnd(Duration limit) {
    follower.readToEnd(limit);
  }

  /** See {@link TopicFollower#readVisible}. */
  public void readVisible(Duration limit) {
    follower.readVisible(limit);
  }

  /** See {@link TopicFollower#poll}. */
  public void poll(Duration timeout) {
    follower.poll(timeout);
  }

  /** See {@link TopicFollower#wakeup}. */
  public void wakeup() {
    follower.wakeup();
  }

  /** Those known now, by name and version in the order of their letters. */
  public List<ModelRelease> releases() {
    return List.copyOf(releases.values());
  }

  public Optional<ModelRelease> find(String name, String version) {
    return Optional.ofNullable(releases.get(ModelNames.releaseKey(name, version)));
  }

  @Override
  public void close() {
    follower.close();
  }
}
