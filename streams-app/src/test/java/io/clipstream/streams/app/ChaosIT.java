package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoReference;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three instances under load, of which one after the other is killed or frozen, one of whose three
 * brokers is killed and whose disk is full now and then: 20 kills, or as {@code -Dclipstream.kills}
 * says, within {@code -Dclipstream.minutes}.
 *
 * <p>Not with one broker: {@code ops/bench/promise.md} says what Kafka 4.3 forgets when it is
 * killed.
 */
@Tag("nightly")
class ChaosIT {
  private static final int KILLS = Integer.getInteger("clipstream.kills", 20);
  private static final int MINUTES = Integer.getInteger("clipstream.minutes", 120);
  private static final int INSTANCES = 3;
  private static final int REFERENCES = 60;

  /** Without any outcome; what a killed instance had in work is free after a minute at most. */
  private static final Duration LIMIT = Duration.ofMinutes(5);

  @TempDir Path directory;
  private final Random random = new Random(Long.getLong("clipstream.seed", System.nanoTime()));

  private Path log;
  private Path videos;
  private SmallDisk disk;
  private ThreeBrokers brokers;
  private Cluster cluster;
  private HttpServer origin;
  private final ExecutorService originThreads = Executors.newCachedThreadPool();
  private final List<ServerProcess> instances = new ArrayList<>();
  private int ended;

  @BeforeEach
  void start() throws Exception {
    log = directory.resolve("chaos.log");
    videos = Files.createDirectories(directory.resolve("videos"));
    Files.createFile(videos.resolve("a.mp4"));
    disk = new SmallDisk(directory.resolve("disk"), ChaosApp.DISK_BYTES);
    origin = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    origin.setExecutor(originThreads);
    origin.createContext(
        "/",
        exchange -> {
          if (exchange.getRequestURI().getPath().startsWith("/missing")) {
            exchange.sendResponseHeaders(404, -1);
          } else {
            byte[] video = new byte[200_000];
            exchange.sendResponseHeaders(200, video.length);
            exchange.getResponseBody().write(video);
          }
          exchange.close();
        });
    origin.start();
    brokers = new ThreeBrokers(directory.resolve("kafka"), directory.resolve("brokers.log"));
    cluster = new Cluster(brokers.bootstrapServers());
    cluster.references = this::reference;
  }

  @AfterEach
  void stop() throws Exception {
    instances.forEach(ServerProcess::kill);
    cluster.close();
    brokers.close();
    origin.stop(0);
    originThreads.shutdownNow();
    disk.close();
  }

  /** Of five videos two are files, two are downloads, and one is not there. */
  private VideoReference reference(String id) {
    String host = "http://127.0.0.1:" + origin.getAddress().getPort();
    String uri =
        switch (number(id) % 5) {
          case 0, 1 -> videos.resolve("a.mp4").toUri().toString();
          case 2 -> host + "/missing/" + id;
          default -> host + "/" + id;
        };
    return VideoReference.newBuilder().setId(id).setUri(uri).build();
  }

  private static int number(String id) {
    return Integer.parseInt(id.substring(id.lastIndexOf('-') + 1));
  }

  @Test
  @Timeout(10_800)
  void shouldLoseAndDoubleNothingWhateverHappens() throws Exception {
    for (int i = 0; i < INSTANCES; i++) {
      instances.add(ChaosApp.start(cluster, videos, disk.folder(), log));
    }
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
    int kills = 0;
    int freezes = 0;
    int brokerKills = 0;
    int fills = 0;
    while (kills < KILLS && System.nanoTime() < end) {
      cluster.produce(REFERENCES);
      awaitLoad();
      int what = random.nextInt(20);
      if (what < 12) {
        replace(random.nextInt(INSTANCES));
        kills++;
      } else if (what < 15) {
        freeze(random.nextInt(INSTANCES));
        freezes++;
      } else if (what < 18) {
        brokers.killAndStart(1 + random.nextInt(ThreeBrokers.NODES));
        brokerKills++;
      } else if (disk.isMounted()) {
        fill();
        fills++;
      }
    }
    awaitAll();

    cluster.assertOneOutcomeEachInOrder(LIMIT);
    assertThat(cluster.rejected.keySet()).allMatch(id -> number(id) % 5 == 2);
    assertThat(cluster.rejected.values())
        .extracting(RejectedVideo::getReason)
        .containsOnly(RejectionReason.NOT_FOUND);
    System.out.printf(
        "%d kills, %d freezes, %d kills of a broker, %d full disks, %d instances that ended by"
            + " themselves; %d references, %d outcomes%n",
        kills, freezes, brokerKills, fills, ended, cluster.produced(), cluster.seen());
  }

  /** Until something comes out, and a moment longer. */
  private void awaitLoad() throws IOException {
    int outcomes = cluster.seen() + 1 + random.nextInt(REFERENCES / 2);
    long stuck = System.nanoTime() + LIMIT.toNanos();
    while (cluster.seen() < outcomes) {
      assertThat(System.nanoTime()).as("%d outcomes\n%s", cluster.seen(), last()).isLessThan(stuck);
      cluster.read(Duration.ofMillis(100));
      restartEnded();
    }
    long moment = System.nanoTime() + random.nextInt(300_000_000);
    cluster.readUntil(LIMIT, () -> System.nanoTime() >= moment);
  }

  private void awaitAll() throws IOException {
    long stuck = System.nanoTime() + LIMIT.toNanos();
    for (int before = cluster.seen(); before < cluster.produced(); ) {
      assertThat(System.nanoTime()).as("%d outcomes\n%s", before, last()).isLessThan(stuck);
      cluster.read(Duration.ofMillis(100));
      restartEnded();
      if (cluster.seen() > before) {
        before = cluster.seen();
        stuck = System.nanoTime() + LIMIT.toNanos();
      }
    }
  }

  /** What the instances said. */
  private String last() throws IOException {
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 100), lines.size()));
  }

  /** As whatever runs services does. */
  private void restartEnded() throws IOException {
    for (int i = 0; i < INSTANCES; i++) {
      if (!instances.get(i).isAlive()) {
        ended++;
        replace(i);
      }
    }
  }

  private void replace(int instance) throws IOException {
    instances.get(instance).kill();
    instances.set(instance, ChaosApp.start(cluster, videos, disk.folder(), log));
  }

  /** For longer than its session in the group, or not. */
  private void freeze(int instance) throws Exception {
    instances.get(instance).freeze();
    long moment = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(500 + random.nextInt(12_000));
    cluster.readUntil(LIMIT, () -> System.nanoTime() >= moment);
    instances.get(instance).thaw();
  }

  private void fill() throws IOException {
    disk.fill();
    cluster.produce(REFERENCES);
    long moment = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(500 + random.nextInt(8000));
    cluster.readUntil(LIMIT, () -> System.nanoTime() >= moment);
    disk.free();
  }
}
