package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.clipstream.model.clip.DecodeResult.Decoded;
import io.clipstream.model.clip.DecodeResult.Rejected;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Every damaged or hostile file gives clips or the right reason: no crash, no hang, no leak. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileVideosTest {
  private static final ClipSpec SPEC = TestVideos.spec(8, 15);

  private final ClipBuffers buffers = new ClipBuffers(SPEC.clipBytes(), 16L << 20);
  private final VideoDecoder decoder = new VideoDecoder(SPEC, DecodeLimits.defaults(), buffers);

  @TempDir static Path directory;
  private Map<Path, HostileFiles.Expected> files;

  @BeforeAll
  void makeFiles() throws IOException {
    files = HostileFiles.write(directory);
    assertThat(files).hasSizeGreaterThan(100);
  }

  @TestFactory
  Stream<DynamicTest> shouldGiveClipsOrTheRightReason() {
    List<DynamicTest> tests = new ArrayList<>();
    files.forEach(
        (file, expected) ->
            tests.add(
                DynamicTest.dynamicTest(
                    file.getFileName().toString(), () -> check(file, expected))));
    return tests.stream();
  }

  private void check(Path file, HostileFiles.Expected expected) {
    DecodeResult result = assertTimeoutPreemptively(Duration.ofSeconds(20), () -> decode(file));

    check(file, result, expected);
    assertThat(buffers.lent()).isZero();
  }

  private static void check(Path file, DecodeResult result, HostileFiles.Expected expected) {
    String what = file.getFileName() + ": " + result + ", expected " + expected;
    if (result instanceof Decoded decoded) {
      boolean allowed = decoded.complete() ? expected.complete() : expected.partial();
      assertThat(allowed).as(what).isTrue();
      assertThat(decoded.clips()).isPositive();
      assertThat(decoded.complete()).as(what).isEqualTo(decoded.note().isEmpty());
    } else {
      Rejected rejected = (Rejected) result;
      assertThat(expected.reasons()).as(what).contains(rejected.reason());
      assertThat(rejected.detail()).isNotBlank().doesNotContain("\n");
    }
  }

  @Test
  void shouldMarkACutVideoAsPartial() throws Exception {
    for (String name :
        List.of("cut-half-faststart.mp4", "cut-70-good.webm", "cut-70-fragments.mp4")) {
      DecodeResult result = decode(directory.resolve(name));

      assertThat(result).as(name).isInstanceOf(Decoded.class);
      assertThat(((Decoded) result).complete()).as(name + " " + result).isFalse();
    }
  }

  @Test
  void shouldFindTheFirstKeyFrameOfAShortTransportStream() throws Exception {
    // So short that FFmpeg's search of it ends at its very start.
    DecodeResult result = decode(directory.resolve("cut-35-good.ts"));

    assertThat(result).isInstanceOf(Decoded.class);
    assertThat(((Decoded) result).note()).doesNotContain("replaced");
  }

  @Test
  void shouldSurviveAllOfThemOnManyThreads() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try {
      Map<Future<DecodeResult>, Path> results = new LinkedHashMap<>();
      for (Path file : files.keySet()) {
        results.put(threads.submit(() -> decode(file)), file);
        results.put(threads.submit(() -> decode(file)), file);
      }
      for (Map.Entry<Future<DecodeResult>, Path> result : results.entrySet()) {
        Path file = result.getValue();
        check(file, result.getKey().get(60, TimeUnit.SECONDS), files.get(file));
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(buffers.lent()).isZero();
  }

  @Test
  void shouldNotGrowOverManyFiles() throws Exception {
    // The two largest are left out: their pages are the file system's, and they take the time.
    List<Path> small =
        files.keySet().stream().filter(file -> !file.toString().contains("sparse")).toList();
    for (int pass = 0; pass < 2; pass++) {
      decodeAll(small);
    }
    long before = residentBytes();
    for (int pass = 0; pass < 3; pass++) {
      decodeAll(small);
    }
    assertThat(residentBytes() - before).isLessThan(48L << 20);
  }

  @Test
  @Tag("nightly")
  void shouldNotGrowOverTenThousandFiles() throws Exception {
    List<Path> small =
        files.keySet().stream().filter(file -> !file.toString().contains("sparse")).toList();
    int passes = 10_000 / small.size() + 1;
    for (int pass = 0; pass < 5; pass++) {
      decodeAll(small);
    }
    long before = residentBytes();
    for (int pass = 0; pass < passes; pass++) {
      decodeAll(small);
    }
    assertThat(residentBytes() - before).isLessThan(48L << 20);
  }

  private void decodeAll(List<Path> all) throws InterruptedException {
    for (Path file : all) {
      decode(file);
    }
  }

  private DecodeResult decode(Path file) throws InterruptedException {
    return decoder.decode(file, Sampling.sliding(4), Optional.empty(), Clip::close);
  }

  /** Memory of this process, heap and native, that is in RAM now. */
  private static long residentBytes() throws IOException {
    System.gc();
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
      }
    }
    throw new IllegalStateException("no VmRSS");
  }
}
