package io.clipstream.model.clip;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Clips a second that a host decodes, 32 x 224 x 224 at 15 a second. Arguments: {@code cpu}, or
 * GPUs such as {@code 0} or {@code 0,1}; threads; {@code centre} or {@code whole}; seconds; files,
 * which are taken in turn. With GPUs, threads beyond 16 for each wait for one or help out, as in
 * the service. There is a backlog; with {@code SECONDS@RATE} so many videos a second come at random
 * times instead, and how long they take from then on is told too.
 */
public final class GpuDecodeBench {
  private static final ClipSpec SPEC =
      new ClipSpec(32, 15, 256, 224, false, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));

  /** Until decoders are open, threads of the CPU take whole videos: the card is half idle then. */
  private static final double WARM_SECONDS = 10;

  private final List<Path> files;
  private final Sampling sampling;
  private final VideoDecoder decoder;
  private final Arrivals arrivals;
  private final LongAdder clips = new LongAdder();
  private final LongAdder videos = new LongAdder();
  private volatile boolean measuring;
  private volatile boolean end;

  /** Times, {@link System#nanoTime}, at which videos came that wait now; closed by the last one. */
  private static final class Arrivals {
    private static final long LAST = Long.MIN_VALUE;

    private final double rate; // 0: as many as are wanted, at once
    private final BlockingQueue<Long> waiting = new LinkedBlockingQueue<>();
    private final List<Double> millis = Collections.synchronizedList(new ArrayList<>());

    Arrivals(double rate) {
      this.rate = rate;
    }

    int waiting(int backlog) {
      return rate == 0 ? backlog : waiting.size();
    }

    /** Lets videos come, with exponential gaps, until the end. */
    void run(BooleanSupplier end) {
      SplittableRandom random = new SplittableRandom(1);
      double next = System.nanoTime();
      while (rate > 0 && !end.getAsBoolean()) {
        next -= 1e9 * Math.log(1 - random.nextDouble()) / rate;
        for (long now = System.nanoTime(); now < next; now = System.nanoTime()) {
          LockSupport.parkNanos((long) next - now);
        }
        waiting.add((long) next);
      }
    }

    /** When the next video came; empty if there is none any more. */
    OptionalLong next(boolean end) throws InterruptedException {
      if (rate == 0) {
        return end ? OptionalLong.empty() : OptionalLong.of(System.nanoTime());
      }
      long at = end ? LAST : waiting.take();
      if (at == LAST) {
        waiting.add(LAST); // for the other threads
        return OptionalLong.empty();
      }
      return OptionalLong.of(at);
    }

    String latency() {
      double[] sorted = millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      return rate == 0 || sorted.length == 0
          ? ""
          : String.format(
              Locale.ROOT,
              ", %.0f videos/s come: p50 %.0f, p95 %.0f, p99 %.0f ms",
              rate,
              sorted[sorted.length / 2],
              sorted[sorted.length * 95 / 100],
              sorted[sorted.length * 99 / 100]);
    }
  }

  private GpuDecodeBench(
      List<Path> files, boolean whole, GpuDecoding gpus, int threads, Arrivals arrivals) {
    this.files = files;
    this.arrivals = arrivals;
    this.sampling = whole ? Sampling.sliding(100) : Sampling.views(1, 1);
    PixelBudget budget = new PixelBudget(4L * threads * SPEC.clipBytes(), gpus);
    ClipBuffers buffers = new ClipBuffers(SPEC.clipBytes(), budget);
    this.decoder = new VideoDecoder(SPEC, DecodeLimits.defaults(), buffers, gpus);
  }

  public static void main(String[] args) throws Exception {
    GpuDecoding gpus =
        args[0].equals("cpu")
            ? GpuDecoding.off()
            : GpuDecoding.on(Arrays.stream(args[0].split(",")).map(Integer::valueOf).toList());
    int threads = Integer.parseInt(args[1]);
    String[] time = args[3].split("@");
    Arrivals arrivals = new Arrivals(time.length > 1 ? Double.parseDouble(time[1]) : 0);
    List<Path> files = Arrays.stream(args).skip(4).map(Path::of).toList();
    gpus.watch(() -> arrivals.waiting(100 * threads));
    GpuDecodeBench bench =
        new GpuDecodeBench(files, args[2].equals("whole"), gpus, threads, arrivals);
    Thread coming = new Thread(() -> arrivals.run(() -> bench.end));
    coming.start();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int first = i;
      all.add(pool.submit(() -> bench.decode(first)));
    }
    TimeUnit.MILLISECONDS.sleep((long) (1000 * WARM_SECONDS));
    long onGpus = gpus.decoded();
    double cpu = cpuSeconds();
    long begin = System.nanoTime();
    bench.measuring = true;
    TimeUnit.MILLISECONDS.sleep((long) (1000 * Double.parseDouble(time[0])));
    bench.measuring = false;
    double seconds = (System.nanoTime() - begin) / 1e9;
    double cores = (cpuSeconds() - cpu) / seconds;
    onGpus = gpus.decoded() - onGpus;
    bench.end = true;
    arrivals.waiting.add(Arrivals.LAST);
    coming.join();
    for (Future<?> future : all) {
      future.get();
    }
    pool.shutdown();
    System.out.printf(
        Locale.ROOT,
        "%s, %d threads, %s %s: %.1f clips/s, %.1f videos/s, %d on GPUs, %d failed, %.1f cores%s%n",
        args[0].equals("cpu") ? "CPU" : "GPU " + args[0],
        threads,
        args[2],
        files.size() == 1 ? files.get(0).getFileName() : files.size() + " files",
        bench.clips.sum() / seconds,
        bench.videos.sum() / seconds,
        onGpus,
        gpus.left(LeftToCpu.FAILED),
        cores,
        arrivals.latency());
  }

  private Void decode(int first) throws InterruptedException, IOException {
    OptionalLong came = arrivals.next(end);
    for (int i = first; came.isPresent(); i++, came = arrivals.next(end)) {
      boolean counts = measuring;
      Path file = files.get(i % files.size());
      DecodeResult result =
          decoder.decode(
              file,
              sampling,
              Optional.empty(),
              clip -> {
                clip.close();
                if (measuring) {
                  clips.increment();
                }
              });
      if (result instanceof DecodeResult.Rejected rejected) {
        throw new IOException(file + ": " + rejected.detail());
      }
      if (measuring) {
        videos.increment();
      }
      if (counts) {
        arrivals.millis.add((System.nanoTime() - came.getAsLong()) / 1e6);
      }
    }
    return null;
  }

  /** Of this process (proc(5), stat). */
  private static double cpuSeconds() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
  }
}
