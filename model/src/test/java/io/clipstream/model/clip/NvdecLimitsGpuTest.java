package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.clipstream.model.cuda.CudaException;
import io.clipstream.model.cuda.Gpu;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What GPUs that decode take, share, and do without. */
@Tag("gpu")
class NvdecLimitsGpuTest {
  private static final Sampling CENTRE = Sampling.views(1, 1);
  private static final int SIZES = 50;
  private static final int VIDEOS = 20_000;
  private static final int VIDEOS_OF_A_PASS = 1000;

  /** Until there is a decoder for a size the CPU decodes, and is quick with videos as small. */
  private static final int MOST_PASSES = 200;

  private static final int THREADS = 16;
  private static final long SLACK_MIB = 64;

  @TempDir Path folder;

  private final ClipSpec spec = GpuClips.spec(false);
  private final List<Path> files = new ArrayList<>();
  private final List<List<byte[]>> expected = new ArrayList<>();

  @BeforeAll
  static void open() {
    assumeTrue(GpuDecoding.on(List.of(0)).places() > 0, "there is no GPU that decodes");
  }

  private void write(int sizes) throws Exception {
    for (int i = 0; i < sizes; i++) {
      VideoEncoder.Settings settings =
          VideoEncoder.Settings.of("libopenh264", 160 + 16 * i, 144, 30);
      files.add(TestVideos.write(folder.resolve(i + ".mp4"), settings, 16));
      List<byte[]> clips = new ArrayList<>();
      GpuClips.decode(spec, GpuDecoding.off(), files.get(i), CENTRE, clips);
      expected.add(clips);
    }
  }

