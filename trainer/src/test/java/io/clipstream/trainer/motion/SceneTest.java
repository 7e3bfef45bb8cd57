package io.clipstream.trainer.motion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SceneTest {
  private static final int SIDE = 96;
  private static final double RATE = 12.5;
  private static final List<Picture> PICTURES =
      List.of(Pictures.patches("a", 900, 700, 1), Pictures.patches("b", 700, 900, 2));
  private static final MotionRanges RANGES =
      new MotionRanges(0.08, 0.6, 0.14, 0.8, 0.14, 1.05, 0.012, 0.06, 0.2, 0.006, 0.0022, 0.02);

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "CUT")
  void shouldShowTheMotionOfItsLabel(CameraMotion motion) {
    for (int seed = 0; seed < 4; seed++) {
      MotionEstimate seen = MotionEstimate.of(frames(scene(motion, seed, true), 25), SIDE);

      assertThat(seen.label()).as("seed " + seed + ": " + seen).isEqualTo(motion);
    }
  }

  @Test
  void shouldMoveExactlyAsThePathSays() {
    CameraPath path = CameraPath.steady(new CameraPath.Pose(0.15, -0.1, 0.2, 0.12));
    Scene scene =
        new Scene(
            CameraMotion.PAN_RIGHT, path, PICTURES, SIDE, SIDE, 2, RATE, true, new Dice(3, 3));

    MotionEstimate seen = MotionEstimate.of(frames(scene, 12), SIDE);

    // The picture is stretched across by up to 12 %; zoom and roll carry the middle along slowly.
    assertThat(seen.zoom() * RATE).isCloseTo(0.2, within(0.02));
    assertThat(seen.roll() * RATE).isCloseTo(0.12, within(0.03));
    assertThat(seen.x() * RATE).isCloseTo(0.15, within(0.06));
    assertThat(seen.y() * RATE).isCloseTo(-0.1, within(0.06));
  }

  @Test
  void shouldRenderTheSameFramesForTheSameSeed() {
    List<byte[]> once = frames(scene(CameraMotion.SHAKE, 5, false), 5);
    List<byte[]> again = frames(scene(CameraMotion.SHAKE, 5, false), 5);
    List<byte[]> other = frames(scene(CameraMotion.SHAKE, 6, false), 5);

    for (int i = 0; i < once.size(); i++) {
      assertThat(again.get(i)).isEqualTo(once.get(i));
      assertThat(other.get(i)).isNotEqualTo(once.get(i));
    }
  }

  @Test
  void shouldNotBeStillWhereThingsMoveBeforeAStaticCamera() {
    int moving = 0;
    for (int seed = 0; seed < 10; seed++) {
      List<byte[]> frames = frames(scene(CameraMotion.STATIC, seed, false), 10);
      moving += meanDifference(frames.get(0), frames.get(9)) > 2 ? 1 : 0;
    }

    assertThat(moving).isGreaterThan(5);
  }

  @Test
  void shouldShowBlankSheetsWithThingsThatMoveToAStaticCameraOnly() {
    int sheets = 0;
    int moving = 0;
    for (int seed = 0; seed < 100; seed++) {
      assertThat(scene(CameraMotion.STATIC, seed, true).source()).isNotEmpty();
      assertThat(scene(CameraMotion.SHAKE, seed, false).source()).isNotEmpty();
      assertThat(scene(CameraMotion.ZOOM_IN, seed, false).source()).isNotEmpty();
      Scene scene = scene(CameraMotion.STATIC, seed, false);
      if (scene.source().isEmpty()) {
        List<byte[]> frames = frames(scene, 25);
        sheets++;
        moving += mostlyAlike(frames.get(0), frames.get(24)) ? 0 : 1;
      }
    }

    assertThat(sheets).isBetween(10, 35);
    assertThat(moving).isGreaterThan(sheets * 2 / 3);
  }

  /** Whether fewer than 1 % of the values changed by more than light and noise do. */
  private static boolean mostlyAlike(byte[] a, byte[] b) {
    int changed = 0;
    for (int i = 0; i < a.length; i++) {
      changed += Math.abs((a[i] & 0xff) - (b[i] & 0xff)) > 30 ? 1 : 0;
    }
    return changed < a.length / 100;
  }

  private static double meanDifference(byte[] a, byte[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += Math.abs((a[i] & 0xff) - (b[i] & 0xff));
    }
    return sum / a.length;
  }

  private static Scene scene(CameraMotion motion, long seed, boolean clean) {
    Dice dice = new Dice(seed, motion.label().length());
    CameraPath path = CameraPath.random(motion, 2, 2, clean, RANGES, dice.split());
    return new Scene(motion, path, PICTURES, SIDE, SIDE, 2, RATE, clean, dice.split());
  }

  private static List<byte[]> frames(Scene scene, int count) {
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] frame = new byte[SIDE * SIDE * 3];
      scene.render(i / RATE, frame);
      frames.add(frame);
    }
    return frames;
  }
}
