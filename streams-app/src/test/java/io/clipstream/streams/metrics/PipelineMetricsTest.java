package io.clipstream.streams.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.Fixtures;
import io.clipstream.streams.classify.ServedModel;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.topology.HeldLabeller;
import io.micrometer.core.instrument.Meter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PipelineMetricsTest {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final PipelineMetrics metrics = new PipelineMetrics(registry);
  private final VideoReference reference = Fixtures.reference("v");
  private final VideoRequest request = VideoRequest.of(reference);

  @Test
  void shouldMeasureEveryStageInSecondsAndBytes() {
    ServedModel model = MetricModels.version(1);
    metrics.fetched(request, 4096, 250_000_000);
    metrics.decoded(request, model, 3, 1_500_000_000, false);
    metrics.queued(model, 5);
    metrics.batch(model, "gpu0", 4, 16, 20_000_000, 40_000_000);
    metrics.outcome(request, Optional.of(model), Fixtures.labelled(reference), 2_000_000_000);
    metrics.outcome(request, Optional.of(model), Fixtures.rejected(reference), 1_000_000_000);
    metrics.outcome(request, Optional.empty(), Fixtures.rejected(reference), 0);

    String by = "{model=\"measured\",version=\"1\"}";
    String on = "{device=\"gpu0\",model=\"measured\",version=\"1\"}";
    assertThat(registry.scrape().lines())
        .contains(
            "clipstream_fetch_seconds_sum 0.25",
            "clipstream_fetched_bytes_sum 4096.0",
            "clipstream_decode_seconds_sum" + by + " 1.5",
            "clipstream_decode_incomplete_total" + by + " 1.0",
            "clipstream_video_clips_sum" + by + " 3.0",
            "clipstream_queue_clips" + by + " 1.0",
            "clipstream_batch_clips_sum" + on + " 4.0",
            "clipstream_batch_wait_seconds_sum" + on + " 0.02",
            "clipstream_batch_pass_seconds_sum" + on + " 0.04",
            outcomes("measured", "labelled", "none", "1") + " 1",
            outcomes("measured", "rejected", "CORRUPT", "1") + " 1",
            outcomes("none", "rejected", "CORRUPT", "none") + " 1");
  }

  private static String outcomes(String model, String outcome, String reason, String version) {
    return "clipstream_outcome_seconds_count{model=\"%s\",outcome=\"%s\",reason=\"%s\",version=\"%s\"}"
        .formatted(model, outcome, reason, version);
  }

  @Test
  void shouldForgetTheVersionsThatWereUsedLongestAgo() {
    ServedModel kept = MetricModels.version(0);
    int versions = 3 * PipelineMetrics.MOST_VERSIONS;
    for (int i = 1; i <= versions; i++) {
      metrics.batch(MetricModels.version(i), "cpu", 1, 1, 1, 1);
      metrics.queued(kept, 1);
    }

    List<String> told =
        registry.getMeters().stream()
            .map(Meter::getId)
            .map(id -> id.getTag("version"))
            .filter(Objects::nonNull)
            .distinct()
            .toList();
    assertThat(told)
        .hasSize(PipelineMetrics.MOST_VERSIONS)
        .contains("0", Integer.toString(versions))
        .doesNotContain("1");
    assertThat(registry.scrape()).doesNotContain("version=\"1\"");
  }

  @Test
  void shouldKnowWhatIsInFlight() {
    HeldLabeller held = new HeldLabeller();
    try (InFlightVideos videos = new InFlightVideos(held)) {
      assertThat(videos.oldest()).isZero();
      videos.submit(request, outcome -> {}, error -> {});
      VideoLabeller.Submission second = videos.submit(request, outcome -> {}, error -> {});
      videos.submit(request, outcome -> {}, error -> {});
      assertThat(videos.count()).isEqualTo(3);
      assertThat(videos.oldest()).isPositive().isLessThan(Duration.ofMinutes(10));

      held.works().get(0).label();
      second.cancel();
      held.works().get(2).fail(new IllegalStateException("device lost"));
      assertThat(videos.count()).isZero();
      assertThat(videos.oldest()).isZero();
    }
  }
}
