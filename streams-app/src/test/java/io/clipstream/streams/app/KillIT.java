package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.streams.topology.InstantLabeller;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The application is killed with SIGKILL again and again: 3 times, 200 in the nightly build, or as
 * often as {@code -Dclipstream.kills} says, within {@code -Dclipstream.minutes}.
 */
class KillIT {
  private static final int KILLS =
      Integer.getInteger("clipstream.kills", Boolean.getBoolean("clipstream.nightly") ? 200 : 3);

  private static final int MINUTES = Integer.getInteger("clipstream.minutes", 120);
  private static final Duration LIMIT = Duration.ofMinutes(5);

  @TempDir Path directory;

  @Test
  @Timeout(10_800)
  void shouldLoseAndDoubleNothingWhenKilledAtRandomMoments() throws Exception {
    long seed = Long.getLong("clipstream.seed", System.nanoTime());
    System.out.println("Moments of the kills: -Dclipstream.seed=" + seed + " repeats them");
    Random random = new Random(seed);
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
    Path log = directory.resolve("killed.log");
    try (Cluster cluster = new Cluster(directory.resolve("kafka"))) {
      int kills = 0;
      for (; kills < KILLS && System.nanoTime() < end; kills++) {
        cluster.produce(800);
        Process process = KilledApp.start(cluster, log);
        try {
          // Under load, which is after some outcomes of this very process, or at any time.
          int outcomes = cluster.seen() + 1 + random.nextInt(600);
          cluster.readUntil(LIMIT, () -> cluster.seen() >= outcomes || !process.isAlive());
          long moment = System.nanoTime() + random.nextInt(300_000_000);
          cluster.readUntil(LIMIT, () -> System.nanoTime() >= moment);
          assertThat(process.isAlive()).as(Files.readString(log)).isTrue();
        } finally {
          process.destroyForcibly().waitFor();
        }
      }
      // Once more while it starts, when it may just have taken the partitions.
      Process starting = KilledApp.start(cluster, log);
      long moment = System.nanoTime() + random.nextInt(2_000_000_000);
      cluster.readUntil(LIMIT, () -> System.nanoTime() >= moment);
      starting.destroyForcibly().waitFor();

      try (LabelApp app = cluster.start("app", new InstantLabeller(50))) {
        cluster.assertOneOutcomeEachInOrder(LIMIT);
        assertThat(app.health().pending()).isZero();
        System.out.println(kills + " kills under load, " + cluster.seen() + " outcomes");
      }
    }
  }
}
