package io.clipstream.streams.bench;

import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.model.infer.Classifier;
import io.clipstream.model.infer.TorchClassifier;
import io.clipstream.streams.classify.CutResult;
import io.clipstream.streams.classify.Fetcher;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.classify.VideoRequest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.KafkaException;

/** Measures the way of references through the whole application, on a broker in this process. */
public final class PipelineBenchmark {
  /** References that the sender may be ahead of the outcomes: more than may be in flight. */
  private static final int AHEAD = 20_000;

  private PipelineBenchmark() {}

  /**
   * What went through with stages that cost nothing.
   *
   * @param references that were measured, after the warm-up
   * @param maxPending most references that were in flight at once, warm-up included
   */
  public record Throughput(long references, double seconds, int maxPending) {
    public double perSecond() {
      return references / seconds;
    }
  }

  /** Milliseconds from sending a reference to reading its committed outcome. */
  public record Latency(int samples, double median, double p90, double max) {}

  /**
   * The whole against its parts, in videos a second.
   *
   * @param pipeline outcomes of the whole application
   * @param decode fetching and decoding alone, on as many threads
   * @param classify forward passes alone, full batches on every device
   * @param clipsPerVideo that the files have on average
   */
  public record Stages(double pipeline, double decode, double classify, double clipsPerVideo) {
    /** The whole as a share of its slowest stage alone. */
    public double shareOfSlowest() {
      return pipeline / Math.min(decode, classify);
    }

    /**
     * The whole as a share of what one processor that runs both stages can do, {@code 1 / (1 /
     * decode + 1 / classify)}: the measure where the classifier runs on the cores that decode.
     */
    public double shareOfSharedCores() {
      return pipeline * (1 / decode + 1 / classify);
    }
  }

  /**
   * Memory of this process while videos go through.
   *
   * @param videos that had an outcome by then
   * @param heapBytes used after a garbage collection
   * @param residentBytes of the process, heap and native, without the files that it maps, such as
   *     the broker's; 0 where the system does not tell
   */
  public record MemorySample(long videos, long heapBytes, long residentBytes) {}

  /**
   * References a second with a decoder and a classifier that cost nothing: Avro, exactly once, with
   * producer, broker, application and consumer in this process and at work the whole time.
   *
   * @param directory for the broker's data
   * @param references to measure; half as many go before as warm-up
   */
  public static Throughput freeStages(Path directory, long references) throws InterruptedException {
    long warmUp = references / 2;
    long total = warmUp + references;
    try (BenchCluster cluster = new BenchCluster(directory, 1, 4000, FreeStages.pipeline())) {
      Thread sender = new Thread(() -> sendAhead(cluster, total), "bench-references");
      sender.setDaemon(true);
      sender.start();
      cluster.awaitOutcomes(warmUp);
      long first = cluster.outcomes();
      long start = System.nanoTime();
      cluster.awaitOutcomes(total);
      double seconds = seconds(start);
      return new Throughput(cluster.outcomes() - first, seconds, cluster.mostPending());
    }
  }

  /**
   * Sends references until {@code total} have an outcome, at most {@value #AHEAD} more than have
   * one: producing then takes its share of the machine from the first outcome to the last.
   */
  private static void sendAhead(BenchCluster cluster, long total) {
    try {
      for (long i = 0; i < total + AHEAD; i++) {
        if (i % 1000 == 0) {
          cluster.awaitOutcomes(i + 1000 - AHEAD);
        }
        cluster.send("video-" + i, "file:///videos/of/some/length/video-" + i + ".mp4");
      }
    } catch (InterruptedException | IllegalStateException | KafkaException ended) {
      // The cluster was closed or has failed; who waits for outcomes says so.
    }
  }

  /**
   * How long a single reference takes through an idle application, stages that cost nothing.
   *
   * @param samples measured one after the other at random moments, after 20 as warm-up
   */
  public static Latency idle(Path directory, int samples) throws InterruptedException {
    double[] millis = new double[samples];
    try (BenchCluster cluster = new BenchCluster(directory, 1, 1000, FreeStages.pipeline())) {
      for (int i = -20; i < samples; i++) {
        String id = "video-" + i;
        CompletableFuture<Long> seen = new CompletableFuture<>();
        cluster.onOutcome(
            key -> {
              if (key.equals(id)) {
                seen.complete(System.nanoTime());
              }
            });
        // At any phase of the application's polls and commits.
        Thread.sleep(ThreadLocalRandom.current().nextInt(250));
        long start = System.nanoTime();
        cluster.send(id, "file:///videos/" + id + ".mp4");
        cluster.flush();
        double took = (seen.join() - start) / 1e6;
        if (i >= 0) {
          millis[i] = took;
        }
      }
    }
    Arrays.sort(millis);
    return new Latency(samples, millis[samples / 2], millis[samples * 9 / 10], millis[samples - 1]);
  }

