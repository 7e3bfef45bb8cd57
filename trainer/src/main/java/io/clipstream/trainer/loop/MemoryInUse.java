package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Memory that a training takes, for people: of the GPUs that it runs on all that is in use, of
 * whichever process, else what the process occupies. One thread.
 */
final class MemoryInUse {
  private static final Path STATUS = Path.of("/proc/self/status");

  /** It is asked for no more often. */
  private static final long INTERVAL_NANOS = 1_000_000_000;

  private final List<Device> devices;
  private String note = "";
  private long askedNanos;

  MemoryInUse(List<Device> devices) {
    this.devices = List.copyOf(devices);
    this.askedNanos = System.nanoTime() - INTERVAL_NANOS;
  }

  /** {@code ", 12.4 GiB"}, as of a second ago at most; empty where the system does not tell. */
  String note() {
    long now = System.nanoTime();
    if (now - askedNanos >= INTERVAL_NANOS) {
      askedNanos = now;
      long bytes = bytes();
      note = bytes > 0 ? String.format(Locale.ROOT, ", %.1f GiB", bytes / (double) (1 << 30)) : "";
    }
    return note;
  }

  private long bytes() {
    if (devices.get(0).isGpu()) {
      return devices.stream()
          .mapToLong(device -> CudaUtils.getGpuMemory(device).getCommitted())
          .sum();
    }
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(0);
    } catch (IOException e) { // no Linux
      return 0;
    }
  }
}
