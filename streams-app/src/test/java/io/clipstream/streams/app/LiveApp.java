package io.clipstream.streams.app;

import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.live.LiveGenerations;
import io.clipstream.streams.live.LiveModel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** An instance that labels, in a process that a test may kill. */
final class LiveApp {
  /** Printed, and the process ends, should it be without a version after it had one. */
  static final String WITHOUT_A_VERSION = "WITHOUT A VERSION";

  /** The whole heap, touched at the start: what else the process holds is native memory. */
  private static final long HEAP_BYTES = 128L << 20;

  private static final int HEAP_REQUEST = 'h';
  private static final String RUNNING = "running";
  private static final String HEAP = "heap";

  private final Path folder;
  private final ServerProcess process;

  /**
   * What an instance holds.
   *
   * @param heap bytes in use after a collection
   * @param nativeMemory bytes that are resident, beside the heap and mapped files
   * @param files open
   */
  record Gauge(long heap, long nativeMemory, int files, int threads) {}

  private LiveApp(Path folder, ServerProcess process) {
    this.folder = folder;
    this.process = process;
  }

  /**
   * Starts the process.
   *
   * @param folder of its own, for state and caches
   * @param jvm options, but for the heap
   */
  static LiveApp start(Map<String, String> settings, Path folder, Path log, String... jvm)
      throws IOException {
    Files.createDirectories(folder);
    Files.deleteIfExists(folder.resolve(RUNNING));
    List<String> args = new ArrayList<>(List.of(folder.toString()));
    settings.forEach((name, value) -> args.add(name + "=" + value));
    List<String> options = new ArrayList<>(List.of(jvm));
    options.addAll(List.of("-Xms" + HEAP_BYTES, "-Xmx" + HEAP_BYTES, "-XX:+AlwaysPreTouch"));
    return new LiveApp(folder, new ServerProcess(LiveApp.class, options, args, log));
  }

  /** Settings of an instance that serves what the model topics want, quick to change. */
  static Map<String, String> settings(Cluster cluster, String model, Path folder, Path videos) {
    Map<String, String> given = new LinkedHashMap<>();
    given.put("application.id", "swap");
    given.put("kafka.bootstrap.servers", cluster.bootstrapServers());
    given.put("serde.schema.registry.url", cluster.registry.url());
    given.put("kafka.state.dir", folder + "/state");
    given.put("kafka.main.consumer.session.timeout.ms", "6000");
    given.put("kafka.main.consumer.heartbeat.interval.ms", "1000");
    given.put("kafka.producer.transaction.timeout.ms", "5000");
    given.put("model.source", "kafka");
    given.put("model.name", model);
    given.put("model.devices", "cpu");
    given.put("model.cache", folder + "/models");
    given.put("rollout.lease", "5s");
    given.put("rollout.soak", "200ms");
    given.put("rollout.keep-previous", "1s");
    // Three processes and their loads share the machine's cores: times say nothing.
    given.put("rollout.watch.slow-factor", "1000");
    given.put("batch.max-clips", "4");
    given.put("pipeline.decode-threads", "1");
    given.put("pipeline.max-decoded", "64MiB");
    given.put("pipeline.work-directory", folder + "/work");
    given.put("fetch.file-roots", videos.toString());
    return given;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Whether it has a version and its share of the partitions. */
  boolean isRunning() {
    return isAlive() && Files.exists(folder.resolve(RUNNING));
  }

  void kill() {
    process.kill();
  }

  /** Asks it to end, and waits. */
  void stop() {
    process.stop();
  }

  Gauge gauge() throws IOException {
    Files.deleteIfExists(folder.resolve(HEAP));
    process.ask(HEAP_REQUEST);
    long heap = Long.parseLong(process.await(folder.resolve(HEAP)));
    Path proc = Path.of("/proc", Long.toString(process.pid()));
    try (Stream<Path> files = Files.list(proc.resolve("fd"))) {
      return new Gauge(
          heap,
          status(proc, "RssAnon:") * 1024 - HEAP_BYTES,
          (int) files.count(),
          (int) status(proc, "Threads:"));
    }
  }

  private static long status(Path proc, String name) throws IOException {
    return Files.readAllLines(proc.resolve("status")).stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    Path folder = Path.of(args[0]);
    Map<String, String> given = new LinkedHashMap<>();
    for (String arg : List.of(args).subList(1, args.length)) {
      given.put(arg.substring(0, arg.indexOf('=')), arg.substring(arg.indexOf('=') + 1));
    }
    AppSettings settings = AppSettings.read(SettingsSources.load(given, null, Map.of(), Map.of()));
    Assembly assembly = new Assembly(settings);
    LabelApp app = assembly.labelApp(pipeline(assembly, settings));
    Runtime.getRuntime().addShutdownHook(new Thread(app::close));
    app.start();
    if (app.awaitRunning(Duration.ofMinutes(2))) {
      ServerProcess.answer(folder.resolve(RUNNING), "");
    }
    // Whoever started this process holds the other end of its standard input.
    for (int request = System.in.read(); request >= 0; request = System.in.read()) {
      System.gc();
      ServerProcess.answer(
          folder.resolve(HEAP), ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    Runtime.getRuntime().halt(1);
  }

  private static LabelPipeline pipeline(Assembly assembly, AppSettings settings)
      throws IOException {
    if (!settings.live().fromLog()) {
      return assembly.pipeline(settings.model().open());
    }
    String model = settings.live().routes().first();
    LiveGenerations generations = new LiveGenerations(model);
    LiveModel live = assembly.live(model, generations, assembly.generations());
    live.start();
    generations.serving().join();
    Thread watch = new Thread(() -> requireVersion(generations), "watch");
    watch.setDaemon(true);
    watch.start();
    return assembly.pipeline(generations);
  }

  private static void requireVersion(LiveGenerations generations) {
    while (generations.roles().active() != null) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    System.out.println(WITHOUT_A_VERSION);
    Runtime.getRuntime().halt(1);
  }
}
