package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.schemas.ModelRollout;
import io.clipstream.streams.app.LateRegistry;
import io.clipstream.streams.live.rollout.Answer;
import io.clipstream.streams.live.rollout.Wanted;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(900)
class RolloutLogIT {
  @TempDir static Path kafkaDirectory;
  private static ModelCluster cluster;

  private static final int WRITERS = 8;
  private static final int CHANGES = 24;

  private final RolloutLog log = new RolloutLog(cluster.config(), "a test");

  @BeforeAll
  static void start() throws InterruptedException {
    cluster = new ModelCluster(kafkaDirectory);
    cluster.createTopics();
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void shouldKeepWhatIsWanted() {
    assertThat(log.read("kept")).isEmpty();
    log.change("kept", before -> Wanted.first("kept", "1"));
    Wanted wanted = log.change("kept", before -> before.activate("2").canary("3", 0.25).pin(true));

    // Three steps at once: each is a revision, the last is what is written.
    assertThat(log.read("kept")).hasValue(wanted);
    assertThat(wanted.revision()).isEqualTo(4);
    assertThat(wanted.canary()).isEqualTo("3");
  }

  @Test
  void shouldWriteNothingForAVoidAnswerOrAnErrorOfTheChange() {
    Wanted first = log.change("void", before -> Wanted.first("void", "1"));
    int records = records();
    Answer answer = new Answer(Answer.Kind.STOP, 17, "1", "late");

    assertThat(log.change("void", before -> before.answered(answer).orElse(before)))
        .isEqualTo(first);
    assertThatThrownBy(() -> log.change("void", before -> before.rollback("no")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("has no version before 1");
    assertThat(records()).isEqualTo(records);
    assertThat(log.read("void")).hasValue(first);
  }

  @Test
  void shouldMakeEachRecordFromTheOneBeforeIt() throws Exception {
    log.change("busy", before -> Wanted.first("busy", "1"));
    ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
    List<Future<Wanted>> changes = new ArrayList<>();
    for (int i = 0; i < CHANGES; i++) {
      changes.add(writers.submit(() -> log.change("busy", before -> before.pin(!before.pinned()))));
    }
    List<Long> revisions = new ArrayList<>();
    for (Future<Wanted> change : changes) {
      revisions.add(change.get(120, TimeUnit.SECONDS).revision());
    }
    writers.shutdown();

    assertThat(revisions).doesNotHaveDuplicates();
    assertThat(log.read("busy").orElseThrow().revision()).isEqualTo(CHANGES + 1);
    assertThat(log.read("busy").orElseThrow().pinned()).isFalse();
  }

  @Test
  void shouldLeaveOutWhatMakesNoSense() throws Exception {
    Wanted first = log.change("odd", before -> Wanted.first("odd", "1"));
    ModelRollout odd = RolloutRecords.of(Wanted.first("odd", "../2"), null, Instant.now());
    String topic = cluster.topics.rollouts();
    cluster.produce(topic, 0, "odd", cluster.bytes(topic, ModelRollout.class, odd));
    cluster.produce(topic, 0, "odd", new byte[] {1, 2, 3});

    assertThat(log.read("odd")).hasValue(first);
  }

  /** What is active would be taken for nothing, and the next activation for the first. */
  @Test
  void shouldWaitForARegistryThatHasNotReadWhatItKnows() throws Exception {
    Wanted wanted = log.change("late", before -> Wanted.first("late", "7"));
    int inVain = records(); // each could be asked for once in vain
    try (LateRegistry late = new LateRegistry(cluster.registry.url(), inVain)) {
      RolloutLog other =
          new RolloutLog(
              ModelCluster.config(cluster.topics, cluster.kafka.bootstrapServers(), late.url()),
              "it");

      assertThat(other.read("late")).hasValue(wanted);
      assertThat(late.asked()).isGreaterThan(inVain);
    }
  }

  private static int records() {
    return cluster.everything(cluster.topics.rollouts()).size();
  }
}
