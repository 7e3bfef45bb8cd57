package io.clipstream.trainer.motion;

/**
 * What some videos show and most do not. A share of 0 leaves every draw as if there were no such
 * thing.
 *
 * @param swingShare share of pans, tilts and shakes whose camera is swung
 * @param swingLow slowest peak speed of a swing, short sides a second
 * @param swingHigh fastest peak speed of a swing
 * @param largeShare share of static videos with things that fill up to two thirds of the picture;
 *     half as many of pans, tilts and shakes have some that fill up to a third
 * @param insetShare share of static videos of which a part changes suddenly: a window that opens
 * @param fadeShare share of videos, whose camera is not swung, that come from black or go to black
 */
public record Rarities(
    double swingShare,
    double swingLow,
    double swingHigh,
    double largeShare,
    double insetShare,
    double fadeShare) {
  /** None of them. */
  public static final Rarities NONE = new Rarities(0, 1, 1, 0, 0, 0);

  public Rarities {
    if (swingShare > 0 && !(swingLow > 0 && swingHigh >= swingLow)) {
      throw new IllegalArgumentException(
          "speeds of swings are " + swingLow + " to " + swingHigh + ", expected 0 < low <= high");
    }
  }

  /** These without swings. */
  Rarities withoutSwings() {
    return new Rarities(0, swingLow, swingHigh, largeShare, insetShare, fadeShare);
  }

  /** As they are where there are cuts: half of whose scenes have a camera at rest. */
  Rarities inFilms() {
    return new Rarities(
        Math.min(1, 2 * swingShare), swingLow, swingHigh, largeShare, insetShare, fadeShare);
  }

  /** Draws whether a camera is swung. */
  boolean swings(CameraMotion motion, Dice dice) {
    return swingShare > 0 && goesOrShakes(motion) && dice.chance(swingShare);
  }

  /** Draws whether something large moves. */
  boolean large(CameraMotion motion, Dice dice) {
    if (largeShare == 0) {
      return false;
    }
    return motion == CameraMotion.STATIC
        ? dice.chance(largeShare)
        : goesOrShakes(motion) && dice.chance(largeShare / 2);
  }

  /** Draws whether a part of the picture changes suddenly. */
  boolean inset(CameraMotion motion, Dice dice) {
    return insetShare > 0 && motion == CameraMotion.STATIC && dice.chance(insetShare);
  }

  /** Draws whether the video comes from black or goes to black. */
  boolean fades(Dice dice) {
    return fadeShare > 0 && dice.chance(fadeShare);
  }

  private static boolean goesOrShakes(CameraMotion motion) {
    return switch (motion) {
      case PAN_LEFT, PAN_RIGHT, TILT_UP, TILT_DOWN, SHAKE -> true;
      default -> false;
    };
  }
}
