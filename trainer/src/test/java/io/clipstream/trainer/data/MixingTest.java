package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MixingTest {
  private static final int SIDE = 8;
  private static final int BYTES = 2 * SIDE * SIDE * 3;
  private static final int[] CLASSES = {0, 1, 2};
  private static final int[] CLIPS = {7, 3, 5};

  private static ByteBuffer clips() {
    byte[] pixels = new byte[3 * BYTES];
    new Random(1).nextBytes(pixels);
    return ByteBuffer.allocateDirect(pixels.length).put(pixels).flip();
  }

  private static byte[] bytes(ByteBuffer pixels) {
    byte[] bytes = new byte[pixels.limit()];
    pixels.get(0, bytes);
    return bytes;
  }

  @Test
  void shouldLeaveClipsAloneWhereItIsOff() {
    ByteBuffer pixels = clips();

    Shown shown = Mixing.none().mix(pixels, SIDE, CLASSES, CLIPS, 1, 4);

    assertThat(bytes(pixels)).isEqualTo(bytes(clips()));
    assertThat(shown.shares()).containsOnly(1);
    assertThat(shown.largest(1, 3)).containsExactly(1, 2);
  }

  /** torchvision's MixUp: {@code x.roll(1, 0) * (1 - lam) + x * lam}, and so the labels. */
  @Test
  void shouldBlendEachClipWithTheOneBefore() {
    ByteBuffer pixels = clips();
    byte[] before = bytes(pixels);

    Shown shown = new Mixing(0.8, 0).mix(pixels, SIDE, CLASSES, CLIPS, 1, 4);

    assertThat(shown.others()).containsExactly(2, 0, 1);
    for (int i = 0; i < before.length; i++) {
      double share = shown.shares()[i / BYTES];
      int other = (i + before.length - BYTES) % before.length;
      double expected = share * (before[i] & 0xff) + (1 - share) * (before[other] & 0xff);
      assertThat(pixels.get(i) & 0xff).isCloseTo((int) Math.rint(expected), within(1));
    }
  }

  /** torchvision's CutMix: a rectangle, the same in all pictures; its area is the other's share. */
  @Test
  void shouldShowARectangleOfTheOneBefore() {
    ByteBuffer pixels = clips();
    byte[] before = bytes(pixels);

    Shown shown = new Mixing(0, 1).mix(pixels, SIDE, CLASSES, CLIPS, 1, 4);

    for (int clip = 0; clip < 3; clip++) {
      int others = 0;
      for (int i = clip * BYTES; i < (clip + 1) * BYTES; i++) {
        int other = (i + before.length - BYTES) % before.length;
        assertThat(pixels.get(i)).isIn(before[i], before[other]);
        others += pixels.get(i) == before[i] ? 0 : 1;
      }
      // A few values are the same in both.
      assertThat(others / (double) BYTES).isCloseTo(1 - shown.shares()[clip], within(0.02));
    }
    assertThat(shown.shares()).isNotEqualTo(new float[] {1, 1, 1});
  }

  /** The boxes of torchvision 0.26's {@code CutMix.make_params} for these draws. */
  @ParameterizedTest
  @CsvSource({
    "0.75, 4, 4, 2, 2, 6, 6, 0.75",
    "0.5, 0, 7, 0, 5, 2, 8, 0.90625",
    "0.1, 6, 1, 3, 0, 8, 4, 0.6875",
    "0.999, 4, 4, 4, 4, 4, 4, 1",
  })
  void shouldPlaceTheRectangleAsTorchvision(
      double share, int x, int y, int left, int top, int right, int bottom, double around) {
    Mixing.Box box = Mixing.Box.of(share, x, y, SIDE);

    assertThat(box).isEqualTo(new Mixing.Box(left, top, right, bottom));
    assertThat(box.around(SIDE)).isEqualTo(around);
  }

  @Test
  void shouldDependOnSeedStepAndClipAlone() {
    Mixing both = new Mixing(0.8, 1);
    ByteBuffer first = clips();
    ByteBuffer again = clips();

    Shown shown = both.mix(first, SIDE, CLASSES, CLIPS, 1, 4);

    assertThat(both.mix(again, SIDE, CLASSES, CLIPS, 1, 4).shares()).isEqualTo(shown.shares());
    assertThat(bytes(again)).isEqualTo(bytes(first));
    assertThat(both.mix(clips(), SIDE, CLASSES, CLIPS, 1, 5).shares()).isNotEqualTo(shown.shares());
    assertThat(both.mix(clips(), SIDE, CLASSES, CLIPS, 2, 4).shares()).isNotEqualTo(shown.shares());
  }

  /** Mean 1/2 and variance 1 / (4 (2 alpha + 1)), by the distribution's formula. */
  @ParameterizedTest
  @CsvSource({"0.2", "0.8", "1", "4"})
  void shouldDrawSharesOfABetaDistribution(double alpha) {
    SplittableRandom random = new SplittableRandom(1);
    double[] shares = new double[20_000];
    Arrays.setAll(shares, i -> Mixing.beta(alpha, random));
    double mean = Arrays.stream(shares).average().orElseThrow();
    double variance =
        Arrays.stream(shares).map(share -> (share - mean) * (share - mean)).average().orElseThrow();

    assertThat(mean).isCloseTo(0.5, within(0.02));
    assertThat(variance).isCloseTo(1 / (4 * (2 * alpha + 1)), within(0.01));
    assertThat(Arrays.stream(shares).min().orElseThrow()).isGreaterThanOrEqualTo(0);
    assertThat(Arrays.stream(shares).max().orElseThrow()).isLessThanOrEqualTo(1);
  }
}
