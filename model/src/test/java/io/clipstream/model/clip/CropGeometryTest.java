package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.clipstream.model.clip.CropGeometry.Part;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CropGeometryTest {
  private static final Orientation RIGHT = Orientation.of(0, 65536, -65536, 0);
  private static final Orientation HALF = Orientation.of(-65536, 0, 0, -65536);
  private static final ClipSpec SPEC =
      new ClipSpec(8, 15, 256, 224, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));

  @Test
  void shouldCutTheCentre() {
    // 1280 x 720 becomes 455 x 256; 224 of it from (116, 16): 2.8125 stored pixels each.
    assertThat(source(1280, 720, 1, Orientation.UPRIGHT, 0, 1))
        .isEqualTo(new Rect(326, 45, 630, 630));
    assertThat(source(256, 256, 1, Orientation.UPRIGHT, 0, 1))
        .isEqualTo(new Rect(16, 16, 224, 224));
  }

  @Test
  void shouldCutThreeAlongTheLongerSide() {
    assertThat(source(640, 320, 1, Orientation.UPRIGHT, 0, 3)).isEqualTo(new Rect(0, 0, 320, 320));
    assertThat(source(640, 320, 1, Orientation.UPRIGHT, 1, 3))
        .isEqualTo(new Rect(160, 0, 320, 320));
    assertThat(source(640, 320, 1, Orientation.UPRIGHT, 2, 3))
        .isEqualTo(new Rect(320, 0, 320, 320));
    assertThat(source(320, 640, 1, Orientation.UPRIGHT, 2, 3))
        .isEqualTo(new Rect(0, 320, 320, 320));
  }

  @Test
  void shouldFollowTheDisplayedPicture() {
    // Displayed as 320 x 640, turned clockwise: its top is the stored left.
    assertThat(source(640, 320, 1, RIGHT, 0, 3)).isEqualTo(new Rect(0, 0, 320, 320));
    assertThat(source(640, 320, 1, RIGHT, 2, 3)).isEqualTo(new Rect(320, 0, 320, 320));
    // Upside down: its left is the stored right.
    assertThat(source(640, 320, 1, HALF, 0, 3)).isEqualTo(new Rect(320, 0, 320, 320));
    // Pixels twice as wide as high: 320 x 320 stored is 640 x 320 displayed.
    assertThat(source(320, 320, 2, Orientation.UPRIGHT, 2, 3))
        .isEqualTo(new Rect(160, 0, 160, 320));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "1, 8192", "8192, 1", "3, 5", "16, 4097", "65535, 16", "7, 7"})
  void shouldStayInsideWhateverTheShape(int width, int height) {
    for (double aspect : new double[] {0.05, 0.5, 1, 1.333, 20}) {
      for (Orientation orientation : List.of(Orientation.UPRIGHT, RIGHT, HALF)) {
        for (int crops : new int[] {1, 3}) {
          for (int crop = 0; crop < crops; crop++) {
            Part part =
                CropGeometry.part(SPEC, width, height, aspect, orientation, 2, 2, crop, crops);
            assertThat(part.x()).isBetween(0, width - 1);
            assertThat(part.x() % 2).isZero();
            assertThat(part.y()).isBetween(0, height - 1);
            assertThat(part.y() % 2).isZero();
            assertThat(part.width()).isBetween(1, width - part.x());
            assertThat(part.height()).isBetween(1, height - part.y());
            assertThat(part.cutX()).isBetween(0, part.scaledWidth() - SPEC.crop());
            assertThat(part.cutY()).isBetween(0, part.scaledHeight() - SPEC.crop());
          }
        }
      }
    }
  }

  @Test
  void shouldScaleOnlyWhatIsAroundTheSquare() {
    Part part = CropGeometry.part(SPEC, 65535, 16, 1, Orientation.UPRIGHT, 2, 2, 1, 3);

    assertThat(part.width()).isLessThan(64);
    assertThat((long) part.scaledWidth() * part.scaledHeight()).isLessThan(4 * 224 * 224);
  }

  @ParameterizedTest
  @CsvSource({"1280, 720, 455", "320, 240, 341", "560, 320, 448", "426, 240, 454"})
  void shouldKeepPixelsWhereScalingTheWholePictureWouldPutThem(int width, int height, int scaled) {
    Part part = CropGeometry.part(SPEC, width, height, 1, Orientation.UPRIGHT, 2, 2, 0, 1);
    double scale = scaled / (double) width;
    int left = (int) Math.rint((scaled - 224) / 2.0);

    assertThat(part.x() * scale).isCloseTo(left - part.cutX(), within(1 / 32.0));
    assertThat((part.x() + part.width()) * scale)
        .isCloseTo(left - part.cutX() + part.scaledWidth(), within(1 / 32.0));
    assertThat(part.height() * 256.0 / height).isCloseTo(part.scaledHeight(), within(1 / 16.0));
  }

  @Test
  void shouldReadTheEightOrientations() {
    int one = 65536;
    assertThat(Orientation.of(one, 0, 0, one)).isEqualTo(Orientation.UPRIGHT);
    assertThat(RIGHT.degrees()).isEqualTo(90);
    assertThat(HALF.degrees()).isEqualTo(180);
    assertThat(Orientation.of(0, -one, one, 0).degrees()).isEqualTo(270);
    assertThat(Orientation.of(-one, 0, 0, one)).isEqualTo(new Orientation(false, true, false));
    assertThat(Orientation.of(one, 0, 0, -one)).isEqualTo(new Orientation(false, false, true));
    assertThat(Orientation.of(0, one, one, 0)).isEqualTo(new Orientation(true, false, false));
    assertThat(Orientation.of(0, -one, -one, 0)).isEqualTo(new Orientation(true, true, true));
    assertThat(Orientation.of(0, 0, 0, 0)).isEqualTo(Orientation.UPRIGHT);
    assertThat(Orientation.of(65000, 3000, -3000, 65000)).isEqualTo(Orientation.UPRIGHT);
  }

  /** The square in the stored picture, in whole pixels. */
  private record Rect(int x, int y, int width, int height) {}

  private static Rect source(
      int width, int height, double aspect, Orientation orientation, int crop, int crops) {
    Part part = CropGeometry.part(SPEC, width, height, aspect, orientation, 1, 1, crop, crops);
    double across = part.width() / (double) part.scaledWidth();
    double down = part.height() / (double) part.scaledHeight();
    return new Rect(
        (int) Math.rint(part.x() + part.cutX() * across),
        (int) Math.rint(part.y() + part.cutY() * down),
        (int) Math.rint(SPEC.crop() * across),
        (int) Math.rint(SPEC.crop() * down));
  }
}
