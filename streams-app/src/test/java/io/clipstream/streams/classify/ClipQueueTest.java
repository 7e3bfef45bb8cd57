package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class ClipQueueTest {
  private static final BatchPolicy FULL_ONLY = BatchPolicy.upTo(4, Duration.ofHours(1));
  private static final BatchPolicy AT_ONCE = BatchPolicy.upTo(4, Duration.ZERO);

  /** Clips are told apart by when they were queued; nobody looks into them. */
  private static QueuedClip clip(long number) {
    return new QueuedClip(null, null, System.nanoTime() + number);
  }

  @Test
  void shouldSayHowManyClipsWait() {
    ClipQueue queue = new ClipQueue(FULL_ONLY);

    assertThat(queue.add(clip(0))).isEqualTo(1);
    assertThat(queue.add(clip(1))).isEqualTo(2);
  }

  @Test
  void shouldWakeAWorkerForAFullBatch() throws Exception {
    ClipQueue queue = new ClipQueue(FULL_ONLY);
    FutureTask<List<QueuedClip>> taken = start(queue);
    List<QueuedClip> added = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      QueuedClip clip = clip(i);
      added.add(clip);
      queue.add(clip);
    }

    assertThat(taken.get(30, TimeUnit.SECONDS)).isEqualTo(added);
  }

  @Test
  void shouldReleaseAPartialBatchOnceItsOldestClipHasWaited() throws Exception {
    ClipQueue queue = new ClipQueue(BatchPolicy.upTo(4, Duration.ofMillis(50)));
    QueuedClip clip = clip(0);
    queue.add(clip);

    assertThat(queue.take()).containsExactly(clip);

    assertThat(System.nanoTime() - clip.queuedAt()).isGreaterThanOrEqualTo(50_000_000);
  }

  @Test
  void shouldGiveAFullBatchAheadOnlyIfNoOtherWorkerWaits() throws Exception {
    ClipQueue queue = new ClipQueue(FULL_ONLY);
    for (int i = 0; i < 5; i++) {
      queue.add(clip(i));
    }

    assertThat(queue.takeAhead()).hasSize(4);
    assertThat(queue.takeAhead()).isEmpty(); // one clip is left

    FutureTask<List<QueuedClip>> other = start(queue);
    queue.add(clip(6));
    queue.add(clip(7));
    queue.add(clip(8));
    assertThat(queue.takeAhead()).isEmpty();
    assertThat(other.get(30, TimeUnit.SECONDS)).hasSize(4);
  }

  @Test
  void shouldLetEveryWorkerGoAndReturnWhatWaitsWhenClosed() throws Exception {
    ClipQueue queue = new ClipQueue(FULL_ONLY);
    QueuedClip clip = clip(0);
    queue.add(clip);
    FutureTask<List<QueuedClip>> first = start(queue);
    FutureTask<List<QueuedClip>> second = start(queue);

    assertThat(queue.close()).containsExactly(clip);

    assertThat(first.get(30, TimeUnit.SECONDS)).isEmpty();
    assertThat(second.get(30, TimeUnit.SECONDS)).isEmpty();
    assertThat(queue.add(clip(1))).isZero();
    assertThat(queue.take()).isEmpty();
    assertThat(queue.close()).isEmpty();
  }

  @Test
  void shouldBeInterruptible() throws Exception {
    ClipQueue queue = new ClipQueue(FULL_ONLY);
    FutureTask<List<QueuedClip>> taken = new FutureTask<>(queue::take);
    Thread worker = new Thread(taken);
    worker.start();
    awaitWaiting(worker);

    worker.interrupt();

    assertThatThrownBy(() -> taken.get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(InterruptedException.class);
  }

  /** From many threads to many workers, each clip once, in batches of the policy's sizes. */
  @Test
  void shouldLoseAndDoubleNoClipUnderLoad() throws Exception {
    ClipQueue queue = new ClipQueue(AT_ONCE);
    int producers = 4;
    int clips = 20_000;
    Map<QueuedClip, Integer> seen = new ConcurrentHashMap<>();
    List<FutureTask<Void>> workers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      FutureTask<Void> worker =
          new FutureTask<>(
              () -> {
                while (true) {
                  List<QueuedClip> batch = queue.take();
                  if (batch.isEmpty()) {
                    return null;
                  }
                  assertThat(batch.size()).isIn(1, 2, 4);
                  batch.forEach(clip -> seen.merge(clip, 1, Integer::sum));
                  queue.takeAhead().forEach(clip -> seen.merge(clip, 1, Integer::sum));
                }
              });
      workers.add(worker);
      new Thread(worker).start();
    }
    List<Thread> threads = new ArrayList<>();
    for (int p = 0; p < producers; p++) {
      int producer = p;
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < clips; i++) {
                  queue.add(new QueuedClip(null, null, (long) producer * clips + i));
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    List<QueuedClip> left = queue.close();
    for (FutureTask<Void> worker : workers) {
      worker.get(30, TimeUnit.SECONDS);
    }

    left.forEach(clip -> seen.merge(clip, 1, Integer::sum));
    assertThat(seen)
        .hasSize(producers * clips)
        .allSatisfy((clip, times) -> assertThat(times).isOne());
  }

  /** A worker that waits. */
  private static FutureTask<List<QueuedClip>> start(ClipQueue queue) {
    FutureTask<List<QueuedClip>> taken = new FutureTask<>(queue::take);
    Thread worker = new Thread(taken);
    worker.setDaemon(true);
    worker.start();
    awaitWaiting(worker);
    return taken;
  }

  private static void awaitWaiting(Thread thread) {
    while (thread.getState() != Thread.State.WAITING
        && thread.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
  }
}
