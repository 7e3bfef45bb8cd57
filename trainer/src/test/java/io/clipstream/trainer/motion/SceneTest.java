package io.clipstream.trainer.motion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
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
            CameraMotion.PAN_RIGHT,
            path,
            PICTURES,
            SIDE,
            SIDE,
            2,
            RATE,
            true,
            Rarities.NONE,
            new Dice(3, 3));

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

  @Test
  void shouldLeaveEnoughOfAStaticPictureUncoveredByLargeThings() {
    int moving = 0;
    for (int seed = 0; seed < 40; seed++) {
      List<byte[]> frames = frames(rare(seed, new Rarities(0, 1, 1, 1, 0, 0)), 25);
      byte[] last = frames.get(24);
      int kept = 0;
      int changed = 0;
      for (int i = 0; i < last.length; i++) {
        int most = 0;
        for (byte[] frame : frames) {
          most = Math.max(most, Math.abs((frame[i] & 0xff) - (last[i] & 0xff)));
        }
        kept += most < 60 ? 1 : 0;
        changed += most > 60 ? 1 : 0;
      }
      // Those that cross sweep over more than they fill at a time.
      moving += changed > last.length / 10 ? 1 : 0;
      assertThat(kept).as("seed " + seed).isGreaterThan(last.length / 20);
    }

    assertThat(moving).isGreaterThan(25);
  }

  @Test
  void shouldShowRaritiesOnlyWhereTheyAreAskedFor() {
    int other = 0;
    for (int seed = 0; seed < 10; seed++) {
      List<byte[]> usual = frames(scene(CameraMotion.STATIC, seed, false), 25);
      List<byte[]> none = frames(rare(seed, Rarities.NONE), 25);
      List<byte[]> some = frames(rare(seed, new Rarities(0, 1, 1, 0, 1, 1)), 25);
      boolean differs = false;
      for (int i = 0; i < 25; i++) {
        assertThat(Arrays.equals(none.get(i), usual.get(i))).isTrue();
        differs |= !Arrays.equals(some.get(i), usual.get(i));
      }
      other += differs ? 1 : 0;
    }

    assertThat(other).isGreaterThan(7);
  }

  @Test
  void shouldBlurASwingAlongItsWay() {
    double[] across = new double[2];
    double[] down = new double[2];
    for (int seed = 0; seed < 30; seed++) {
      Dice dice = new Dice(seed, 9);
      Rarities fast = new Rarities(1, 3, 3, 0, 0, 0);
      CameraPath path = CameraPath.swing(CameraMotion.PAN_RIGHT, 2, 2, RANGES, fast, dice.split());
      for (int blurred = 0; blurred < 2; blurred++) {
        Scene scene =
            new Scene(
                CameraMotion.PAN_RIGHT,
                path,
                PICTURES,
                SIDE,
                SIDE,
                2,
                RATE,
                blurred == 0,
                Rarities.NONE,
                new Dice(seed, 10));
        double fastest = 0;
        for (double t = 0.1; t < 1.9; t += 0.02) {
          fastest = path.way(fastest, fastest + 0.02) < path.way(t, t + 0.02) ? t : fastest;
        }
        byte[] frame = new byte[SIDE * SIDE * 3];
        scene.render(fastest + 0.01, frame);
        for (int i = 0; i < frame.length - 3 * SIDE - 3; i++) {
          across[blurred] += Math.pow((frame[i + 3] & 0xff) - (frame[i] & 0xff), 2);
          down[blurred] += Math.pow((frame[i + 3 * SIDE] & 0xff) - (frame[i] & 0xff), 2);
        }
      }
    }

    assertThat(across[1] / down[1]).isLessThan(0.75 * across[0] / down[0]);
  }

  private static Scene rare(long seed, Rarities rarities) {
    Dice dice = new Dice(seed, CameraMotion.STATIC.label().length());
    CameraPath path = CameraPath.random(CameraMotion.STATIC, 2, 2, false, RANGES, dice.split());
    return new Scene(
        CameraMotion.STATIC, path, PICTURES, SIDE, SIDE, 2, RATE, false, rarities, dice.split());
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
    return new Scene(
        motion, path, PICTURES, SIDE, SIDE, 2, RATE, clean, Rarities.NONE, dice.split());
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
