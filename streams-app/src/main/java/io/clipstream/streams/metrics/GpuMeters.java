package io.clipstream.streams.metrics;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * What NVIDIA's driver tells of each GPU of this machine, asked for at each scrape. Where there is
 * no driver, there is nothing. What a GPU does not tell, such as the utilisation of one that is
 * partitioned (MIG), has no meter. All threads.
 */
final class GpuMeters implements AutoCloseable {
  /** Longer than any name and UUID of NVML. */
  private static final int TEXT = 96;

  private static final double PERCENT = 100;

  private final Optional<Nvml> nvml;

  /**
   * @param nvml started; stopped with this
   */
  GpuMeters(Optional<Nvml> nvml, MeterRegistry registry) {
    this.nvml = nvml;
    nvml.ifPresent(library -> bind(library, registry));
  }

  private static void bind(Nvml nvml, MeterRegistry registry) {
    IntByReference count = new IntByReference();
    if (nvml.nvmlDeviceGetCount_v2(count) != Nvml.SUCCESS) {
      return;
    }
    for (int i = 0; i < count.getValue(); i++) {
      PointerByReference handle = new PointerByReference();
      if (nvml.nvmlDeviceGetHandleByIndex_v2(i, handle) == Nvml.SUCCESS) {
        bind(new Gpu(nvml, handle.getValue()), i, registry);
      }
    }
  }

  private static void bind(Gpu gpu, int number, MeterRegistry registry) {
    Tags tags = Tags.of("gpu", Integer.toString(number), "uuid", gpu.uuid(), "name", gpu.name());
    gauge(
        registry,
        tags,
        "clipstream.gpu.utilization.ratio",
        null,
        "Share of the time in which a kernel of any process ran on the GPU",
        gpu,
        Gpu::utilization);
    gauge(
        registry,
        tags,
        "clipstream.gpu.decoder.utilization.ratio",
        null,
        "Share of the time in which the GPU's video decoder was busy",
        gpu,
        Gpu::decoderUtilization);
    gauge(
        registry,
        tags,
        "clipstream.gpu.memory.used",
        "bytes",
        "Memory of the GPU that any process or the driver holds",
        gpu,
        Gpu::memoryUsed);
    gauge(
        registry,
        tags,
        "clipstream.gpu.memory.size",
        "bytes",
        "Memory that the GPU has",
        gpu,
        Gpu::memorySize);
  }

  private static void gauge(
      MeterRegistry registry,
      Tags tags,
      String name,
      String unit,
      String what,
      Gpu gpu,
      ToDoubleFunction<Gpu> value) {
    if (Double.isFinite(value.applyAsDouble(gpu))) {
      Gauge.builder(name, gpu, value)
          .baseUnit(unit)
          .description(what)
          .tags(tags)
          .strongReference(true)
          .register(registry);
    }
  }

  /** One of them; a value that it does not tell is NaN. */
  private record Gpu(Nvml nvml, Pointer device) {
    String name() {
      byte[] text = new byte[TEXT];
      return nvml.nvmlDeviceGetName(device, text, TEXT) == Nvml.SUCCESS
          ? Native.toString(text, StandardCharsets.US_ASCII)
          : "unknown";
    }

    String uuid() {
      byte[] text = new byte[TEXT];
      return nvml.nvmlDeviceGetUUID(device, text, TEXT) == Nvml.SUCCESS
          ? Native.toString(text, StandardCharsets.US_ASCII)
          : "unknown";
    }

    double utilization() {
      int[] percents = new int[2];
      return nvml.nvmlDeviceGetUtilizationRates(device, percents) == Nvml.SUCCESS
          ? percents[0] / PERCENT
          : Double.NaN;
    }

    double decoderUtilization() {
      IntByReference percent = new IntByReference();
      return nvml.nvmlDeviceGetDecoderUtilization(device, percent, new IntByReference())
              == Nvml.SUCCESS
          ? percent.getValue() / PERCENT
          : Double.NaN;
    }

    double memorySize() {
      return memory(0);
    }

    double memoryUsed() {
      return memory(2);
    }

    private double memory(int which) {
      long[] bytes = new long[3];
      return nvml.nvmlDeviceGetMemoryInfo(device, bytes) == Nvml.SUCCESS
          ? bytes[which]
          : Double.NaN;
    }
  }

  @Override
  public void close() {
    nvml.ifPresent(
        library -> {
          int unused = library.nvmlShutdown();
        });
  }
}
