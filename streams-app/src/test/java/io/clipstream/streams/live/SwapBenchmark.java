package io.clipstream.streams.live;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import io.clipstream.model.artifact.ManifestJson;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.GpuDecoding;
import io.clipstream.model.clip.PixelBudget;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.model.swin.Swin3dServing;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.models.ArtifactReader;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.schemas.models.TransferLimits;
import io.clipstream.schemas.models.TrustedKeys;
import io.clipstream.schemas.serde.AvroSerde;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.classify.GenerationFactory;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.live.rollout.Roles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Swaps between two versions of Swin3D under steady load, as an instance makes them, but without
 * Kafka: {@link ReleaseLoader} takes the artifact from the model cache, checks and loads it on its
 * own thread, warms and proves it; {@link LiveGenerations} takes it into use between two videos and
 * closes the old one after its last. Only fetching and decoding are left out ({@link SwapLoad}).
 *
 * <p>The weights are random. {@code ops/bench/hot-swap.md} holds what was measured.
 */
final class SwapBenchmark implements AutoCloseable {
  private static final String MODEL = "swapped";
  private static final String OLD = "1";
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

  /**
   * What is measured.
   *
   * @param batch most clips of a batch
   * @param soak for which both versions are loaded after each swap
   * @param between two swaps
   */
  record Setting(
      Device device,
      KernelMode kernels,
      Swin3dConfig network,
      Swin3dServing.Precision precision,
      int frames,
      int crop,
      int batch,
      Duration soak,
      Duration between) {}

  /**
   * What came of it.
   *
   * @param done every video that was labelled
   * @param steady where no swap was under way
   */
  record Result(
      List<SwapLoad.Done> done, List<SwapMeasures.Span> steady, List<SwapMeasures.Swap> swaps) {}

  private final Setting setting;
  private final Path folder;
  private final LiveGenerations generations = new LiveGenerations(MODEL);
  private final FileFetcher fetcher;
  private final ReleaseLoader loader;
  private final SwapLoad load;
  private final Map<String, ModelRelease> releases = new ConcurrentHashMap<>();
  private String serving = OLD;
  private long rollout = 1;

  /** Makes two versions, loads the first and takes it into use. */
  SwapBenchmark(Setting setting, Path folder) throws IOException, InterruptedException {
    this.setting = setting;
    this.folder = folder;
    for (String version : List.of(OLD, "2")) {
      releases.put(version, release(version));
    }
    BatchPolicy batch = BatchPolicy.upTo(setting.batch(), Duration.ofMillis(5));
    PixelBudget budget = new PixelBudget(2L << 30);
    GenerationFactory factory =
        new GenerationFactory(
            List.of(setting.device()),
            setting.kernels(),
            Sampling.sliding(4),
            DecodeLimits.defaults(),
            Optional.empty(),
            GpuDecoding.off(),
            budget,
            batch,
            PipelineObserver.NONE);
    ModelCache cache = new ModelCache(folder.resolve("cache"), 4L << 30);
    fetcher =
        new FileFetcher(
            FetchPolicy.defaults().withFileRoots(List.of(folder)), folder.resolve("work"));
    ModelLogConfig nowhere =
        new ModelLogConfig(
            ModelTopics.defaults(),
            Map.of("bootstrap.servers", "localhost:1"),
            AvroSerde.class.getName(),
            Map.of("schema.registry.url", "http://localhost:1"));
    loader =
        new ReleaseLoader(
            cache,
            new ArtifactFetch(
                new ArtifactReader(nowhere), fetcher, new TransferLimits(LIMIT, LIMIT)),
            TrustedKeys.read(List.of()),
            factory,
            new LiveOptions.Limits(LIMIT, LIMIT, LIMIT, LIMIT),
            new LoadMemory(new SystemMemory(), factory.devices(), batch),
            new LoadMarks(cache.folder(), 2));
    generations.put(OLD, made(OLD, new EnumMap<>(ModelState.class)));
    generations.use(new Roles(new Roles.Chosen(OLD, rollout), null, 0, null));
    load =
        new SwapLoad(
            generations, clip(), batch, budget, 8, Files.createFile(folder.resolve("video.mp4")));
  }

  private ClipSpec clip() {
    return new ClipSpec(
        setting.frames(),
        8,
        setting.crop(),
        setting.crop(),
        false,
        List.of(0.485f, 0.456f, 0.406f),
        List.of(0.229f, 0.224f, 0.225f));
  }

