package io.clipstream.trainer.motion;

/**
 * How fast cameras move, per second, in short sides (pan, tilt, shake), natural logarithms of the
 * magnification (zoom) or radians (roll). Speeds are drawn log-uniformly.
 *
 * @param panLow slowest pan or tilt
 * @param panHigh fastest pan or tilt
 * @param zoomLow slowest zoom
 * @param zoomHigh fastest zoom
 * @param rollLow slowest roll
 * @param rollHigh fastest roll
 * @param shakeLow weakest shake: root mean square of the displacement, in short sides
 * @param shakeHigh strongest shake
 * @param secondaryShare most flow of a secondary steady motion, as a share of the dominant motion's
 * @param staticDrift most drift of a camera that is called static
 * @param staticTremble most trembling (root mean square, short sides) of one that is called static
 * @param shakeDrift most drift of a shaken camera
 */
public record MotionRanges(
    double panLow,
    double panHigh,
    double zoomLow,
    double zoomHigh,
    double rollLow,
    double rollHigh,
    double shakeLow,
    double shakeHigh,
    double secondaryShare,
    double staticDrift,
    double staticTremble,
    double shakeDrift) {

  public MotionRanges {
    check("pan", panLow, panHigh);
    check("zoom", zoomLow, zoomHigh);
    check("roll", rollLow, rollHigh);
    check("shake", shakeLow, shakeHigh);
  }

  private static void check(String name, double low, double high) {
    if (!(low > 0 && high >= low)) {
      throw new IllegalArgumentException(
          "speeds of " + name + " are " + low + " to " + high + ", expected 0 < low <= high");
    }
  }
}
