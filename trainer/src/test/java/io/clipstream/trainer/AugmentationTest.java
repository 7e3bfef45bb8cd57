package io.clipstream.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.trainer.motion.CameraMotion;
import io.clipstream.trainer.motion.MotionEstimate;
import io.clipstream.trainer.motion.Rendered;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The label exchanges of the shipped recipe, against motion measured from pixels. */
class AugmentationTest {
  private static final List<CameraMotion> MOTIONS = List.of(CameraMotion.values());
  private static final int SIDE = 96;
  private static final int FRAMES = 16;

  @ParameterizedTest
  @EnumSource
  void shouldExchangeLabelsAsTheChangedPicturesMove(CameraMotion motion) throws Exception {
    Augmentation augmentation = shipped().training().augmentation();
    List<byte[]> frames = Rendered.frames(motion, SIDE, FRAMES, 4);

    for (int bits = 0; bits < 16; bits++) {
      Augmentation.Change change =
          new Augmentation.Change(
              0,
              0,
              (bits & 1) != 0,
              (bits & 2) != 0,
              (bits & 4) != 0,
              (bits & 8) != 0,
              1,
              0,
              false);
      MotionEstimate seen = MotionEstimate.of(changed(frames, change, SIDE), SIDE);

      CameraMotion named = MOTIONS.get(augmentation.classOf(MOTIONS.indexOf(motion), change));
      assertThat(seen.label()).as(change + " " + seen).isEqualTo(named);
    }
  }

  @Test
  void shouldCutTheCropThatWasDrawn() {
    byte[] frame = new byte[8 * 8 * 3];
    for (int i = 0; i < 64; i++) {
      frame[3 * i] = (byte) i;
    }
    Augmentation.Change change =
        new Augmentation.Change(3, 1, false, false, false, false, 1, 0, false);

    byte[] crop = changed(List.of(frame), change, 8, 4).get(0);

    assertThat(crop[0]).isEqualTo((byte) (8 + 3));
    assertThat(crop[3 * 15]).isEqualTo((byte) (4 * 8 + 6));
  }

  @Test
  void shouldChangeLightWithinTheRange() {
    byte[] frame = {(byte) 250, 100, 3};
    Augmentation.Change brighter =
        new Augmentation.Change(0, 0, false, false, false, false, 1, 20, false);
    Augmentation.Change gray =
        new Augmentation.Change(0, 0, false, false, false, false, 1, 0, true);

    assertThat(changed(List.of(frame), brighter, 1).get(0))
        .containsExactly((byte) 255, (byte) 120, (byte) 23);
    assertThat(changed(List.of(frame), gray, 1).get(0)).containsOnly((byte) 134);
  }

  @Test
  void shouldDrawOnlyWhatIsSwitchedOn() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 100; i++) {
      Augmentation.Change change = Augmentation.none().draw(8, 8, random);

      assertThat(change).isEqualTo(Augmentation.Change.none(8, 8));
    }
  }

  @Test
  void shouldSayWhatIsWrongWithAPair() {
    Settings settings = new Settings("recipe", Map.of("augment.mirror", "left:rihgt"));

    assertThatThrownBy(() -> Augmentation.from(settings, List.of("left", "right")))
        .hasMessageContaining("augment.mirror has left:rihgt, expected off, on, or pairs");
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
    Augmentation.apply(from, 0, frames.size(), side, crop, change, to);
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
