package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.artifact.Weights;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.streams.live.LiveVersions;
import io.clipstream.streams.live.RolloutLog;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * From publishing a version to the last of three processes serving it, by stage, against the same
 * artifact copied by hand and a restart of each; and what videos notice. Prints what {@code
 * ops/bench/hot-swap.md} records.
 */
@Tag("nightly")
class HotSwapBenchmarkIT {
  private static final int INSTANCES = 3;
  private static final int VIDEOS_PER_SECOND = 10;
  private static final Duration STEADY = Duration.ofSeconds(10);
  private static final String MODEL = "swapped";

  @TempDir Path directory;

  private final List<LiveApp> instances = new ArrayList<>();
  private final Map<String, StageTimes> stages = new LinkedHashMap<>();
  private Path log;
  private Cluster cluster;
  private VersionTimes versions;
  private SwapWatch watch;
  private SteadyLoad load;

  @ParameterizedTest
  @ValueSource(ints = {4, 176, 1024})
  @Timeout(900)
  void shouldDisturbVideosLessThanByHand(int megabytes) throws Exception {
    log = directory.resolve("processes.log");
    Path video = LiveVersions.video(directory.resolve("noise.mp4"));
    Weights weights = weights(megabytes);
    Path first = LiveVersions.write(directory, MODEL, "1", weights);
    Path second = LiveVersions.write(directory, MODEL, "2", weights);
    try (BrokerProcess broker = new BrokerProcess(directory.resolve("kafka"), log, "-Xmx1g");
        Cluster started = new Cluster(broker.bootstrapServers())) {
      cluster = started;
      cluster.references =
          id -> VideoReference.newBuilder().setId(id).setUri(video.toUri().toString()).build();
      ModelLogConfig config = config();
      try (Admin admin = config.admin()) {
        new ModelTopicSetup(admin, config.topics()).create();
      }
      LiveVersions.publish(config, first);
      versions = new VersionTimes(new RolloutLog(config, "a benchmark"), MODEL);
      versions.order("1");
      try (SwapWatch watching = new SwapWatch(config, this::took)) {
        watch = watching;
        load = new SteadyLoad(cluster, VIDEOS_PER_SECOND, this::state);
        for (int i = 0; i < INSTANCES; i++) {
          instances.add(start(i, Map.of()));
        }
        load.phase("start");
        load.until(() -> watch.settled("1") && instances.stream().allMatch(LiveApp::isRunning));
        load.calm(Duration.ofMinutes(1));
        Span steady = during("steady", () -> load.goOn(STEADY));
        Span swap = during("hot swap", () -> swap(megabytes, config, second));
        load.phase("between");
        load.goOn(STEADY);
        Span restart = during("by hand", () -> copyAndRestart(megabytes, first));
        load.phase("end");
        cluster.assertOneOutcomeEachInOrder(Duration.ofMinutes(1));
        for (Span span : List.of(steady, swap, restart)) {
          print(megabytes, span);
        }
        assertThat(p99(swap)).isLessThan(p99(restart));
      } finally {
        for (LiveApp instance : instances) {
          instance.kill();
        }
      }
    }
  }

  private double p99(Span span) {
    return SteadyLoad.quantile(load.latencies(span.name()), 0.99);
  }

  private record Span(String name, double seconds) {}

  private Span during(String name, SteadyLoad.Work work) throws Exception {
    load.phase(name);
    long start = System.nanoTime();
    work.run();
    return new Span(name, (System.nanoTime() - start) / 1e9);
  }

  private void swap(int megabytes, ModelLogConfig config, Path artifact) throws Exception {
    synchronized (stages) {
      stages.clear();
    }
    double published = load.during(() -> LiveVersions.publish(config, artifact));
    long order = System.nanoTime();
    load.during(() -> versions.order("2"));
    load.until(() -> watch.settled("2"));
    System.out.printf("hot swap of %d MB: published in %.1f s%n", megabytes, published);
    synchronized (stages) {
      stages.forEach(
          (instance, times) ->
              System.out.printf("hot swap of %d MB: %s%n", megabytes, times.describe(order)));
    }
  }

