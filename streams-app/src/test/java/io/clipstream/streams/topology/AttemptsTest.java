package io.clipstream.streams.topology;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.streams.classify.Attempt;
import io.clipstream.streams.topology.Attempts.Suspect;
import io.clipstream.streams.topology.PendingVideos.Entry;
import io.clipstream.streams.topology.TaskAttempts.Counted;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Processes are played by an {@link Attempts} each, over what the store holds for good. */
@Timeout(300)
class AttemptsTest {
  private final MockProcessorContext<byte[], byte[]> context = new MockProcessorContext<>();
  private final KeyValueStore<Integer, byte[]> store =
      PendingVideos.store().withLoggingDisabled().build();

  @BeforeEach
  void openStore() {
    context.setCurrentSystemTimeMs(0);
    store.init(context.getStateStoreContext(), store);
  }

  /** A process with the only task; the calling thread is its stream thread. */
  private final class Owner {
    final Attempts attempts;
    final PendingVideos pending = new PendingVideos(store);
    final AtomicInteger requests = new AtomicInteger();
    final TaskAttempts task;

    /** Of what was found, in order. */
    final List<Counted> found = new ArrayList<>();

    Owner(int maxDeaths) {
      this(new Attempts(maxDeaths));
    }

    Owner(Attempts attempts) {
      this.attempts = attempts;
      this.task = new TaskAttempts(attempts, pending, requests::incrementAndGet);
      attempts.add(0, task);
      pending.recover(attempts.process()).forEach(entry -> found.add(task.again(entry)));
    }

    Counted add(String id) {
      return task.first(pending.add(new Record<>(id.getBytes(UTF_8), new byte[1], 1), 1));
    }

    /** Marks what waits for a mark, commits, and lets it go on. */
    void commit() {
      task.write();
      attempts.commits().committed();
      task.write();
    }
  }

  private static CompletableFuture<Boolean> begin(Attempt attempt) {
    CompletableFuture<Boolean> begun = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                begun.complete(attempt.begin());
              } catch (Throwable e) {
                begun.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return begun;
  }

  /** Commits until the attempt has begun: its thread may not have asked yet. */
  private static boolean beginAndCommit(Owner owner, Attempt attempt) throws Exception {
    CompletableFuture<Boolean> begun = begin(attempt);
    while (!begun.isDone()) {
      owner.commit();
      Thread.onSpinWait();
    }
    return begun.get();
  }

  private List<Integer> deathsFoundBy(Attempts other) {
    return new PendingVideos(store).recover(other.process()).stream().map(Entry::deaths).toList();
  }

