package io.clipstream.model.clip;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What it costs to decode in a process of its own ({@link DecoderProcesses}) instead of in this
 * one: the same files, in turn here and there. One thread.
 */
public final class IsolationBenchmark implements AutoCloseable {
  private static final Sampling SAMPLING = Sampling.sliding(64);
  private static final int BUFFERS = 16;

  private final ClipSpec spec;
  private final ClipBuffers buffers;
  private final VideoDecoder decoder;
  private final DecoderProcesses processes = new DecoderProcesses();

  /**
   * Medians over the rounds.
   *
   * @param clips of a round
   * @param cpuRatio CPU time of both processes together, over that of decoding here
   * @param wallRatio the same of the time that passes
   */
  public record Result(int clips, double cpuRatio, double wallRatio) {}

  private record Cost(int clips, double cpuSeconds, double wallSeconds) {}

  /** Decodes files, one after the other, and says how many clips they have. */
  @FunctionalInterface
  private interface Pass {
    int run() throws IOException, InterruptedException;
  }

  public IsolationBenchmark(ClipSpec spec) {
    this.spec = spec;
    this.buffers = new ClipBuffers(spec.clipBytes(), (long) BUFFERS * spec.clipBytes());
    this.decoder = new VideoDecoder(spec, DecodeLimits.defaults(), buffers);
  }

  /**
   * Decodes every clip of the files again and again.
   *
   * @param rounds measured, after half as many, and one more, to warm up
   * @throws IOException if a file is no usable video
   */
  public Result measure(List<Path> files, int rounds) throws IOException, InterruptedException {
    double[] cpu = new double[rounds];
    double[] wall = new double[rounds];
    int clips = 0;
    for (int round = -rounds / 2 - 1; round < rounds; round++) {
      Cost here = cost(() -> here(files));
      Cost there = cost(() -> there(files));
      if (round >= 0) {
        cpu[round] = there.cpuSeconds() / here.cpuSeconds();
        wall[round] = there.wallSeconds() / here.wallSeconds();
      }
      clips = here.clips();
    }
    return new Result(clips, median(cpu), median(wall));
  }

  private Cost cost(Pass pass) throws IOException, InterruptedException {
    double cpu = cpuSeconds();
    long start = System.nanoTime();
    int clips = pass.run();
    return new Cost(clips, cpuSeconds() - cpu, (System.nanoTime() - start) / 1e9);
  }

  private int here(List<Path> files) throws IOException, InterruptedException {
    int clips = 0;
    for (Path file : files) {
      clips += clips(file, decoder.decode(file, SAMPLING, Optional.empty(), Clip::close));
    }
    return clips;
  }

  private int there(List<Path> files) throws IOException, InterruptedException {
    int clips = 0;
    for (Path file : files) {
      DecodeResult result =
          processes.decode(
              file,
              spec,
              SAMPLING,
              DecodeLimits.defaults(),
              Optional.empty(),
              buffers,
              Clip::close);
      clips += clips(file, result);
    }
    return clips;
  }

  private static int clips(Path file, DecodeResult result) throws IOException {
    if (result instanceof DecodeResult.Rejected rejected) {
      throw new IOException(file + ": " + rejected.detail());
    }
    return ((DecodeResult.Decoded) result).clips();
  }

  /** Of this thread and of the whole process that decodes. */
  private double cpuSeconds() {
    double own = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e9;
    return own
        + processes.pids().stream()
                .flatMap(pid -> ProcessHandle.of(pid).stream())
                .flatMap(process -> process.info().totalCpuDuration().stream())
                .mapToDouble(Duration::toNanos)
                .sum()
            / 1e9;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  @Override
  public void close() {
    processes.close();
  }
}
