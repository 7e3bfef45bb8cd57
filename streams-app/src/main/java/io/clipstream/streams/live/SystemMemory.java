package io.clipstream.streams.live;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import io.clipstream.model.infer.DeviceCache;
import java.io.IOException;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the GPU's driver and Linux say of memory. All threads. */
final class SystemMemory implements FreeMemory {
  private static final Logger log = LoggerFactory.getLogger(SystemMemory.class);
  private static final Path CGROUP = Path.of("/sys/fs/cgroup");

  @Override
  public OptionalLong on(Device device) {
    try {
      MemoryUsage usage = CudaUtils.getGpuMemory(device);
      return OptionalLong.of(usage.getMax() - usage.getCommitted());
    } catch (RuntimeException | LinkageError e) {
      log.debug("The memory of {} is not known", device, e);
      return OptionalLong.empty();
    }
  }

  @Override
  public void trim() {
    DeviceCache.empty();
  }

  /** Also of the limit of the container (cgroup v2). */
  @Override
  public OptionalLong onHost() {
    OptionalLong available = kilobytes(Path.of("/proc/meminfo"), "MemAvailable:");
    OptionalLong limit = number(CGROUP.resolve("memory.max"));
    OptionalLong used = number(CGROUP.resolve("memory.current"));
    if (limit.isEmpty() || used.isEmpty()) {
      return available;
    }
    // Pages of files that were read count as used, and are given up when memory is needed.
    long cache = field(CGROUP.resolve("memory.stat"), "inactive_file ").orElse(0);
    long left = limit.getAsLong() - used.getAsLong() + cache;
    return OptionalLong.of(Math.min(left, available.orElse(Long.MAX_VALUE)));
  }

  private static OptionalLong kilobytes(Path file, String name) {
    OptionalLong found = field(file, name);
    return found.isPresent() ? OptionalLong.of(found.getAsLong() << 10) : found;
  }

  private static OptionalLong number(Path file) {
    return field(file, "");
  }

  /** The number of the first line that begins so. */
  private static OptionalLong field(Path file, String name) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(name.length()).replaceAll("\\D", ""))
          .filter(digits -> !digits.isEmpty())
          .mapToLong(Long::parseLong)
          .findFirst();
    } catch (IOException | RuntimeException e) {
      return OptionalLong.empty();
    }
  }
}
