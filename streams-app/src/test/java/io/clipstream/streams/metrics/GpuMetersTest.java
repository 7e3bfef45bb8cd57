package io.clipstream.streams.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GpuMetersTest {
  private static final String FIRST = "{gpu=\"0\",name=\"A card\",uuid=\"GPU-0\"} ";
  private static final String SECOND = "{gpu=\"1\",name=\"A card\",uuid=\"GPU-1\"} ";

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final FakeGpus driver = new FakeGpus();

  @Test
  void shouldTellWhatEachGpuTells() {
    var unused = new GpuMeters(Optional.of(driver), registry);

    assertThat(registry.scrape().lines())
        .contains(
            "clipstream_gpu_utilization_ratio" + FIRST + "0.87",
            "clipstream_gpu_decoder_utilization_ratio" + FIRST + "0.12",
            "clipstream_gpu_memory_used_bytes" + FIRST + "3.221225472E9",
            "clipstream_gpu_memory_size_bytes" + FIRST + "8.589934592E10",
            "clipstream_gpu_memory_size_bytes" + SECOND + "8.589934592E10")
        .noneMatch(line -> line.startsWith("clipstream_gpu_utilization_ratio" + SECOND));
  }

  @Test
  void shouldTellNoValueOfAGpuThatIsLost() {
    var unused = new GpuMeters(Optional.of(driver), registry);

    driver.lost = true;

    assertThat(registry.scrape().lines())
        .contains("clipstream_gpu_utilization_ratio" + FIRST + "NaN");
  }

  @Test
  void shouldStopTheLibraryAtItsEnd() {
    new GpuMeters(Optional.of(driver), registry).close();

    assertThat(driver.stopped).isTrue();
  }

  @Test
  void shouldTellNothingWhereThereIsNoDriver() {
    assumeFalse(Files.exists(Path.of("/proc/driver/nvidia/version")), "there is a driver here");

    new GpuMeters(Nvml.find(), registry).close();

    assertThat(registry.getMeters()).isEmpty();
  }
}
