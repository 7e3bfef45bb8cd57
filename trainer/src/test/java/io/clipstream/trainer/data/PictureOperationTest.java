package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Against torchvision 0.26's {@code v2.RandAugment}: what each of its operations makes of a picture
 * at two of 31 magnitudes, {@code randaugment.txt}: kind, magnitude, sign, side, values. Value i of
 * the picture, RGB row by row, is (31 i i + 17 i) mod 256.
 */
class PictureOperationTest {
  static List<String> references() throws Exception {
    try (var in = PictureOperationTest.class.getResourceAsStream("randaugment.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  private static byte[] picture(int side) {
    byte[] picture = new byte[side * side * 3];
    for (int i = 0; i < picture.length; i++) {
      picture[i] = (byte) (31 * i * i + 17 * i);
    }
    return picture;
  }

  @ParameterizedTest
  @MethodSource("references")
  void shouldDoAsTorchvision(String reference) {
    String[] fields = reference.split(" ");
    PictureOperation.Kind kind = PictureOperation.Kind.valueOf(fields[0]);
    int step = Integer.parseInt(fields[1]);
    boolean negative = fields[2].equals("-1");
    int side = Integer.parseInt(fields[3]);
    byte[] expected = HexFormat.of().parseHex(fields[4]);
    byte[] picture = picture(side);

    drawn(kind, step, negative).apply(picture, side);

    for (int i = 0; i < expected.length; i++) {
      assertThat(picture[i] & 0xff).as("%s, value %d", kind, i).isEqualTo(expected[i] & 0xff);
    }
  }

  /** The operation of a kind and a sign, as it is drawn. */
  private static PictureOperation drawn(PictureOperation.Kind kind, int step, boolean negative) {
    SplittableRandom random = new SplittableRandom(1);
    while (true) {
      PictureOperation operation = PictureOperation.draw(step, random);
      if (operation.kind() == kind && operation.magnitude() < 0 == negative) {
        return operation;
      }
    }
  }

  @Test
  void shouldDrawEveryKind() {
    Set<PictureOperation.Kind> drawn = EnumSet.noneOf(PictureOperation.Kind.class);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 500; i++) {
      drawn.add(PictureOperation.draw(9, random).kind());
    }

    assertThat(drawn).containsExactlyInAnyOrder(PictureOperation.Kind.values());
  }
}
