package io.clipstream.trainer.motion;

import java.util.ArrayList;
import java.util.List;

/** Clean frames of one motion, for tests outside this package. */
public final class Rendered {
  private Rendered() {}

  /** {@code count} frames, RGB uint8 {@code [side, side, 3]}, 12.5 a second. */
  public static List<byte[]> frames(CameraMotion motion, int side, int count, long seed) {
    MotionRanges ranges = new MotionRanges(0.1, 0.4, 0.2, 0.6, 0.2, 0.8, 0.03, 0.05, 0.2, 0, 0, 0);
    Dice dice = new Dice(seed, motion.label().length());
    CameraPath path = CameraPath.random(motion, 2, 2, true, ranges, dice.split());
    List<Picture> pictures = List.of(Pictures.patches("a", 900, 700, seed));
    Scene scene =
        new Scene(motion, path, pictures, side, side, 2, 12.5, true, Rarities.NONE, dice.split());
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] frame = new byte[side * side * 3];
      scene.render(i / 12.5, frame);
      frames.add(frame);
    }
    return frames;
  }
}
