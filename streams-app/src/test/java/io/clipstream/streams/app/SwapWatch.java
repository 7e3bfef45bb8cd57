package io.clipstream.streams.app;

import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.models.LogEvent;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.TopicFollower;
import io.clipstream.streams.live.RolloutRecords;
import io.clipstream.streams.live.StatusRecords;
import io.clipstream.streams.live.rollout.Wanted;
import java.time.Duration;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;

/** Follows what is wanted of a model and what its instances say, on a thread of its own. */
final class SwapWatch implements AutoCloseable {
  private static final Duration SLICE = Duration.ofMillis(20);

  private final ModelLogConfig config;
  private final Consumer<ModelStatus> listener;
  private final Set<String> serving = new HashSet<>();
  private final Queue<ModelStatus> bare = new ConcurrentLinkedQueue<>();
  private final Thread thread = new Thread(this::run, "swap-watch");
  private volatile Wanted wanted;
  private volatile boolean closed;

  /**
   * Starts.
   *
   * @param listener told each status by the watch's thread
   */
  SwapWatch(ModelLogConfig config, Consumer<ModelStatus> listener) {
    this.config = config;
    this.listener = listener;
    thread.start();
  }

  /** What is wanted now; null: nothing. */
  Wanted wanted() {
    return wanted;
  }

  boolean settled(String version) {
    Wanted now = wanted;
    return now != null && version.equals(now.active()) && version.equals(now.settled());
  }

  /** Statuses of instances that served nothing after they had served something. */
  Queue<ModelStatus> bare() {
    return bare;
  }

  private void run() {
    try (TopicFollower<ModelRollout> rollouts =
            new TopicFollower<>(
                config,
                config.topics().rollouts(),
                ModelRollout.class,
                RolloutRecords::fault,
                this::rollout);
        TopicFollower<ModelStatus> statuses =
            new TopicFollower<>(
                config,
                config.topics().status(),
                ModelStatus.class,
                StatusRecords::fault,
                this::status)) {
      while (!closed) {
        try {
          rollouts.poll(SLICE);
          statuses.poll(SLICE);
        } catch (KafkaException brokerIsDown) {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
      }
    }
  }

  private void rollout(LogEvent<ModelRollout> event) {
    if (event instanceof LogEvent.Put<ModelRollout> put) {
      wanted = RolloutRecords.wanted(put.value());
    }
  }

  private void status(LogEvent<ModelStatus> event) {
    if (event instanceof LogEvent.Put<ModelStatus> put) {
      ModelStatus status = put.value();
      if (status.getServing() != null) {
        serving.add(status.getInstance());
      } else if (serving.contains(status.getInstance())) {
        bare.add(status);
      }
      listener.accept(status);
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
