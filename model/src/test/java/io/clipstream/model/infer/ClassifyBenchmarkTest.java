package io.clipstream.model.infer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.infer.ClassifyBenchmark.Result;
import io.clipstream.model.infer.ClassifyEndurance.Memory;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.model.swin.SmallModels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ClassifyBenchmarkTest {
  @TempDir Path folder;

  @Test
  void shouldMeasureEachBatchSize() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(SmallModels.write(folder, "small", 4));

    ClassifyBenchmark.Report report =
        ClassifyBenchmark.measure(
            artifact, Device.cpu(), List.of(1, 2), KernelMode.AUTO, Duration.ofMillis(1));

    assertThat(report.form()).hasToString("plain: the device is cpu, expected a GPU");
    List<Result> results = report.results();
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

    ClassifyEndurance.measure(
        artifact, Device.cpu(), List.of(1, 2), KernelMode.OFF, 25, readings::add);

    assertThat(readings)
        .extracting(Memory::batches)
        .containsExactly(0L, 3L, 5L, 8L, 10L, 13L, 15L, 18L, 20L, 23L, 25L);
    assertThat(readings).allMatch(reading -> reading.processBytes() > 1 << 20);
    assertThat(readings).allMatch(reading -> reading.deviceBytes().isEmpty());
  }

  /** In a JVM whose heap neither grows nor shrinks, which would hide a few MB. */
  @Test
  @Tag("nightly")
  @Timeout(600)
  void shouldNotGrowOverTenThousandBatches() throws Exception {
    Path model = SmallModels.write(folder, "small", 4);
    Path out = folder.resolve("readings");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms128m",
                "-Xmx128m",
                "-XX:+AlwaysPreTouch",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                ClassifyBenchmarkTest.class.getName(),
                model.toString())
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(process.waitFor()).isZero();
    } finally {
      process.destroyForcibly();
    }

    List<String> readings = Files.readAllLines(out);
    assertThat(readings).as(readings.toString()).hasSize(11);
    long[] steps = new long[9];
    for (int i = 0; i < steps.length; i++) {
      long[] from = numbers(readings.get(i + 1));
      long[] to = numbers(readings.get(i + 2));
      assertThat(to[0] - from[0]).as("batches").isEqualTo(1000);
      steps[i] = to[1] - from[1];
    }
    Arrays.sort(steps);
    // From 10 % to 100 %, by the median step: the JVM's compiler takes some MB once, a leak grows.
    assertThat(9 * steps[4]).as("bytes of the process: " + readings).isLessThan(2L << 20);
    long heap = numbers(readings.get(10))[2] - numbers(readings.get(1))[2];
    assertThat(heap).as("bytes of the heap: " + readings).isLessThan(512L << 10);
  }

  /** Prints, for each reading: batches, bytes of the process, bytes used of the heap. */
  public static void main(String[] args) throws Exception {
    Runtime jvm = Runtime.getRuntime();
    ClassifyEndurance.measure(
        ModelArtifact.open(Path.of(args[0])),
        Device.cpu(),
        List.of(1, 2),
        KernelMode.OFF,
        10_000,
        memory ->
            System.out.printf(
                "%d %d %d%n",
                memory.batches(), memory.processBytes(), jvm.totalMemory() - jvm.freeMemory()));
  }

  private static long[] numbers(String line) {
    return Arrays.stream(line.split(" ")).mapToLong(Long::parseLong).toArray();
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
