package io.clipstream.streams.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import org.junit.jupiter.api.Test;

class DecodeMetersTest {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  @Test
  void shouldTellWhatGpusDecodeAndWhatTheyLeave() {
    DecodeMeters.bind(List.of(new FakeGpus.Decoding(3)), Enum::ordinal, registry);

    assertThat(registry.scrape().lines())
        .contains(
            "clipstream_gpu_videos_total{gpu=\"3\"} 7.0",
            "clipstream_gpu_decoders{gpu=\"3\"} 2.0",
            "clipstream_gpu_decoders_memory_bytes{gpu=\"3\"} 1048576.0",
            "clipstream_gpu_decoders_opened_total{gpu=\"3\"} 3.0",
            "clipstream_gpu_videos_left_total{reason=\"format\"} 0.0",
            "clipstream_gpu_videos_left_total{reason=\"unsound\"} 1.0",
            "clipstream_gpu_videos_left_total{reason=\"busy\"} 2.0",
            "clipstream_gpu_videos_left_total{reason=\"no_decoder\"} 3.0",
            "clipstream_gpu_videos_left_total{reason=\"failed\"} 4.0",
            "clipstream_gpu_videos_left_total{reason=\"paused\"} 5.0");
  }

  @Test
  void shouldTellNothingWhereNoGpuDecodes() {
    DecodeMeters.bind(List.of(), Enum::ordinal, registry);

    assertThat(registry.getMeters()).isEmpty();
  }
}
