package io.clipstream.model.infer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.infer.ClassifyBenchmark.Memory;
import io.clipstream.model.infer.ClassifyBenchmark.Result;
import io.clipstream.model.swin.SmallModels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassifyBenchmarkTest {
  @TempDir Path folder;

  @Test
  void shouldMeasureEachBatchSize() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(SmallModels.write(folder, "small", 4));

    List<Result> results =
        ClassifyBenchmark.measure(artifact, Device.cpu(), List.of(1, 2), Duration.ofMillis(1));

    assertThat(results).extracting(Result::batch).containsExactly(1, 2);
    for (Result result : results) {
      assertThat(result.batches()).isGreaterThanOrEqualTo(10);
      assertThat(result.clipsPerSecond()).isPositive();
      assertThat(result.median()).isPositive().isLessThanOrEqualTo(result.p90());
      assertThat(result.p90()).isLessThanOrEqualTo(result.p99());
    }
  }

  @Test
  void shouldTellTheMemoryInUseTenTimes() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(SmallModels.write(folder, "small", 4));
    List<Memory> readings = new ArrayList<>();

    ClassifyBenchmark.endure(artifact, Device.cpu(), List.of(1, 2), 25, readings::add);

    assertThat(readings)
        .extracting(Memory::batches)
        .containsExactly(0L, 3L, 5L, 8L, 10L, 13L, 15L, 18L, 20L, 23L, 25L);
    assertThat(readings).allMatch(reading -> reading.processBytes() > 1 << 20);
    assertThat(readings).allMatch(reading -> reading.deviceBytes().isEmpty());
  }

  @Test
  @Tag("nightly")
  void shouldNotGrowOverTenThousandBatches() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(SmallModels.write(folder, "small", 4));
    List<Memory> readings = new ArrayList<>();

    ClassifyBenchmark.endure(artifact, Device.cpu(), List.of(1, 2), 10_000, readings::add);

    Memory early = readings.get(1);
    Memory last = readings.get(10);
    assertThat(last.batches() - early.batches()).isEqualTo(9000);
    assertThat(last.processBytes() - early.processBytes())
        .as(readings.toString())
        .isLessThan(4L << 20);
  }

  @Test
  void shouldRecommendTheFastestBatchSizeThatKeepsTheBound() {
    List<Result> results = List.of(result(1, 100, 10), result(8, 300, 27), result(32, 330, 100));

    assertThat(ClassifyBenchmark.recommended(results, Duration.ofMillis(200)))
        .contains(results.get(2));
    assertThat(ClassifyBenchmark.recommended(results, Duration.ofMillis(30)))
        .contains(results.get(1));
    assertThat(ClassifyBenchmark.recommended(results, Duration.ofMillis(9))).isEmpty();
  }

  private static Result result(int batch, double clipsPerSecond, double p99) {
    return new Result(batch, 100, clipsPerSecond, p99 / 2, p99 / 2, p99, OptionalDouble.of(0.1));
  }
}
