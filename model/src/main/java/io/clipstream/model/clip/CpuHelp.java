package io.clipstream.model.clip;

/**
 * Whether a CPU thread decodes a video although GPUs could, all of whose places are taken: if it is
 * done earlier so than by waiting in line. One thread at a time.
 */
final class CpuHelp {
  /** Of a new time in the average. */
  private static final double WEIGHT = 1 / 16.0;

  private final int places;
  private double gpuNanos; // 0: not known
  private double cpuNanos;

  /**
   * @param places videos that GPUs decode at once
   */
  CpuHelp(int places) {
    this.places = places;
  }

  /**
   * @param waiting videos that wait for their decoding
   */
  boolean isWanted(int waiting) {
    return cpuNanos < gpuNanos * (1 + waiting / (double) places) || cpuNanos == 0;
  }

  /** A GPU decoded a video in this time, while all that it decodes took turns. */
  void gpuTook(long nanos) {
    gpuNanos = average(gpuNanos, nanos);
  }

  /** A CPU thread decoded a video that a GPU could have decoded. */
  void cpuTook(long nanos) {
    cpuNanos = average(cpuNanos, nanos);
  }

  private static double average(double before, long nanos) {
    return before == 0 ? nanos : before + WEIGHT * (nanos - before);
  }
}
