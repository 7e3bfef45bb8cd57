package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.clipstream.model.Settings;
import io.clipstream.trainer.motion.CameraMotion;
import io.clipstream.trainer.motion.MotionEstimate;
import io.clipstream.trainer.motion.Rendered;
import io.clipstream.trainer.recipe.Recipe;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The label exchanges of the shipped recipe, against motion measured from pixels. */
class AugmentationTest {
  private static final List<CameraMotion> MOTIONS = List.of(CameraMotion.values());
  private static final int SIDE = 96;
  private static final int FRAMES = 16;

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "CUT")
  void shouldExchangeLabelsAsTheChangedPicturesMove(CameraMotion motion) throws Exception {
    Augmentation augmentation = shipped().training().augmentation();
    List<byte[]> frames = Rendered.frames(motion, SIDE, FRAMES, 4);

    for (Augmentation.Change change : allTurns()) {
      MotionEstimate seen = MotionEstimate.of(changed(frames, change, SIDE), SIDE);

      CameraMotion named = MOTIONS.get(augmentation.classOf(MOTIONS.indexOf(motion), change));
      assertThat(seen.label()).as(change + " " + seen).isEqualTo(named);
    }
  }

  @Test
  void shouldKeepACutWhateverIsDoneToIt() throws Exception {
    Recipe withCuts =
        Recipe.read(Path.of("recipes/camera-motion.properties"), Map.of("generate.cuts", "true"));
    Augmentation augmentation = withCuts.training().augmentation();
    int cut = withCuts.labels().indexOf("cut");

    for (Augmentation.Change change : allTurns()) {
      assertThat(augmentation.classOf(cut, change)).isEqualTo(cut);
    }
  }

  @Test
  void shouldCutTheCropThatWasDrawn() {
    byte[] frame = new byte[8 * 8 * 3];
    for (int i = 0; i < 64; i++) {
      frame[3 * i] = (byte) i;
    }
    Augmentation.Change change =
        new Augmentation.Change(0, 3, 1, 4, false, false, false, false, 1, 0, false);

    byte[] crop = changed(List.of(frame), change, 8, 4).get(0);

    assertThat(crop[0]).isEqualTo((byte) (8 + 3));
    assertThat(crop[3 * 15]).isEqualTo((byte) (4 * 8 + 6));
  }

  @Test
  void shouldChangeLightWithinTheRange() {
    byte[] frame = {(byte) 250, 100, 3};
    Augmentation.Change brighter =
        new Augmentation.Change(0, 0, 0, 1, false, false, false, false, 1, 20, false);
    Augmentation.Change gray =
        new Augmentation.Change(0, 0, 0, 1, false, false, false, false, 1, 0, true);

    assertThat(changed(List.of(frame), brighter, 1).get(0))
        .containsExactly((byte) 255, (byte) 120, (byte) 23);
    assertThat(changed(List.of(frame), gray, 1).get(0)).containsOnly((byte) 134);
  }

  @Test
  void shouldDrawOnlyWhatIsSwitchedOn() {
    SplittableRandom random = new SplittableRandom(1);
    Augmentation.Room room = new Augmentation.Room(0, 8, 8);
    for (int i = 0; i < 100; i++) {
      Augmentation.Change change = Augmentation.none().draw(room, 8, random);

      assertThat(change).isEqualTo(Augmentation.Change.none(room, 8));
    }
  }

  @Test
  void shouldDrawEveryStartAndSeeTheSidesOfAWidePicture() {
    Augmentation augmentation =
        Augmentation.from(new Settings("recipe", Map.of()), List.of("a", "b"));
    Augmentation.Room room = new Augmentation.Room(3, 160, 90);
    SplittableRandom random = new SplittableRandom(1);
    Set<Integer> starts = new HashSet<>();
    double left = 160;
    double right = 0;
    double top = 90;
    double bottom = 0;
    double smallest = 90;
    double largest = 0;
    for (int i = 0; i < 2000; i++) {
      Augmentation.Change change = augmentation.draw(room, 80, random);
      starts.add(change.start());
      left = Math.min(left, change.left());
      right = Math.max(right, change.left() + change.width());
      top = Math.min(top, change.top());
      bottom = Math.max(bottom, change.top() + change.height());
      smallest = Math.min(smallest, change.width());
      largest = Math.max(largest, change.width());
    }

    assertThat(starts).containsExactlyInAnyOrder(0, 1, 2, 3);
    assertThat(left).isBetween(0.0, 1.0);
    assertThat(right).isBetween(159.0, 160.0);
    assertThat(top).isBetween(0.0, 1.0);
    assertThat(bottom).isBetween(89.0, 90.0);
    assertThat(smallest).isBetween(63.0, 64.0);
    assertThat(largest).isBetween(89.0, 90.0);
  }

  /** As torchvision's RandomResizedCrop, the logarithm of width over height is uniform. */
  @Test
  void shouldDrawWiderAndNarrowerCropsOfTheSameSize() {
    Augmentation augmentation =
        Augmentation.from(
            new Settings("recipe", Map.of("augment.aspect", "0.5,2", "augment.scale", "0.5,0.5")),
            List.of("a", "b"));
    Augmentation.Room room = new Augmentation.Room(0, 200, 100);
    SplittableRandom random = new SplittableRandom(1);
    int wide = 0;
    double widest = 0;
    double narrowest = 9;
    for (int i = 0; i < 2000; i++) {
      Augmentation.Change change = augmentation.draw(room, 80, random);
      double aspect = change.width() / change.height();
      wide += aspect > 1 ? 1 : 0;
      widest = Math.max(widest, aspect);
      narrowest = Math.min(narrowest, aspect);
      assertThat(change.width() * change.height()).isCloseTo(2500, within(1e-6));
      assertThat(change.left() + change.width()).isLessThanOrEqualTo(200);
      assertThat(change.top() + change.height()).isLessThanOrEqualTo(100);
    }

    assertThat(wide).isBetween(900, 1100);
    assertThat(widest).isBetween(1.99, 2.0);
    assertThat(narrowest).isBetween(0.5, 0.51);
  }

  @Test
  void shouldMakeASquareOfARectangle() {
    // A ramp of 10 a pixel down: what was twice as high as wide is squeezed to a half.
    byte[] frame = new byte[8 * 8 * 3];
    for (int i = 0; i < 64; i++) {
      frame[3 * i] = (byte) (10 * (i / 8));
    }
    Augmentation.Change high =
        new Augmentation.Change(0, 2, 0, 4, 8, false, false, false, false, 1, 0, false, List.of());

    byte[] crop = changed(List.of(frame), high, 8, 4).get(0);

    assertThat(crop[0]).isEqualTo((byte) 5);
    assertThat(crop[3 * 4]).isEqualTo((byte) 25);
    assertThat(crop[3 * 15]).isEqualTo((byte) 65);
  }

  @Test
  void shouldDoTheDrawnOperationsToEveryPicture() {
    Augmentation augmentation =
        Augmentation.from(
            new Settings("recipe", Map.of("augment.randaugment", "3, 9")), List.of("a"));
    Augmentation.Change change =
        augmentation.draw(new Augmentation.Room(0, 8, 8), 8, new SplittableRandom(1));
    assertThat(change.operations()).hasSize(3);
    byte[] frame = new byte[8 * 8 * 3];
    new Random(1).nextBytes(frame);
    Augmentation.Change inverted =
        new Augmentation.Change(
            0,
            0,
            0,
            8,
            8,
            false,
            false,
            false,
            false,
            1,
            0,
            false,
            List.of(new PictureOperation(PictureOperation.Kind.SOLARIZE, 1)));

    List<byte[]> both = changed(List.of(frame, frame), inverted, 8);

    for (int i = 0; i < frame.length; i++) {
      assertThat(both.get(0)[i] & 0xff).isEqualTo(255 - (frame[i] & 0xff));
    }
    assertThat(both.get(1)).isEqualTo(both.get(0));
  }

  @Test
  void shouldSayWhatIsWrongWithOperationsAndShapes() {
    for (String wrong : List.of("2", "2,31", "11,9", "-1,9", "2;9", "two,9")) {
      Settings settings = new Settings("recipe", Map.of("augment.randaugment", wrong));
      assertThatThrownBy(() -> Augmentation.from(settings, List.of("a")))
          .hasMessageContaining(
              "augment.randaugment is '" + wrong + "', expected off, or a number");
    }
    Settings settings = new Settings("recipe", Map.of("augment.aspect", "0,2"));
    assertThatThrownBy(() -> Augmentation.from(settings, List.of("a")))
        .hasMessageContaining("augment.aspect is '0,2', expected low,high from 0.1 to 10");
    Settings mixing = new Settings("recipe", Map.of("augment.mixup", "-1"));
    assertThatThrownBy(() -> Mixing.from(mixing)).hasMessageContaining("augment.mixup is '-1'");
  }

  @Test
  void shouldResizeTheSquareThatWasDrawn() {
    // A ramp of 10 a pixel across: shrinking by two takes the mean of two pixels.
    byte[] frame = new byte[8 * 8 * 3];
    for (int i = 0; i < 64; i++) {
      frame[3 * i] = (byte) (10 * (i % 8));
    }
    Augmentation.Change half =
        new Augmentation.Change(0, 0, 0, 8, false, false, false, false, 1, 0, false);
    Augmentation.Change twice =
        new Augmentation.Change(0, 2, 0, 2, false, false, false, false, 1, 0, false);

    assertThat(reds(changed(List.of(frame), half, 8, 4).get(0), 4)).containsExactly(5, 25, 45, 65);
    assertThat(reds(changed(List.of(frame), twice, 8, 4).get(0), 4))
        .containsExactly(18, 23, 28, 33); // 17.5, 22.5, ... rounded
  }

  /** Every pixel by itself, as plainly as it can be said. */
  @Test
  void shouldInterpolateEveryPixelWhateverElseIsDone() {
    SplittableRandom random = new SplittableRandom(3);
    byte[] frame = new byte[12 * 12 * 3];
    new Random(1).nextBytes(frame);
    for (int i = 0; i < 200; i++) {
      double size = random.nextInt(3) == 0 ? 8 : 2 + 10 * random.nextDouble();
      double left = size == 8 ? random.nextInt(5) : (12 - size) * random.nextDouble();
      double top = size == 8 ? random.nextInt(5) : (12 - size) * random.nextDouble();
      boolean transpose = random.nextBoolean();
      boolean mirror = random.nextBoolean();
      boolean flip = random.nextBoolean();
      Augmentation.Change change =
          new Augmentation.Change(0, left, top, size, mirror, flip, transpose, false, 1, 0, false);

      byte[] crop = changed(List.of(frame), change, 12, 8).get(0);

      for (int y = 0; y < 8; y++) {
        for (int x = 0; x < 8; x++) {
          int across = mirror ? 7 - (transpose ? y : x) : transpose ? y : x;
          int down = flip ? 7 - (transpose ? x : y) : transpose ? x : y;
          double u = Math.max(0, Math.min(11, left + (across + 0.5) * size / 8 - 0.5));
          double v = Math.max(0, Math.min(11, top + (down + 0.5) * size / 8 - 0.5));
          for (int c = 0; c < 3; c++) {
            double above = between(at(frame, u, v, 0, c), at(frame, u, v, 1, c), u % 1);
            double below = between(at(frame, u, v, 2, c), at(frame, u, v, 3, c), u % 1);
            assertThat((double) (crop[3 * (8 * y + x) + c] & 0xff))
                .as("%s at %d, %d", change, x, y)
                .isCloseTo(between(above, below, v % 1), within(1.5));
          }
        }
      }
    }
  }

  private static double between(double first, double second, double share) {
    return first * (1 - share) + second * share;
  }

  /** One of the four pixels around a place: left and right, above and below. */
  private static int at(byte[] frame, double u, double v, int corner, int channel) {
    int x = Math.min(11, (int) u + corner % 2);
    int y = Math.min(11, (int) v + corner / 2);
    return frame[3 * (12 * y + x) + channel] & 0xff;
  }

  private static int[] reds(byte[] crop, int count) {
    int[] reds = new int[count];
    for (int i = 0; i < count; i++) {
      reds[i] = crop[3 * i] & 0xff;
    }
    return reds;
  }

  @Test
  void shouldStartWhereItWasDrawn() {
    byte[][] frames = {{1, 1, 1}, {2, 2, 2}, {3, 3, 3}, {4, 4, 4}};
    ByteBuffer from = ByteBuffer.allocate(12);
    for (byte[] frame : frames) {
      from.put(frame);
    }
    ByteBuffer to = ByteBuffer.allocate(6);

    PixelCopy.copy(
        from,
        0,
        2,
        1,
        1,
        1,
        new Augmentation.Change(1, 0, 0, 1, false, false, false, true, 1, 0, false),
        to);

    assertThat(to.array()).containsExactly(3, 3, 3, 2, 2, 2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "0.9,0.5", "0,1", "0.5,1.1"})
  void shouldSayWhatIsWrongWithAScale(String scale) {
    Settings settings = new Settings("recipe", Map.of("augment.scale", scale));

    assertThatThrownBy(() -> Augmentation.from(settings, List.of("left", "right")))
        .hasMessageContaining("augment.scale is '" + scale + "'");
  }

  @Test
  void shouldSayWhatIsWrongWithAPair() {
    Settings settings = new Settings("recipe", Map.of("augment.mirror", "left:rihgt"));

    assertThatThrownBy(() -> Augmentation.from(settings, List.of("left", "right")))
        .hasMessageContaining("augment.mirror has left:rihgt, expected off, on, or pairs");
  }

  /** Each of the sixteen ways in which a picture is mirrored, turned and played backwards. */
  private static List<Augmentation.Change> allTurns() {
    List<Augmentation.Change> all = new ArrayList<>();
    for (int bits = 0; bits < 16; bits++) {
      boolean mirror = (bits & 1) != 0;
      boolean flip = (bits & 2) != 0;
      boolean transpose = (bits & 4) != 0;
      boolean reverse = (bits & 8) != 0;
      all.add(
          new Augmentation.Change(0, 0, 0, SIDE, mirror, flip, transpose, reverse, 1, 0, false));
    }
    return all;
  }

  static Recipe shipped() throws Exception {
    return Recipe.read(Path.of("recipes/camera-motion.properties"), Map.of());
  }

  private static List<byte[]> changed(List<byte[]> frames, Augmentation.Change change, int side) {
    return changed(frames, change, side, side);
  }

  private static List<byte[]> changed(
      List<byte[]> frames, Augmentation.Change change, int side, int crop) {
    ByteBuffer from = ByteBuffer.allocate(frames.size() * side * side * 3);
    frames.forEach(from::put);
    ByteBuffer to = ByteBuffer.allocate(frames.size() * crop * crop * 3);
    PixelCopy.copy(from, 0, frames.size(), side, side, crop, change, to);
    to.flip();
    List<byte[]> result = new ArrayList<>();
    for (int i = 0; i < frames.size(); i++) {
      byte[] frame = new byte[crop * crop * 3];
      to.get(frame);
      result.add(frame);
    }
    return result;
  }
}
