package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.RejectionReason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Videos that end their process, and ends of processes that are no video's fault. */
@Timeout(900)
class PoisonIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  /** The fewest there may be, as each takes its time. */
  private static final int MAX_DEATHS = 2;

  @TempDir Path directory;
  private Cluster cluster;

  @BeforeEach
  void start() {
    cluster = new Cluster(directory.resolve("kafka"));
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void shouldRejectTheVideoThatEndsProcessesAndLabelAllOthers() throws Exception {
    cluster.produce(200);
    int deaths = 0;
    while (cluster.seen() < 200) {
      Process process = PoisonedApp.start(cluster, directory, "video-57", MAX_DEATHS);
      try {
        cluster.readUntil(LIMIT, () -> cluster.seen() >= 200 || !process.isAlive());
        if (!process.isAlive()) {
          assertThat(process.exitValue())
              .as(Files.readString(directory.resolve("poisoned.log")))
              .isEqualTo(139);
          deaths++;
        }
      } finally {
        process.destroyForcibly().waitFor();
      }
    }

    cluster.assertOneOutcomeEachInOrder(LIMIT);
    assertThat(cluster.rejected).hasSize(1);
    RejectedVideo rejected = cluster.rejected.get("video-57");
    assertThat(rejected.getReason()).isEqualTo(RejectionReason.CRASHED);
    assertThat(rejected.getAttempts()).isEqualTo(MAX_DEATHS);
    assertThat(deaths).isEqualTo(MAX_DEATHS);
  }

  /** A kill may hit any video, and none is to blame: 20 times, or as -Dclipstream.kills says. */
  @Test
  @Timeout(3600)
  @Tag("nightly")
  void shouldRejectNoVideoForKillsFromOutside() throws Exception {
    int kills = Integer.getInteger("clipstream.kills", 20);
    long seed = Long.getLong("clipstream.seed", System.nanoTime());
    System.out.println("Moments of the kills: -Dclipstream.seed=" + seed + " repeats them");
    Random random = new Random(seed);
    for (int kill = 0; kill < kills; kill++) {
      cluster.produce(100);
      Process process = PoisonedApp.start(cluster, directory, "none", 3);
      try {
        int outcomes = cluster.seen() + 1 + random.nextInt(50);
        cluster.readUntil(LIMIT, () -> cluster.seen() >= outcomes || !process.isAlive());
        assertThat(process.isAlive()).isTrue();
      } finally {
        process.destroyForcibly().waitFor();
      }
    }
    Process last = PoisonedApp.start(cluster, directory, "none", 3);
    try {
      cluster.assertOneOutcomeEachInOrder(LIMIT);
    } finally {
      last.destroyForcibly().waitFor();
    }
    assertThat(cluster.rejected).isEmpty();
  }

  @Test
  void shouldNotCountARebalanceOrAnEndInGoodOrder() throws Exception {
    cluster.produce(40);
    BegunLabeller first = new BegunLabeller();
    BegunLabeller second = new BegunLabeller();
    LabelApp one = cluster.start("app", first);
    cluster.readUntil(LIMIT, () -> first.begun.get() == 40);

    LabelApp two = cluster.start("app", second); // It takes partitions from the other.
    cluster.readUntil(LIMIT, () -> !second.deaths.isEmpty());
    assertThat(second.deaths).containsOnly(0);
    one.close(); // With all of its own in work.
    cluster.readUntil(LIMIT, () -> second.begun.get() >= 40);
    two.close();

    BegunLabeller third = new BegunLabeller();
    third.finish();
    try (LabelApp three = cluster.start("app", third)) {
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(three.health().pending()).isZero();
    }
    assertThat(List.of(second.deaths, third.deaths)).allSatisfy(d -> assertThat(d).containsOnly(0));
  }
}
