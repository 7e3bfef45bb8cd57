package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.model.fetch.RawServer;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.CurrentGeneration;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.classify.ReferenceFetcher;
import io.clipstream.streams.classify.Versions;
import io.clipstream.streams.embedded.EmbeddedKafka;
import io.clipstream.streams.topology.HeldLabeller;
import io.clipstream.streams.topology.PendingLimits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** References to hosts that hang or are down, through the whole application. */
@Timeout(900)
class StormIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final int HANGING = 1000;

  @TempDir Path directory;
  private Cluster cluster;
  private final List<RawServer> servers = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    Files.createDirectories(directory.resolve("videos"));
    cluster = new Cluster(directory.resolve("kafka"));
  }

  @AfterEach
  void stop() throws Exception {
    cluster.close();
    for (RawServer server : servers) {
      server.close();
    }
  }

  /** Of a few hosts or of many: while none of them has sent anything. */
  @ParameterizedTest
  @ValueSource(ints = {5, 100})
  void shouldLabelALocalAndARemoteVideoBehindAThousandThatHang(int hosts) throws Exception {
    CountDownLatch asleep = new CountDownLatch(1);
    RawServer.Script hangs =
        (connection, request, to) -> {
          try {
            asleep.await();
          } catch (InterruptedException end) {
            return;
          }
          to.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        };
    for (int i = 0; i < hosts; i++) {
      servers.add(new RawServer(hangs));
    }
    RawServer good =
        new RawServer(
            (connection, request, to) -> to.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"));
    servers.add(good);
    Path local = Files.createFile(directory.resolve("videos/a"));
    AtomicInteger next = new AtomicInteger();
    cluster.references =
        id -> reference(id, servers.get(next.getAndIncrement() % hosts).url("/" + id));

    LabelPipeline pipeline = pipeline();
    try (LabelApp app = new LabelApp(settings(100), pipeline)) {
      app.start();
      assertThat(app.awaitRunning(LIMIT)).isTrue();
      cluster.produce(HANGING);
      long start = System.nanoTime();
      for (int partition = 0; partition < Cluster.PARTITIONS; partition++) {
        cluster.produce("local-" + partition, partition, local.toUri().toString());
        cluster.produce("remote-" + partition, partition, good.url("/" + partition));
      }
      cluster.readUntil(LIMIT, () -> cluster.labelled.size() == 2 * Cluster.PARTITIONS);
      System.out.printf(
          "Behind %d references to %d hosts that hang: a local and a remote video of each partition"
              + " after %.1f s%n",
          HANGING, hosts, (System.nanoTime() - start) / 1e9);

      assertThat(cluster.labelled.keySet())
          .allMatch(id -> id.startsWith("local-") || id.startsWith("remote-"));
      assertThat(cluster.seen()).isEqualTo(2 * Cluster.PARTITIONS);
      assertThat(app.health().pending()).isEqualTo(HANGING);
      assertThat(pipeline.waiting().videos()).isBetween(HANGING - 32, HANGING);
      assertThat(app.health().open()).as("it goes on reading").isTrue();

      asleep.countDown();
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(cluster.labelled).hasSize(HANGING + 2 * Cluster.PARTITIONS);
    }
  }

  @Test
  void shouldReadAPartitionWhoseNeighbourHasMoreThanFits() throws Exception {
    HeldLabeller held = new HeldLabeller();
    for (int i = 0; i < 3000; i++) {
      cluster.produce("many-" + i, 0, "file:///videos/many.mp4");
    }
    try (LabelApp app = new LabelApp(settings(100), held)) {
      app.start();
      cluster.readUntil(LIMIT, () -> !held.ids().isEmpty() && !app.health().open());

      cluster.produce("single-0", 1, "file:///videos/single.mp4");

      cluster.readUntil(LIMIT, () -> held.ids().contains("single-0"));
      assertThat(held.ids()).hasSizeLessThan(3000);
    }
  }

  @Test
  void shouldLabelEveryVideoOfAnOriginThatWasDownOverARestart() throws Exception {
    int port = EmbeddedKafka.freePort();
    cluster.references = id -> reference(id, "http://127.0.0.1:" + port + "/" + id);
    cluster.produce(400);

    LabelPipeline first = pipeline();
    try (LabelApp app = new LabelApp(settings(100), first)) {
      app.start();
      cluster.readUntil(LIMIT, () -> !first.troubles().isEmpty());
      assertThat(first.troubles().get(0).origin()).hasToString("http://127.0.0.1:" + port);
      cluster.readUntil(LIMIT, () -> app.health().pending() == 400);
    }
    assertThat(cluster.seen()).isZero();

    try (LabelApp app = new LabelApp(settings(100), pipeline())) {
      app.start();
      cluster.readUntil(LIMIT, () -> app.health().pending() == 400);
      HttpServer again = HttpServer.create(new InetSocketAddress(loopback(), port), 50);
      again.createContext(
          "/",
          exchange -> {
            exchange.sendResponseHeaders(200, 1);
            exchange.getResponseBody().write('x');
            exchange.close();
          });
      again.start();
      try {
        cluster.assertOneOutcomeEachInOrder(LIMIT);
      } finally {
        again.stop(0);
      }
      assertThat(cluster.labelled).hasSize(400);
    }
  }

  private static InetAddress loopback() {
    return InetAddress.getLoopbackAddress();
  }

  private LabelApp.Settings settings(int maxPending) {
    LabelApp.Settings usual = cluster.settings("storm");
    return new LabelApp.Settings(
        usual.topics(),
        usual.kafka(),
        usual.serdeClass(),
        usual.serde(),
        PendingLimits.of(maxPending),
        Duration.ofSeconds(1),
        usual.timestamps());
  }

  private LabelPipeline pipeline() {
    FetchPolicy policy = FetchPolicy.defaults();
    LabelPipeline pipeline =
        new LabelPipeline(
            new ReferenceFetcher(
                new FileFetcher(
                    policy
                        .withFileRoots(List.of(directory.resolve("videos")))
                        .withAddresses(policy.addresses().withAllowPrivate(List.of("127.0.0.1"))),
                    directory.resolve("work"))),
            new CurrentGeneration(new Versions(PipelineObserver.NONE).started(2)),
            new PipelineSettings(2, BatchPolicy.upTo(4, Duration.ofMillis(1)), 4, 2),
            PipelineObserver.NONE);
    pipeline.start();
    return pipeline;
  }

  private static VideoReference reference(String id, String uri) {
    return VideoReference.newBuilder().setId(id).setUri(uri).build();
  }
}
