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

  /** Fastest swing that lasts, short sides a second. */
  private static final double MOST_STEADY = 2.5;

  private static final int MOST_DRAWS = 40;

  private final Pose velocity;
  private final Pose drift;
  private final Tremble tremble;

  /** Seconds of full-speed motion so far, at steps of 1/100 s; {@code null} for constant speed. */
  private final double[] progress;

  private final double middle;
  private final double progressAtMiddle;
  private final boolean swings;

  private CameraPath(
      Pose velocity,
      Pose drift,
      Tremble tremble,
      double[] progress,
      double middle,
      boolean swings) {
    this.swings = swings;
    this.velocity = velocity;
    this.drift = drift;
    this.tremble = tremble;
    this.progress = progress;
    this.middle = middle;
    this.progressAtMiddle = progress == null ? middle : progressAt(middle);
  }

  /** A camera with constant velocities per second and nothing else, at the origin at time 0. */
  public static CameraPath steady(Pose velocity) {
    return new CameraPath(velocity, new Pose(0, 0, 0, 0), null, null, 0, false);
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
    return new CameraPath(velocity, drift, tremble, progress, seconds / 2, false);
  }

  /**
   * A random path of a hand that swings the camera: in one direction if it pans or tilts, to and
   * fro if it shakes.
   *
   * @param seconds length of the video; the origin is passed at half of it
   * @param span seconds in the middle of the video that a clip shows: the swing is within them
   */
  static CameraPath swing(
      CameraMotion motion,
      double seconds,
      double span,
      MotionRanges ranges,
      Rarities rarities,
      Dice dice) {
    double peak = dice.logUniform(rarities.swingLow(), rarities.swingHigh());
    return motion == CameraMotion.SHAKE
        ? swingToAndFro(peak, seconds, span, ranges, dice)
        : swingOnward(motion, peak, seconds, span, ranges, dice);
  }

  private static CameraPath swingOnward(
      CameraMotion motion,
      double peak,
      double seconds,
      double span,
      MotionRanges ranges,
      Dice dice) {
    // Steady ones are slower: a view of a picture is passed in 0.4 s at least.
    boolean steady = dice.chance(0.3);
    double speed = steady ? Math.min(peak, MOST_STEADY) : peak;
    double right = motion == CameraMotion.PAN_RIGHT ? 1 : motion == CameraMotion.PAN_LEFT ? -1 : 0;
    double down = motion == CameraMotion.TILT_DOWN ? 1 : motion == CameraMotion.TILT_UP ? -1 : 0;
    double aside = dice.maybe(0.7, dice.uniform(-0.3, 0.3));
    Pose velocity =
        new Pose(
                right + (right == 0 ? aside : 0),
                down + (down == 0 ? aside : 0),
                dice.maybe(0.3, dice.uniform(-0.15, 0.15)),
                dice.maybe(0.4, dice.uniform(-0.2, 0.2)))
            .times(speed);
    double slow =
        dice.maybe(0.5, Math.min(0.3, dice.logUniform(ranges.panLow(), ranges.panHigh()) / peak));
    double[] progress =
        steady
            ? progress(seconds, span, dice.split())
            : integral(
                Swing.onward(
                    peak,
                    slow,
                    (seconds - span) / 2,
                    span,
                    profileSteps(seconds),
                    PROFILE_STEPS_PER_SECOND,
                    dice.split()));
    Pose drift =
        new Pose(0, 0, dice.uniform(-0.03, 0.03), dice.uniform(-0.03, 0.03))
            .times(dice.maybe(0.5, 1));
    return new CameraPath(
        velocity, drift, handTremble(ranges.shakeLow(), dice), progress, seconds / 2, true);
  }

  private static CameraPath swingToAndFro(
      double peak, double seconds, double span, MotionRanges ranges, Dice dice) {
    boolean bursts = dice.chance(0.45);
    CameraPath path = null;
    for (int draw = 0; draw < MOST_DRAWS; draw++) {
      path =
          bursts
              ? burstsToAndFro(peak, seconds, span, ranges, dice.split())
              : sway(peak, seconds, dice.split());
      if (path.comesBack((seconds - span) / 2, span)) {
        break;
      }
    }
    return path;
  }

  private static CameraPath burstsToAndFro(
      double peak, double seconds, double span, MotionRanges ranges, Dice dice) {
    double angle = dice.uniform(0, 2 * Math.PI);
    Pose velocity =
        new Pose(
                Math.cos(angle),
                Math.sin(angle),
                dice.maybe(0.3, dice.uniform(-0.15, 0.15)),
                dice.maybe(0.4, dice.uniform(-0.2, 0.2)))
            .times(peak);
    double[] speeds =
        Swing.toAndFro(
            peak,
            (seconds - span) / 2,
            span,
            profileSteps(seconds),
            PROFILE_STEPS_PER_SECOND,
            dice.split());
    return new CameraPath(
        velocity,
        new Pose(0, 0, 0, 0),
        handTremble(2 * ranges.shakeLow(), dice),
        integral(speeds),
        seconds / 2,
        true);
  }

  private static CameraPath sway(double peak, double seconds, Dice dice) {
    Pose still = new Pose(0, 0, 0, 0);
    double fastest = dice.uniform(1.2, 3.5); // hertz
    SmoothNoise[] noise = noise(0.8, fastest, dice);
    double strength = Math.min(0.5, peak / (1.6 * Math.PI * (0.8 + fastest)));
    boolean across = dice.chance(0.5);
    double other = dice.uniform(0.1, 1);
    Tremble tremble =
        new Tremble(
            noise,
            new double[] {
              strength * (across ? 1 : other),
              strength * (across ? other : 1),
              strength * dice.uniform(0, 0.4)
            });
    return new CameraPath(still, still, tremble, null, seconds / 2, true);
  }

  /** Of the three trembles. */
  private static SmoothNoise[] noise(double slowest, double fastest, Dice dice) {
    SmoothNoise[] noise = new SmoothNoise[3];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = new SmoothNoise(dice, slowest, fastest);
    }
    return noise;
  }

  private static Tremble handTremble(double most, Dice dice) {
    SmoothNoise[] noise = noise(1, 4, dice);
    double strength = dice.maybe(0.6, dice.uniform(0, most));
    return new Tremble(noise, new double[] {strength, strength, strength});
  }

  /** Whether no one could name a direction: it goes a long way and ends near where it began. */
  boolean comesBack(double lead, double span) {
    double length = 0;
    double extent = 0;
    Pose first = at(lead);
    Pose before = first;
    for (double t = lead; t <= lead + span; t += 0.05) {
      Pose now = at(t);
      length += distance(before, now);
      extent = Math.max(extent, distance(first, now));
      before = now;
    }
    return distance(first, before) <= 0.45 * extent && length >= 1.8 * extent;
  }

  private static double distance(Pose one, Pose other) {
    return Math.hypot(one.x - other.x, one.y - other.y);
  }

  /** Whether a hand swings the camera: exposures blur. */
  boolean swings() {
    return swings;
  }

  /** Most that a picture moves from one time to another, roughly, in short sides. */
  double way(double from, double to) {
    Pose one = at(from);
    Pose other = at(to);
    return distance(one, other)
        + Math.abs(one.logZoom - other.logZoom) / 2
        + Math.abs(one.roll - other.roll) / 2;
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
    if (motion == CameraMotion.SHAKE) {
      double fastest = dice.uniform(2, 6); // hertz; from the sway of a hand to its trembling
      SmoothNoise[] noise = noise(0.8, fastest, dice);
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
    SmoothNoise[] noise = noise(1, 4, dice);
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
    double[] speeds = new double[profileSteps(seconds)];
    for (int i = 0; i < speeds.length; i++) {
      double t = (i + 0.5) / PROFILE_STEPS_PER_SECOND;
      double vary = Math.max(-1, Math.min(1, noise.at(t) / 1.5));
      speeds[i] =
          sigmoid((t - start) / softness) * sigmoid((stop - t) / softness) * (1 + variation * vary);
    }
    return integral(speeds);
  }

  /** Steps of a speed profile. */
  private static int profileSteps(double seconds) {
    return (int) Math.ceil((seconds + 0.2) * PROFILE_STEPS_PER_SECOND) + 1;
  }

  /** Seconds of full-speed motion at the ends of the steps. */
  private static double[] integral(double[] speeds) {
    double[] progress = new double[speeds.length + 1];
    for (int i = 0; i < speeds.length; i++) {
      progress[i + 1] = progress[i] + speeds[i] / PROFILE_STEPS_PER_SECOND;
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
