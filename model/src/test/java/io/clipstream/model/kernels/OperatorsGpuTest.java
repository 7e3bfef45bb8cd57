package io.clipstream.model.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every operator on a GPU against its reference in float32. */
@Tag("gpu")
public class OperatorsGpuTest {
  private static final int ATTENTION = 0;
  private static final int MASK = 1;
  private static final int NORM = 2;
  private static final int MERGE = 3;
  private static final int PATCHES = 4;
  private static final int LINEAR = 5;

  /** bfloat16 resolves 2^-8: rounding a result gives 1.7e-3 of its norm. */
  private static final float ROUNDED = 2.5e-3f;

  private static Path checks;

  @BeforeAll
  static void writeChecks(@TempDir Path folder) throws Exception {
    KernelLibrary.load().prepare(0, 392);
    checks = folder.resolve("checks.pt");
    write(checks);
  }

  /** Writes the checks for {@code ops/test/gpu/checks.py}, to the file that the argument names. */
  public static void main(String[] args) throws IOException {
    write(Path.of(args[0]));
  }

  private static void write(Path file) throws IOException {
    Scripts.write(
        file,
        Scripts.references() + Scripts.resource("operator_checks.py.txt"),
        Scripts.resource("operator_checks_forward.py.txt"));
  }

  @ParameterizedTest(name = "windows of {0} tokens, {1} heads, {2} kinds, {3} clips, {4} windows")
  @CsvSource({
    "392, 3, 8, 2, 16", // Swin3D-T's first stage
    "392, 4, 1, 3, 8",
    "392, 16, 2, 2, 8",
    "392, 48, 2, 1, 2", // L's last
    "784, 4, 3, 2, 4", // windows of 16, 7, 7
    "196, 6, 4, 3, 8", // fewer frames than the window has
    "343, 2, 2, 1, 5",
    "160, 1, 2, 1, 3", // whole rounds of tiles
    "161, 1, 2, 1, 3",
    "49, 8, 3, 4, 8",
    "17, 1, 2, 5, 3",
    "16, 1, 1, 1, 1",
    "1, 32, 1, 7, 3",
  })
  void shouldAttend(int length, int heads, int kinds, int clips, int windows) throws Exception {
    for (int scale : new int[] {1, 30}) { // 30: scores of hundreds, which take the maximum first
      assertThat(run(ATTENTION, length, heads, kinds, clips, windows, scale))
          .as("scores times %d: from torchvision's attention, from the reference", scale)
          .hasSize(2)
          .satisfies(
              errors -> {
                for (float error : errors) {
                  assertThat(error).isLessThan(scale == 1 ? 8e-3f : 4e-2f);
                }
              });
    }
  }

  /** Tiles with nothing to see are left out, which is torchvision's -100 within this range. */
  @Test
  void shouldMaskAsTorchvisionWithinTheDocumentedRange() throws Exception {
    for (int above : new int[] {0, 50, 80, 87}) {
      assertThat(run(MASK, above)[0]).as("%d above", above).isLessThan(4e-3f);
    }
    float[] beyond = run(MASK, 120);
    assertThat(beyond[0]).as("torchvision looks through its mask").isGreaterThan(0.1f);
    assertThat(beyond[1]).as("minus infinity").isLessThan(4e-3f);
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 96, 128, 160, 192, 256, 384, 512, 640, 768, 1024, 1536})
  void shouldAddAndNorm(int channels) throws Exception {
    for (int[] shape : new int[][] {{3, 2, 5}, {8, 3, 49}, {2, 7, 392}}) {
      assertThat(run(NORM, channels, shape[0], shape[1], shape[2]))
          .hasSize(6)
          .satisfies(OperatorsGpuTest::rounded);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 96, 128, 192, 256, 320, 384, 512, 768})
  void shouldMergeAndNorm(int channels) throws Exception {
    for (int[] shape : new int[][] {{3, 2, 5, 2, 3}, {8, 3, 49, 2, 49}}) {
      assertThat(run(MERGE, channels, shape[0], shape[1], shape[2], shape[3], shape[4]))
          .hasSize(4)
          .satisfies(OperatorsGpuTest::rounded);
    }
  }

  @ParameterizedTest(name = "{0} rows of {1} channels to {2}")
  @CsvSource({
    "784, 1024, 4096",
    "12544, 512, 1536",
    "50176, 96, 128",
    "98, 768, 192",
    "1, 64, 32",
    "37, 3072, 1536",
  })
  void shouldMultiply(int rows, int channels, int outputs) throws Exception {
    assertThat(run(LINEAR, rows, channels, outputs))
        .hasSize(2)
        .satisfies(OperatorsGpuTest::rounded);
  }

  private static void rounded(float[] errors) {
    for (float error : errors) {
      assertThat(error).isLessThan(ROUNDED);
    }
  }

  @ParameterizedTest(name = "{0} clips of {1} frames of {2}x{3}")
  @CsvSource({
    "2, 32, 224, 224, 8, 7, 7",
    "3, 16, 56, 84, 8, 7, 7",
    "1, 13, 150, 187, 7, 7, 7", // neither whole patches nor words
    "2, 3, 20, 25, 2, 5, 7",
    "2, 5, 30, 28, 2, 7, 7",
  })
  void shouldCutPatches(int clips, int frames, int height, int width, int t, int h, int w)
      throws Exception {
    assertThat(run(PATCHES, clips, frames, height, width, t, h, w)).containsExactly(0);
  }

  private static float[] run(long... numbers) throws Exception {
    return Scripts.run(checks, Device.gpu(), numbers);
  }
}
