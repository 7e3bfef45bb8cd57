package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.clip.CropGeometry.Part;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CropGeometryTest {
  private static final Orientation RIGHT = Orientation.of(0, 65536, -65536, 0);
  private static final Orientation HALF = Orientation.of(-65536, 0, 0, -65536);
  private static final ClipSpec SPEC =
      new ClipSpec(8, 15, 256, 224, true, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));

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
            for (String size : new String[] {"224", "64x256", "512x256"}) {
              Part part = part(CropSize.of(size), width, height, aspect, orientation, crop, crops);
              assertThat(part.x()).isBetween(0, part.scaledWidth() - part.width());
              assertThat(part.y()).isBetween(0, part.scaledHeight() - part.height());
            }
          }
        }
      }
    }
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

  @Test
  void shouldCutRectangles() {
    CropSize wide = CropSize.of("224x320");
    // 455 x 256, as for a square; from (68, 16): 2.813 stored pixels each.
    assertThat(source(wide, 1280, 720, Orientation.UPRIGHT, 0, 1))
        .isEqualTo(new Rect(191, 45, 900, 630));
    // 256 x 455 would not hold it, 320 x 568 does; from row 172: 2.254 stored pixels each.
    assertThat(source(wide, 720, 1280, Orientation.UPRIGHT, 0, 1))
        .isEqualTo(new Rect(0, 388, 720, 505));
    assertThat(source(wide, 720, 1280, Orientation.UPRIGHT, 2, 3))
        .isEqualTo(new Rect(0, 775, 720, 505));
    // Displayed as 720 x 1280, turned clockwise
    assertThat(source(wide, 1280, 720, RIGHT, 2, 3)).isEqualTo(new Rect(775, 0, 505, 720));
    // All of the picture three times: no axis has room
    assertThat(source(wide, 640, 448, Orientation.UPRIGHT, 2, 3))
        .isEqualTo(new Rect(0, 0, 640, 448));
  }

  /** The part in the stored picture, in whole pixels. */
  private record Rect(int x, int y, int width, int height) {}

  private static Rect source(
      int width, int height, double aspect, Orientation orientation, int crop, int crops) {
    return rect(part(SPEC.crop(), width, height, aspect, orientation, crop, crops), width, height);
  }

  private static Rect source(
      CropSize size, int width, int height, Orientation orientation, int crop, int crops) {
    return rect(part(size, width, height, 1, orientation, crop, crops), width, height);
  }

  private static Rect rect(Part part, int width, int height) {
    double across = width / (double) part.scaledWidth();
    double down = height / (double) part.scaledHeight();
    return new Rect(
        (int) Math.rint(part.x() * across),
        (int) Math.rint(part.y() * down),
        (int) Math.rint(part.width() * across),
        (int) Math.rint(part.height() * down));
  }

  private static Part part(
      CropSize size,
      int width,
      int height,
      double aspect,
      Orientation orientation,
      int crop,
      int crops) {
    ClipSpec spec = new ClipSpec(8, 15, 0, 256, size, true, SPEC.mean(), SPEC.std());
    PictureFormat format = new PictureFormat(width, height, 0, aspect, orientation, 0, false);
    return CropGeometry.part(spec, format, crop, crops);
  }
}
