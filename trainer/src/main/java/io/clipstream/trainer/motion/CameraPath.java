package io.clipstream.trainer.motion;

/**
 * Where the virtual camera looks over time. Immutable; all threads.
 *
 * <p>A path is a dominant motion with a speed profile, a slower steady motion in every other degree
 * of freedom, and trembling.
 */
public final class CameraPath {
  /** Mean optical flow over a square frame of a zoom of 1/s or a roll of 1 rad/s, in sides/s. */
  static final double FLOW_OF_TURN = 0.383;

  /**
   * Where the camera is.
   *
   * @param x of the middle of the view, to the right, in short sides
   * @param y of the middle of the view, downwards, in short sides
   * @param logZoom natural logarithm of the magnification
   * @param roll clockwise turn of the camera, radians
   */
  public record Pose(double x, double y, double logZoom, double roll) {
    Pose plus(Pose other) {
      return new Pose(x + other.x, y + other.y, logZoom + other.logZoom, roll + other.roll);
    }

    Pose times(double factor) {
      return new Pose(x * factor, y * factor, logZoom * factor, roll * factor);
    }
  }

  /** Three trembles (x, y, roll), each with its strength in sides or radians. */
  @SuppressWarnings("ArrayRecordComponent") // holds, is never compared
  private record Tremble(SmoothNoise[] noise, double[] strength) {
    Pose at(double t) {
      return new Pose(
          strength[0] * noise[0].at(t),
          strength[1] * noise[1].at(t),
          0,
          strength[2] * noise[2].at(t));
    }
  }

  private static final int PROFILE_STEPS_PER_SECOND = 100;

  private final Pose velocity;
  private final Pose drift;
  private final Tremble tremble;

  /** Seconds of full-speed motion so far, at steps of 1/100 s; {@code null} for constant speed. */
  private final double[] progress;

  private final double middle;
  private final double progressAtMiddle;

  private CameraPath(Pose velocity, Pose drift, Tremble tremble, double[] progress, double middle) {
    this.velocity = velocity;
    this.drift = drift;
    this.tremble = tremble;
    this.progress = progress;
    this.middle = middle;
    this.progressAtMiddle = progress == null ? middle : progressAt(middle);
  }

  /** A camera with constant velocities per second and nothing else, at the origin at time 0. */
  public static CameraPath steady(Pose velocity) {
    return new CameraPath(velocity, new Pose(0, 0, 0, 0), null, null, 0);
  }

  /**
   * A random path of one kind.
   *
   * @param seconds length of the video; the origin is passed at half of it
   * @param span seconds in the middle of the video that a clip shows: the motion fills at least 60
   *     % of them
   * @param clean whether to leave out secondary motions and trembling
   */
  static CameraPath random(
      CameraMotion motion,
      double seconds,
      double span,
      boolean clean,
      MotionRanges ranges,
      Dice dice) {
    Pose velocity = dominant(motion, ranges, dice);
    double flow =
        Math.abs(velocity.x)
            + Math.abs(velocity.y)
            + FLOW_OF_TURN * (Math.abs(velocity.logZoom) + Math.abs(velocity.roll));
    double secondary =
        switch (motion) {
          case STATIC -> ranges.staticDrift();
          case SHAKE -> ranges.shakeDrift();
          default -> ranges.secondaryShare() * flow;
        };
    Pose drift =
        new Pose(
            velocity.x != 0 ? 0 : secondary * dice.maybe(0.6, dice.uniform(-1, 1)),
            velocity.y != 0 ? 0 : secondary * dice.maybe(0.6, dice.uniform(-1, 1)),
            velocity.logZoom != 0
                ? 0
                : secondary / FLOW_OF_TURN * dice.maybe(0.6, dice.uniform(-1, 1)),
            velocity.roll != 0
                ? 0
                : secondary / FLOW_OF_TURN * dice.maybe(0.6, dice.uniform(-1, 1)));
    Tremble tremble = tremble(motion, flow, ranges, dice);
    double[] progress = progress(seconds, span, dice.split());
    if (clean) {
      drift = new Pose(0, 0, 0, 0);
      tremble = motion == CameraMotion.SHAKE ? tremble : null;
    }
    return new CameraPath(velocity, drift, tremble, progress, seconds / 2);
  }