  /** Videos in any order, by all threads: each gives the CPU's clips. */
  private void decode(GpuDecoding gpus, ClipBuffers buffers, int videos, Random order)
      throws Exception {
    VideoDecoder decoder = new VideoDecoder(spec, DecodeLimits.defaults(), buffers, gpus);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS * gpus.gpus().size());
    try {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < videos; i++) {
        int at = order.nextInt(files.size());
        tasks.add(
            () -> {
              List<byte[]> clips = new ArrayList<>();
              GpuClips.decode(decoder, files.get(at), CENTRE, clips);
              assertThat(Arrays.deepEquals(clips.toArray(), expected.get(at).toArray())).isTrue();
              return null;
            });
      }
      for (Future<Void> task : threads.invokeAll(tasks)) {
        task.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private ClipBuffers buffers(GpuDecoding gpus) {
    return new ClipBuffers(spec.clipBytes(), new PixelBudget(1L << 30, gpus));
  }

  @Test
  void shouldTakeNoMoreMemoryOnceEachSizeCame() throws Exception {
    write(SIZES);
    GpuDecoding gpus = GpuDecoding.on(List.of(0));
    DecodingGpu first = gpus.gpus().get(0);
    ClipBuffers buffers = buffers(gpus);
    Gpu gpu = Gpu.open(0);
    Random order = new Random(1);
    List<Long> onGpu = new ArrayList<>();
    List<Long> inProcess = new ArrayList<>();
    long begun = System.nanoTime();
    while (gpus.decoded() < VIDEOS && onGpu.size() < MOST_PASSES) {
      decode(gpus, buffers, VIDEOS_OF_A_PASS, order);
      onGpu.add(gpu.memoryTaken() >> 20);
      inProcess.add(resident() >> 20);
      System.out.printf(
          "%d videos, %d on the GPU: %d MiB taken there, %d of the process, %d opened%n",
          onGpu.size() * VIDEOS_OF_A_PASS,
          gpus.decoded(),
          onGpu.get(onGpu.size() - 1),
          inProcess.get(onGpu.size() - 1),
          first.opened());
    }
    System.out.printf(
        "%d sizes, %d s, %d decoders of %d MiB by estimate, %s%n",
        SIZES,
        (System.nanoTime() - begun) / 1_000_000_000,
        first.decoders(),
        first.decoderBytes() >> 20,
        told(gpus));
    assertThat(gpus.decoded()).isGreaterThanOrEqualTo(VIDEOS);
    assertThat(gpus.left(LeftToCpu.FAILED)).isZero();
    assertThat(buffers.lent()).isZero();
    int passes = onGpu.size();
    int half = passes / 2;
    assertThat(most(onGpu, half, passes)).isLessThanOrEqualTo(most(onGpu, 0, half) + SLACK_MIB);
    assertThat(most(inProcess, half, passes))
        .isLessThanOrEqualTo(most(inProcess, 0, half) + 2 * SLACK_MIB);
  }

  private static long most(List<Long> values, int from, int to) {
    return values.subList(from, to).stream().mapToLong(Long::longValue).max().orElseThrow();
  }

  private static long resident() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("RssAnon:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void shouldShareVideosAmongGpusEachWithDecodersOfItsOwn() throws Exception {
    GpuDecoding gpus = GpuDecoding.on(List.of(0, 1));
    assumeTrue(gpus.gpus().size() == 2, "there are no two GPUs");
    write(4);
    int passes = 0;
    while (gpus.gpus().stream().anyMatch(gpu -> gpu.decoded() < 2_000) && passes < MOST_PASSES) {
      decode(gpus, buffers(gpus), VIDEOS_OF_A_PASS, new Random(passes++));
    }
    for (DecodingGpu gpu : gpus.gpus()) {
      System.out.printf(
          "GPU %d of two: %d videos of %d, %d decoders, %d opened%n",
          gpu.number(), gpu.decoded(), passes * VIDEOS_OF_A_PASS, gpu.decoders(), gpu.opened());
      assertThat(gpu.decoded()).isGreaterThanOrEqualTo(2_000);
      assertThat(gpu.decoders()).isPositive();
    }
    assertThat(gpus.left(LeftToCpu.FAILED)).isZero();
  }

  /** What little is left may do for a small video: the clips count, and that it decodes again. */
  @Test
  void shouldDecodeAgainOnceTheGpusMemoryIsFree() throws Exception {
    write(1);
    GpuDecoding others = GpuDecoding.on(List.of(0)); // with no decoder yet
    Gpu gpu = Gpu.open(0);
    List<Long> taken = new ArrayList<>();
    try {
      for (long bytes = 8L << 30; bytes >= 1 << 20; ) {
        try {
          taken.add(gpu.allocate(bytes));
        } catch (CudaException e) {
          bytes /= 2;
        }
      }
      decode(others, buffers(others), 3, new Random(1));
      System.out.println("without memory: " + told(others));
    } finally {
      taken.forEach(gpu::free);
      try (Gpu.Mark freed = gpu.new Mark()) {
        freed.await(); // until then CUDA keeps what was freed for allocations on that stream
      }
    }
    long before = others.decoded();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (others.decoded() < before + 100 && System.nanoTime() < end) {
      decode(others, buffers(others), 100, new Random(1));
    }
    System.out.println("with memory: " + told(others));
    assertThat(others.decoded()).isGreaterThanOrEqualTo(before + 100);
  }

  @Test
  void shouldDecodeOnTheCpuWhereAnotherProcessHasTheDecoders() throws Exception {
    write(1);
    GpuDecoding before = GpuDecoding.on(List.of(0));
    Process hog =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                DecoderHog.class.getName(),
                files.get(0).toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(hog.getInputStream(), StandardCharsets.UTF_8))) {
      String line = said.readLine();
      decode(before, buffers(before), 40, new Random(1));
      GpuDecoding since = GpuDecoding.on(List.of(0));
      decode(since, buffers(since), 40, new Random(1));
      System.out.printf(
          "another process %s; decodes of one that began before: %s; since: %s%n",
          line, told(before), told(since));
      assertThat(line).startsWith("holds ");
      // What the other process was refused last may do for a decode of these.
      assertThat(before.decoded() + since.decoded()).isLessThan(8);
    } finally {
      hog.destroyForcibly().waitFor();
    }
    GpuDecoding after = GpuDecoding.on(List.of(0));
    decode(after, buffers(after), 40, new Random(1));
    System.out.println("after it ended: " + told(after));
    assertThat(after.decoded()).isPositive();
  }

  private static String told(GpuDecoding gpus) {
    return gpus.decoded()
        + " on the GPU, "
        + gpus.left(LeftToCpu.FAILED)
        + " failed there, "
        + gpus.left(LeftToCpu.NO_DECODER)
        + " had no decoder, "
        + gpus.left(LeftToCpu.PAUSED)
        + " met with a pause";
  }
}