  /**
   * Outcomes a second of the whole application with real stages, against each stage alone.
   *
   * @param videos to measure for the whole and for decoding; a fifth as many go before as warm-up
   */
  public static Stages realStages(Path directory, RealStages stages, int videos)
      throws InterruptedException {
    int warmUp = Math.max(1, videos / 5);
    double clipsPerVideo = (double) decodeAlone(stages, warmUp) / warmUp;
    long start = System.nanoTime();
    long clips = decodeAlone(stages, videos);
    double decode = videos / seconds(start);
    double classify = classifyAlone(stages, Math.max(clips, 1)) / clipsPerVideo;
    return new Stages(
        pipelineRate(directory, stages, warmUp, videos), decode, classify, clipsPerVideo);
  }

  /**
   * Heap and resident memory while real videos go through the whole application.
   *
   * @param samples at even steps, the first after {@code videos / samples} videos
   */
  public static List<MemorySample> memory(
      Path directory, RealStages stages, int videos, int samples) throws InterruptedException {
    List<MemorySample> taken = new ArrayList<>();
    try (BenchCluster cluster = new BenchCluster(directory, 1, 500, stages.pipeline())) {
      startSending(cluster, stages, videos);
      for (int i = 1; i <= samples; i++) {
        long count = (long) videos * i / samples;
        cluster.awaitOutcomes(count);
        System.gc();
        taken.add(
            new MemorySample(
                count,
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                residentBytes()));
      }
    }
    return taken;
  }

  private static double pipelineRate(Path directory, RealStages stages, int warmUp, int videos)
      throws InterruptedException {
    try (BenchCluster cluster = new BenchCluster(directory, 1, 500, stages.pipeline())) {
      startSending(cluster, stages, warmUp + videos);
      cluster.awaitOutcomes(warmUp);
      long first = cluster.outcomes();
      long start = System.nanoTime();
      cluster.awaitOutcomes(warmUp + videos);
      double rate = (warmUp + videos - first) / seconds(start);
      if (cluster.rejected() > 0) {
        throw new IllegalStateException(
            cluster.rejected() + " videos were rejected, expected none");
      }
      return rate;
    }
  }

  private static void startSending(BenchCluster cluster, RealStages stages, int videos) {
    Thread sender =
        new Thread(
            () -> {
              for (int i = 0; i < videos; i++) {
                cluster.send("video-" + i, stages.uri(i));
              }
              cluster.flush();
            },
            "bench-references");
    sender.setDaemon(true);
    sender.start();
  }

  /** Fetches and decodes without classifying; returns the clips. */
  private static long decodeAlone(RealStages stages, int videos) throws InterruptedException {
    AtomicLong next = new AtomicLong();
    AtomicLong clips = new AtomicLong();
    Generation generation = stages.generation(); // only cuts, and is not started
    try (Fetcher fetcher = stages.fetcher()) {
      inParallel(
          stages.decodeThreads(),
          () -> {
            for (long n = next.getAndIncrement(); n < videos; n = next.getAndIncrement()) {
              clips.addAndGet(decode(fetcher, generation, stages.request(n)));
            }
            return null;
          });
    }
    return clips.get();
  }

  private static int decode(Fetcher fetcher, Generation generation, VideoRequest request)
      throws InterruptedException {
    if (fetcher.fetch(request) instanceof FetchResult.Fetched fetched) {
      try (LocalFile video = fetched.file()) {
        if (generation.cutter().cut(video, Optional.empty(), Clip::close)
            instanceof CutResult.Cut cut) {
          return cut.clips();
        }
      }
    }
    throw new IllegalStateException(request.reference().getUri() + " was rejected");
  }

  /** Classifies full batches of blank clips on every device; returns clips a second of all. */
  private static double classifyAlone(RealStages stages, long clips) throws InterruptedException {
    ClipSpec spec = stages.artifact().manifest().clip();
    int batchSize = stages.batch().maxClips();
    long batches = Math.max(3, clips / batchSize / stages.devices().size());
    AtomicInteger device = new AtomicInteger();
    List<Double> rates = Collections.synchronizedList(new ArrayList<>());
    inParallel(
        stages.devices().size(),
        () -> {
          ClipBuffers buffers =
              new ClipBuffers(spec.clipBytes(), (long) batchSize * spec.clipBytes());
          List<Clip> batch = new ArrayList<>();
          for (int i = 0; i < batchSize; i++) {
            batch.add(buffers.take(new TimeRange(0, 1), 0));
          }
          try (Classifier classifier =
              TorchClassifier.load(
                  stages.artifact(),
                  stages.devices().get(device.getAndIncrement()),
                  stages.batch().sizes())) {
            long start = System.nanoTime();
            for (long i = 0; i < batches; i++) {
              float[][] unused = classifier.classify(batch);
            }
            rates.add(batches * batchSize / seconds(start));
          }
          return null;
        });
    return rates.stream().mapToDouble(Double::doubleValue).sum();
  }

  private static void inParallel(int threads, Callable<Void> work) throws InterruptedException {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      for (Future<Void> result : executor.invokeAll(Collections.nCopies(threads, work))) {
        result.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
    } finally {
      executor.shutdownNow();
    }
  }

  private static double seconds(long startNanos) {
    return (System.nanoTime() - startNanos) / 1e9;
  }

  /** Linux alone says it; elsewhere 0. */
  private static long residentBytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("RssAnon:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException noProc) {
      return 0;
    }
    return 0;
  }
}