  @Test
  void shouldBeginOnlyAfterTheMarkWasCommitted() throws Exception {
    Owner owner = new Owner(3);
    Counted attempt = owner.add("a");
    CompletableFuture<Boolean> begun = begin(attempt);
    while (owner.requests.get() == 0) {
      owner.task.write();
    }
    assertThat(deathsFoundBy(new Attempts(3))).containsExactly(1);
    owner.task.write();
    assertThat(begun).isNotDone();

    owner.commit();

    assertThat(begun.get(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void shouldBeginWithoutAMarkOnceATaskHasBeenHereForAWhile() throws Exception {
    Owner owner = new Owner(3);
    for (int i = 0; i < TaskAttempts.CAREFUL; i++) {
      owner.add("careful");
    }

    assertThat(owner.add("usual").begin()).isTrue();

    assertThat(deathsFoundBy(new Attempts(3))).containsOnly(0);
  }

  @Test
  void shouldCountAndWriteNothingWithoutALimit() throws Exception {
    assertThat(new Owner(0).add("a").begin()).isTrue();
    assertThat(new Owner(0).found.get(0).begin()).isTrue();
  }

  @Test
  void shouldCountADeathForWhatWasInWorkAlone() throws Exception {
    Owner first = new Owner(3);
    Counted begun = first.add("begun");
    first.add("waiting");
    Counted done = first.add("done");
    assertThat(beginAndCommit(first, begun)).isTrue();
    assertThat(beginAndCommit(first, done)).isTrue();
    first.pending.remove(new PendingVideos(store).recover(first.attempts.process()).get(2));

    assertThat(deathsFoundBy(new Attempts(3))).containsExactly(1, 0);
    assertThat(deathsFoundBy(first.attempts)).as("by its own process").containsExactly(0, 0);
  }

  @Test
  void shouldRejectWhatKillsAgainAndAgainAndTryItAloneBefore() throws Exception {
    Owner first = new Owner(3);
    assertThat(beginAndCommit(first, first.add("poison"))).isTrue();

    for (int death = 1; death < 3; death++) {
      Owner next = new Owner(3);
      Counted poison = next.found.get(0);
      assertThat(poison.deaths()).isEqualTo(death);
      assertThat(poison.refusal()).isEmpty();
      assertThat(next.attempts.suspects()).containsExactly(new Suspect(0, 1, death));
      assertThat(beginAndCommit(next, poison)).isTrue();
    }

    Owner last = new Owner(3);
    Counted poison = last.found.get(0);
    assertThat(poison.deaths()).isEqualTo(3);
    assertThat(poison.refusal().orElseThrow()).startsWith("3 processes died while it was in work");
    last.task.forget(poison);
    assertThat(last.attempts.suspects()).isEmpty();
  }

  @Test
  void shouldLetASuspectWaitForTheOthersAndTheOthersForTheSuspect() throws Exception {
    Owner first = new Owner(3);
    assertThat(beginAndCommit(first, first.add("suspect"))).isTrue();

    Owner second = new Owner(3);
    Counted suspect = second.found.get(0);
    Counted before = second.add("before");
    assertThat(beginAndCommit(second, before)).isTrue();
    CompletableFuture<Boolean> alone = begin(suspect);
    second.commit();
    assertThat(deathsFoundBy(new Attempts(3))).as("no mark while it waits").containsExactly(1, 1);
    before.end();
    while (!alone.isDone()) {
      second.commit();
    }
    assertThat(alone.get()).isTrue();
    assertThat(deathsFoundBy(new Attempts(3))).containsExactly(2, 1);

    Counted after = second.add("after");
    CompletableFuture<Boolean> later = begin(after);
    second.commit();
    assertThat(later).isNotDone();
    suspect.end();
    second.task.write();
    assertThat(later).isNotDone();
    assertThat(deathsFoundBy(new Attempts(3))).as("it is over").containsExactly(1, 1, 0);
    while (!later.isDone()) {
      second.commit();
    }
    assertThat(later.get()).isTrue();
  }

  /** Before the store knows that the one is over, the next one is not begun. */
  @Test
  void shouldNotCountTheDeathOfASuspectForTheOneBefore() throws Exception {
    Owner first = new Owner(2);
    assertThat(beginAndCommit(first, first.add("innocent"))).isTrue();
    assertThat(beginAndCommit(first, first.add("poison"))).isTrue();
    Owner second = new Owner(2);
    Counted innocent = second.found.get(0);
    assertThat(beginAndCommit(second, innocent)).isTrue();
    CompletableFuture<Boolean> poison = begin(second.found.get(1));

    innocent.end(); // It has an outcome, which is not committed when the process dies of the next.
    while (!poison.isDone()) {
      second.commit();
    }

    assertThat(poison.get()).isTrue();
    assertThat(deathsFoundBy(new Attempts(2))).containsExactly(1, 2);
  }

  @Test
  void shouldLetTheOthersGoOnWhenTheTaskOfAFinishedSuspectIsClosed() throws Exception {
    Owner first = new Owner(3);
    assertThat(beginAndCommit(first, first.add("suspect"))).isTrue();
    Owner second = new Owner(3);
    Counted suspect = second.found.get(0);
    assertThat(beginAndCommit(second, suspect)).isTrue();
    suspect.end();

    second.task.close();

    assertThat(second.attempts.inWork().enter(true, () -> false)).isTrue();
  }

  @Test
  void shouldNotTakeAnEndInGoodOrderForADeath() throws Exception {
    Owner owner = new Owner(3);
    assertThat(beginAndCommit(owner, owner.add("a"))).isTrue();
    CompletableFuture<Boolean> took = new CompletableFuture<>();
    new Thread(
            () -> {
              try {
                took.complete(owner.attempts.takeBack(Duration.ofSeconds(30)));
              } catch (InterruptedException e) {
                took.completeExceptionally(e);
              }
            })
        .start();
    while (!took.isDone()) {
      owner.commit(); // As the stream thread does every 10 ms.
    }

    assertThat(took.get()).isTrue();
    assertThat(deathsFoundBy(new Attempts(3))).containsExactly(0);
  }

  @Test
  void shouldNotTakeARebalanceForADeath() throws Exception {
    Owner owner = new Owner(3);
    assertThat(beginAndCommit(owner, owner.add("a"))).isTrue();

    owner.attempts.revoked(1);
    assertThat(deathsFoundBy(new Attempts(3))).containsExactly(1);
    owner.attempts.revoked(0);

    assertThat(deathsFoundBy(new Attempts(3))).containsExactly(0);
  }

  @Test
  void shouldLetABrokenDeviceEndTheProcessOnlyAfterItsMarksAreGone() throws Exception {
    Owner owner = new Owner(3);
    assertThat(owner.task.tookBack(0)).as("without marks").isTrue();
    assertThat(beginAndCommit(owner, owner.add("a"))).isTrue();

    assertThat(owner.task.tookBack(10)).isFalse();
    assertThat(deathsFoundBy(new Attempts(3))).containsExactly(0);
    owner.attempts.commits().committed();
    assertThat(owner.task.tookBack(20)).isTrue();
  }

  @Test
  void shouldNotLetWhatNobodyWantsAnyMoreWaitForEver() throws Exception {
    Owner first = new Owner(3);
    assertThat(beginAndCommit(first, first.add("suspect"))).isTrue();
    Owner second = new Owner(3);
    Counted waitsForMark = second.add("a");
    CompletableFuture<Boolean> unmarked = begin(waitsForMark);
    CompletableFuture<Boolean> alone = begin(second.found.get(0));

    waitsForMark.end();
    second.found.get(0).end();

    assertThat(unmarked.get(30, TimeUnit.SECONDS)).isFalse();
    assertThat(alone.get(30, TimeUnit.SECONDS)).isFalse();
    assertThat(second.attempts.inWork().enter(true, () -> false)).as("all have left").isTrue();
  }

  @Test
  void shouldReadWhatWasWrittenWithoutCounts() {
    PendingVideos pending = new PendingVideos(store);
    Entry entry = pending.add(new Record<>(new byte[] {1}, new byte[] {2, 3}, 4), 5);
    byte[] without = store.get(entry.slot());
    pending.mark(entry, UUID.randomUUID());
    byte[] with = store.get(entry.slot());

    assertThat(with).hasSize(without.length + 20).startsWith(without);
    pending.unmark(entry);
    assertThat(store.get(entry.slot())).isEqualTo(without);
  }
}
