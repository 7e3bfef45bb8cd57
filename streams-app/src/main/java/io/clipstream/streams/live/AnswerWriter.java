package io.clipstream.streams.live;

import io.clipstream.streams.live.rollout.Answer;
import io.clipstream.streams.live.rollout.Wanted;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes an instance's answers to {@code models.rollouts}, on a thread of its own, again and again
 * until each is in or void. All threads.
 */
final class AnswerWriter implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(AnswerWriter.class);
  private static final Duration PAUSE = Duration.ofSeconds(2);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);

  private final RolloutLog rollouts;
  private final String model;
  private final ScheduledThreadPoolExecutor thread;

  AnswerWriter(RolloutLog rollouts, String model) {
    this.rollouts = rollouts;
    this.model = model;
    this.thread =
        new ScheduledThreadPoolExecutor(
            1,
            work -> {
              Thread made = new Thread(work, "rollout-answers-" + model);
              made.setDaemon(true);
              return made;
            });
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  void reply(Answer answer) {
    log.info("Model {}: this instance answers {}", model, answer);
    change(before -> before == null ? null : before.answered(answer).orElse(before), 0);
  }

  /** Writes what was wanted if the log has nothing of the model. */
  void restore(Wanted wanted) {
    log.warn("The log has lost what is wanted of model {}: it is written again", model);
    change(before -> before == null ? wanted : before, 0);
  }

  @SuppressWarnings("FutureReturnValueIgnored") // It tells of its errors itself.
  private void change(UnaryOperator<Wanted> change, long pauseMillis) {
    try {
      thread.schedule(() -> attempt(change), pauseMillis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closed) {
      log.debug("No more answers are written", closed);
    }
  }

  private void attempt(UnaryOperator<Wanted> change) {
    try {
      rollouts.change(model, change);
    } catch (RuntimeException e) { // of Kafka or the registry
      log.warn("What is wanted of model {} cannot be changed yet: {}", model, e.getMessage());
      change(change, PAUSE.toMillis());
    }
  }

  /** Others give the answers that are not in yet. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      thread.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