  private static Pose dominant(CameraMotion motion, MotionRanges ranges, Dice dice) {
    double pan = dice.logUniform(ranges.panLow(), ranges.panHigh());
    double zoom = dice.logUniform(ranges.zoomLow(), ranges.zoomHigh());
    double roll = dice.logUniform(ranges.rollLow(), ranges.rollHigh());
    return switch (motion) {
      case STATIC, SHAKE -> new Pose(0, 0, 0, 0);
      case PAN_LEFT -> new Pose(-pan, 0, 0, 0);
      case PAN_RIGHT -> new Pose(pan, 0, 0, 0);
      case TILT_UP -> new Pose(0, -pan, 0, 0);
      case TILT_DOWN -> new Pose(0, pan, 0, 0);
      case ZOOM_IN -> new Pose(0, 0, zoom, 0);
      case ZOOM_OUT -> new Pose(0, 0, -zoom, 0);
      case ROLL_CLOCKWISE -> new Pose(0, 0, 0, roll);
      case ROLL_COUNTERCLOCKWISE -> new Pose(0, 0, 0, -roll);
      case CUT -> throw new IllegalArgumentException("a cut is between paths, see Film");
    };
  }

  private static Tremble tremble(CameraMotion motion, double flow, MotionRanges ranges, Dice dice) {
    SmoothNoise[] noise = new SmoothNoise[3];
    if (motion == CameraMotion.SHAKE) {
      double fastest = dice.uniform(2, 6); // hertz; from the sway of a hand to its trembling
      for (int i = 0; i < 3; i++) {
        noise[i] = new SmoothNoise(dice, 0.8, fastest);
      }
      double strength = dice.logUniform(ranges.shakeLow(), ranges.shakeHigh());
      double across = dice.uniform(0.35, 1);
      double down = dice.uniform(0.35, 1);
      double most = Math.max(across, down);
      return new Tremble(
          noise,
          new double[] {
            strength * across / most, strength * down / most, strength * dice.uniform(0, 0.9)
          });
    }
    for (int i = 0; i < 3; i++) {
      noise[i] = new SmoothNoise(dice, 1, 4);
    }
    double most =
        motion == CameraMotion.STATIC
            ? dice.uniform(0, ranges.staticTremble())
            : Math.min(dice.uniform(0, 0.006), 0.04 * flow + 0.001);
    double strength = dice.maybe(0.6, most);
    return new Tremble(noise, new double[] {strength, strength, strength});
  }

  /**
   * The integral of a speed profile: constant speed, a soft start or a soft stop, with slow
   * variations of up to a third.
   */
  private static double[] progress(double seconds, double span, Dice dice) {
    double lead = (seconds - span) / 2;
    double start = Double.NEGATIVE_INFINITY;
    double stop = Double.POSITIVE_INFINITY;
    switch (dice.weighted(0.5, 0.25, 0.25)) {
      case 1 -> start = lead + dice.uniform(0, 0.4 * span);
      case 2 -> stop = lead + dice.uniform(0.6 * span, span);
      default -> {}
    }
    double softness = dice.uniform(0.05, 0.4) / 4;
    double variation = dice.uniform(0, 0.35);
    SmoothNoise noise = new SmoothNoise(dice, 0.2, 0.8);
    double[] progress = new double[(int) Math.ceil((seconds + 0.2) * PROFILE_STEPS_PER_SECOND) + 2];
    for (int i = 1; i < progress.length; i++) {
      double t = (i - 0.5) / PROFILE_STEPS_PER_SECOND;
      double vary = Math.max(-1, Math.min(1, noise.at(t) / 1.5));
      double speed =
          sigmoid((t - start) / softness) * sigmoid((stop - t) / softness) * (1 + variation * vary);
      progress[i] = progress[i - 1] + speed / PROFILE_STEPS_PER_SECOND;
    }
    return progress;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private double progressAt(double seconds) {
    double at = Math.max(0, Math.min(progress.length - 1.001, seconds * PROFILE_STEPS_PER_SECOND));
    int i = (int) at;
    return progress[i] + (at - i) * (progress[i + 1] - progress[i]);
  }

  /** The pose at a time of the video. */
  public Pose at(double seconds) {
    double done = (progress == null ? seconds : progressAt(seconds)) - progressAtMiddle;
    Pose pose = velocity.times(done).plus(drift.times(seconds - middle));
    return tremble == null ? pose : pose.plus(tremble.at(seconds));
  }
}
