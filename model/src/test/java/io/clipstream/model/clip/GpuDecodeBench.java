package io.clipstream.model.clip;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Clips a second that a host decodes, 32 x 224 x 224 at 15 a second. Arguments: {@code cpu}, or
 * GPUs such as {@code 0} or {@code 0,1}; threads; {@code centre} or {@code whole}; seconds; files,
 * of which each thread takes the next in turn. With GPUs, threads beyond 16 for each wait for one
 * or help out, as in the service.
 */
public final class GpuDecodeBench {
  private static final ClipSpec SPEC =
      new ClipSpec(32, 15, 256, 224, false, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));

  /** Until decoders are open, threads of the CPU take whole videos: the card is half idle then. */
  private static final double WARM_SECONDS = 10;

  private final List<Path> files;
  private final Sampling sampling;
  private final VideoDecoder decoder;
  private final LongAdder clips = new LongAdder();
  private final LongAdder videos = new LongAdder();
  private volatile boolean measuring;
  private volatile boolean end;

  private GpuDecodeBench(List<Path> files, boolean whole, GpuDecoding gpus, int threads) {
    this.files = files;
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
    List<Path> files = Arrays.stream(args).skip(4).map(Path::of).toList();
    gpus.watch(() -> 100 * threads); // As in a backlog.
    GpuDecodeBench bench = new GpuDecodeBench(files, args[2].equals("whole"), gpus, threads);
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
    TimeUnit.MILLISECONDS.sleep((long) (1000 * Double.parseDouble(args[3])));
    bench.measuring = false;
    double seconds = (System.nanoTime() - begin) / 1e9;
    double cores = (cpuSeconds() - cpu) / seconds;
    onGpus = gpus.decoded() - onGpus;
    bench.end = true;
    for (Future<?> future : all) {
      future.get();
    }
    pool.shutdown();
    System.out.printf(
        Locale.ROOT,
        "%s, %d threads, %s %s: %.1f clips/s, %.1f videos/s, %d on GPUs, %d failed, %.1f cores%n",
        args[0].equals("cpu") ? "CPU" : "GPU " + args[0],
        threads,
        args[2],
        files.size() == 1 ? files.get(0).getFileName() : files.size() + " files",
        bench.clips.sum() / seconds,
        bench.videos.sum() / seconds,
        onGpus,
        gpus.left(LeftToCpu.FAILED),
        cores);
  }

  private Void decode(int first) throws InterruptedException, IOException {
    for (int i = first; !end; i++) {
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
