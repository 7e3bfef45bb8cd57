package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.model.swin.Swin3dServing;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The benchmark of swaps on a GPU, small and on the CPU. */
@Timeout(300)
class SwapBenchmarkTest {
  private static final Swin3dConfig LEAST =
      new Swin3dConfig(
          8,
          List.of(2, 2),
          List.of(2, 4),
          List.of(4, 4, 4),
          List.of(2, 4, 4),
          2,
          0,
          0,
          0.1,
          true,
          10);

  @TempDir Path folder;

  @Test
  @SuppressWarnings("try") // the load is on, never asked
  void shouldLabelEveryVideoByTheVersionsInTurnAndCloseEachAfterItsLast() throws Exception {
    SwapBenchmark.Setting setting =
        new SwapBenchmark.Setting(
            Device.cpu(),
            KernelMode.OFF,
            LEAST,
            Swin3dServing.Precision.FP32,
            8,
            32,
            4,
            Duration.ofMillis(50),
            Duration.ofMillis(50));
    try (SwapBenchmark benchmark = new SwapBenchmark(setting, folder)) {
      SwapBenchmark.Result result;
      try (SwapLoad.Phase load = benchmark.load().even(50)) {
        result = benchmark.swaps(3, Duration.ofSeconds(60));
      }

      assertThat(benchmark.load().faults()).isEmpty();
      assertThat(benchmark.open()).isEqualTo(1);
      assertThat(result.swaps()).hasSize(3);
      assertThat(result.done()).extracting(SwapLoad.Done::version).contains("1", "2");
      SwapMeasures measures = new SwapMeasures(result.done());
      assertThat(measures.perSecond(result.steady())).isPositive();
      System.out.println(measures.report("on the CPU", result.steady(), result.swaps()));
    }
  }
}