  private ModelRelease release(String version) throws IOException {
    int classes = setting.network().classes();
    ModelManifest manifest =
        new ModelManifest(
            MODEL,
            version,
            IntStream.range(0, classes).mapToObj(i -> "class " + i).toList(),
            clip(),
            null,
            null,
            null,
            null,
            null,
            null,
            null);
    Path file = folder.resolve(MODEL + "-" + version + ".pt");
    Swin3dServing.write(
        file,
        setting.network(),
        Swin3d.init(setting.network(), Integer.parseInt(version)),
        manifest,
        setting.precision());
    ModelArtifact artifact = ModelArtifact.open(file);
    return ModelRelease.newBuilder()
        .setModel(new ModelIdentity(MODEL, version, artifact.digest()))
        .setBytes(Files.size(file))
        .setUri(file.toUri().toString())
        .setManifest(ManifestJson.write(artifact.manifest()))
        .setPublishedAt(Instant.EPOCH)
        .build();
  }

  private Generation made(String version, Map<ModelState, Long> steps) {
    ReleaseLoader.Steps told =
        (step, percent) -> {
          synchronized (steps) {
            steps.putIfAbsent(step, System.nanoTime());
          }
        };
    Optional<List<String>> labels =
        generations.find(serving).map(generation -> generation.model().manifest().labels());
    ModelArtifact artifact = loader.prepare(releases.get(version), labels, told).result().join();
    return loader.load(artifact, DONE, DONE, told).result().join();
  }

  /** Swaps one after the other under the load that is on; ends early when the time is over. */
  Result swaps(int count, Duration longest) throws Exception {
    List<SwapMeasures.Swap> swaps = new ArrayList<>();
    List<SwapMeasures.Span> steady = new ArrayList<>();
    load.take();
    long end = System.nanoTime() + longest.toNanos();
    for (int i = 0; i < count && System.nanoTime() < end; i++) {
      steady.add(rest());
      swaps.add(swap());
    }
    steady.add(rest());
    return new Result(load.take(), steady, swaps);
  }

  private SwapMeasures.Span rest() throws InterruptedException {
    long from = System.nanoTime();
    TimeUnit.NANOSECONDS.sleep(setting.between().toNanos());
    return new SwapMeasures.Span(from, System.nanoTime());
  }

  private SwapMeasures.Swap swap() throws Exception {
    String version = serving.equals(OLD) ? "2" : OLD;
    Map<ModelState, Long> steps = new EnumMap<>(ModelState.class);
    long begun = System.nanoTime();
    Generation next = made(version, steps);
    Generation before = generations.find(serving).orElseThrow();
    generations.put(version, next);
    generations.use(new Roles(new Roles.Chosen(version, ++rollout), null, 0, null));
    final long inUse = System.nanoTime();
    TimeUnit.NANOSECONDS.sleep(setting.soak().toNanos());
    generations.drop(serving);
    if (!before.awaitClosed(LIMIT)) {
      throw new IllegalStateException(before + " does not end, it has " + before.videos());
    }
    serving = version;
    return new SwapMeasures.Swap(begun, steps, inUse, System.nanoTime(), memory());
  }

