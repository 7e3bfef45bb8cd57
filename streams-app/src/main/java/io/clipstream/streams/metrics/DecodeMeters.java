package io.clipstream.streams.metrics;

import io.clipstream.model.clip.DecodingGpu;
import io.clipstream.model.clip.LeftToCpu;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** What GPUs decode, and what they leave to the CPU; nothing where none decodes. */
public final class DecodeMeters {
  private DecodeMeters() {}

  /**
   * @param left videos that were left to the CPU so far, by reason
   */
  public static void bind(
      List<DecodingGpu> gpus, ToDoubleFunction<LeftToCpu> left, MeterRegistry registry) {
    for (DecodingGpu gpu : gpus) {
      String number = Integer.toString(gpu.number());
      FunctionCounter.builder("clipstream.gpu.videos", gpu, DecodingGpu::decoded)
          .description("Videos that the GPU decoded")
          .tag("gpu", number)
          .register(registry);
      FunctionCounter.builder("clipstream.gpu.decoders.opened", gpu, DecodingGpu::opened)
          .description("Decoders opened on the GPU, some 50 ms each, one at a time")
          .tag("gpu", number)
          .register(registry);
      Gauge.builder("clipstream.gpu.decoders", gpu, DecodingGpu::decoders)
          .description("Decoders that are open on the GPU")
          .tag("gpu", number)
          .strongReference(true)
          .register(registry);
      Gauge.builder("clipstream.gpu.decoders.memory", gpu, DecodingGpu::decoderBytes)
          .baseUnit("bytes")
          .description("Memory of the GPU that they take, estimated")
          .tag("gpu", number)
          .strongReference(true)
          .register(registry);
    }
    if (!gpus.isEmpty()) {
      for (LeftToCpu why : LeftToCpu.values()) {
        FunctionCounter.builder("clipstream.gpu.videos.left", why, left)
            .description("Videos that GPUs left to the CPU")
            .tag("reason", why.label())
            .register(registry);
      }
    }
  }
}