  /** Of one instance after the other, so that two of them serve. */
  private void copyAndRestart(int megabytes, Path artifact) throws Exception {
    for (int i = 0; i < INSTANCES; i++) {
      Path copy = directory.resolve("i" + i).resolve("by-hand.pt");
      double copied = load.during(() -> Files.copy(artifact, copy));
      LiveApp old = instances.get(i);
      double stopped = load.during(old::stop);
      long start = System.nanoTime();
      instances.set(i, start(i, Map.of("model.source", "file", "model.path", copy.toString())));
      LiveApp started = instances.get(i);
      load.until(started::isRunning);
      System.out.printf(
          "by hand, %d MB: copied in %.1f s, stopped in %.1f s, started in %.1f s%n",
          megabytes, copied, stopped, (System.nanoTime() - start) / 1e9);
    }
  }

  private void print(int megabytes, Span span) {
    double[] latencies = load.latencies(span.name());
    System.out.printf(
        "%d MB, %s: %.1f s, %.1f videos/s, latency p50 %.0f ms, p99 %.0f ms, most %.0f ms%n",
        megabytes,
        span.name(),
        span.seconds(),
        latencies.length / span.seconds(),
        SteadyLoad.quantile(latencies, 0.5),
        SteadyLoad.quantile(latencies, 0.99),
        latencies[latencies.length - 1]);
  }

  /** By the watch's thread. */
  private void took(ModelStatus status) {
    synchronized (stages) {
      stages.computeIfAbsent(status.getInstance(), id -> new StageTimes()).at(status);
    }
  }

  /** When an instance was first seen in each state with version 2; exact to a heartbeat. */
  private static final class StageTimes {
    private final Map<ModelState, Long> first = new LinkedHashMap<>();

    void at(ModelStatus status) {
      if ("2".equals(status.getCandidateVersion())) {
        first.putIfAbsent(status.getState(), System.nanoTime());
      }
    }

    String describe(long order) {
      List<String> parts = new ArrayList<>();
      first.forEach(
          (state, at) -> parts.add(String.format("%s after %.1f s", state, (at - order) / 1e9)));
      return String.join(", ", parts);
    }
  }

  /** Random bits, so that nothing on the way gains by compressing them. */
  private Weights weights(int megabytes) throws IOException {
    Path noise = directory.resolve("noise.bin");
    Random random = new Random(1);
    byte[] block = new byte[1_000_000];
    try (OutputStream out = Files.newOutputStream(noise)) {
      for (int i = 0; i < megabytes; i++) {
        random.nextBytes(block);
        out.write(block);
      }
    }
    try (FileChannel channel = FileChannel.open(noise)) {
      return Weights.of(
          List.of((int) (channel.size() / Float.BYTES)),
          channel
              .map(MapMode.READ_ONLY, 0, channel.size())
              .order(ByteOrder.LITTLE_ENDIAN)
              .asFloatBuffer());
    }
  }

  private LiveApp start(int number, Map<String, String> others) throws IOException {
    Path folder = directory.resolve("i" + number);
    Map<String, String> settings = LiveApp.settings(cluster, MODEL, folder, directory);
    // Heartbeats, which tell the stage, are a tenth of it.
    settings.put("rollout.lease", "2s");
    settings.putAll(others);
    return LiveApp.start(settings, folder, log);
  }

  private String state() {
    return watch.wanted() + ", see " + log;
  }

  private ModelLogConfig config() {
    return new ModelLogConfig(
        ModelTopics.defaults(),
        Map.of("bootstrap.servers", cluster.bootstrapServers()),
        Cluster.serdeClass(),
        Map.of("schema.registry.url", cluster.registry.url()));
  }
}