  /** In use on the GPU, by whatever process; of the host without one. */
  private long memory() throws IOException {
    if (setting.device().isGpu()) {
      return CudaUtils.getGpuMemory(setting.device()).getUsed();
    }
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("RssAnon:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }

  SwapLoad load() {
    return load;
  }

  /** Generations that have not ended. */
  int open() {
    return generations.count();
  }

  @Override
  public void close() {
    load.close();
    loader.close();
    fetcher.close();
  }

  private static Swin3dConfig network(String size) {
    return switch (size) {
      case "t" -> Swin3dConfig.tiny(400);
      case "s" -> Swin3dConfig.small(400);
      case "b" -> Swin3dConfig.base(400);
      case "l" -> Swin3dConfig.large(400);
      default ->
          new Swin3dConfig(
              8,
              List.of(2, 2),
              List.of(2, 4),
              List.of(4, 4, 4),
              List.of(2, 4, 4),
              2,
              0,
              0,
              0.1,
              true,
              10);
    };
  }

  /**
   * Arguments: {@code gpu} or {@code cpu}; t, s, b, l, or {@code least} for one that a CPU has no
   * trouble with; {@code auto}, {@code on} or {@code off} for kernels; then as often as wanted a
   * load, {@code full} or the part of it that comes evenly, with a number of swaps and the seconds
   * after which no more begin.
   */
  public static void main(String[] args) throws Exception {
    boolean gpu = args[0].equals("gpu");
    boolean least = args[1].equals("least");
    Setting setting =
        new Setting(
            gpu ? Device.gpu() : Device.cpu(),
            KernelMode.valueOf(args[2].toUpperCase(Locale.ROOT)),
            network(args[1]),
            gpu ? Swin3dServing.Precision.BF16 : Swin3dServing.Precision.FP32,
            least ? 8 : 32,
            least ? 32 : 224,
            least ? 4 : 16,
            Duration.ofMillis(200),
            Duration.ofMillis(500));
    Path folder = Files.createTempDirectory("swap-benchmark");
    long started = System.nanoTime();
    boolean fine = true;
    try (SwapBenchmark benchmark = new SwapBenchmark(setting, folder)) {
      System.out.printf(
          Locale.ROOT,
          "ready after %.1f s, artifacts of %.1f MiB%n",
          (System.nanoTime() - started) / 1e9,
          benchmark.releases.get(OLD).getBytes() / 1048576.0);
      double capacity = benchmark.capacity();
      for (int i = 3; i + 2 < args.length; i += 3) {
        int count = Integer.parseInt(args[i + 1]);
        Duration longest = Duration.ofSeconds(Long.parseLong(args[i + 2]));
        fine &= benchmark.measure(args[i], capacity, count, longest);
      }
    }
    System.out.println(fine ? "all as promised" : "NOT as promised");
    System.exit(fine ? 0 : 1); // Threads of the engine may be left.
  }

  private SwapLoad.Phase saturated() {
    return load.saturated(4 * setting.batch());
  }

  /** Videos a second at most, after some seconds to get warm. */
  @SuppressWarnings("try") // the load is on, never asked
  private double capacity() throws Exception {
    double capacity;
    try (SwapLoad.Phase full = saturated()) {
      TimeUnit.SECONDS.sleep(3);
      load.take();
      TimeUnit.SECONDS.sleep(4);
      capacity = load.take().size() / 4.0;
    }
    System.out.printf(
        Locale.ROOT, "capacity %.1f videos/s, memory %d MiB%n", capacity, memory() >> 20);
    return capacity;
  }

  @SuppressWarnings("try") // as above
  private boolean measure(String what, double capacity, int count, Duration longest)
      throws Exception {
    boolean full = what.equals("full");
    Result result;
    try (SwapLoad.Phase phase =
        full ? saturated() : load.even(capacity * Double.parseDouble(what))) {
      TimeUnit.SECONDS.sleep(3);
      result = swaps(count, longest);
    }
    SwapMeasures measures = new SwapMeasures(result.done());
    System.out.println(
        measures.report(
            full ? "full load" : what + " of the full load", result.steady(), result.swaps()));
    List<Long> memory = result.swaps().stream().map(swap -> swap.deviceBytes() >> 20).toList();
    System.out.println("MiB in use after each close: " + memory);
    List<SwapMeasures.Span> rollouts = result.swaps().stream().map(SwapMeasures.Swap::all).toList();
    double ratio = measures.perSecond(rollouts) / measures.perSecond(result.steady());
    double p99 = measures.latency(rollouts, 0.99);
    double wanted = measures.latency(result.steady(), 0.99) + 1e3 * setting.batch() / capacity;
    // The first swaps may leave more with the allocator than was there before.
    long settled = memory.get(Math.min(4, memory.size() - 1));
    boolean flat = memory.get(memory.size() - 1) - settled <= 64;
    System.out.printf(
        Locale.ROOT,
        "memory from the fifth close to the last: %+d MiB; throughput in rollouts %.3f; p99 in"
            + " rollouts %.1f ms, between them with a full batch %.1f ms; faults %s%n",
        memory.get(memory.size() - 1) - settled,
        ratio,
        p99,
        wanted,
        load.faults());
    // At full load latency says how many videos are on their way.
    return flat
        && ratio >= 0.95
        && (full || p99 <= wanted)
        && load.faults().isEmpty()
        && open() == 1;
  }
}
