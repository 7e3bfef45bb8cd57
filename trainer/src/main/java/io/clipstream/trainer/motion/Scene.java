package io.clipstream.trainer.motion;

import java.util.ArrayList;
import java.util.List;

/**
 * One rendered video: a picture seen by a moving camera, things that move in front of it, and what
 * lenses, sensors and editors do to the frames. Everything was drawn beforehand; {@link #render}
 * gives the same bytes for the same frame. One thread.
 */
final class Scene implements Footage {
  /** Share of clips of a camera at rest that look at next to nothing. */
  private static final double PLAIN_SHARE = 0.3;

  /** Share of those that look at a {@link Sheet}; the others at a small piece of a photograph. */
  private static final double SHEET_SHARE = 0.65;

  private static final int MOST_DRAWS = 30;

  /** Sum of what all insets cover, as a share of the square in the middle. */
  private static final double MOST_INSET = 0.5;

  /** A swing's blur is the mean of moments at most so far apart, in short sides. */
  private static final double BLUR_STEP = 0.025;

  private static final int MOST_MOMENTS = 15;

  private final int width;
  private final int height;
  private final double seconds;
  private final CameraPath path;
  private final Picture background;
  private final Placement placement;
  private final double defocus;
  private final double exposureTime;
  private final SensorNoise noise;
  private final List<Mover> movers = new ArrayList<>();
  private final Trace trace;
  private final Wobble wobble;
  private Grade grade;
  private Overlay overlay;
  private Fade fade = Fade.NONE;
  private final List<Inset> insets = new ArrayList<>();
  private final int[] frame;

  /**
   * Draws a scene.
   *
   * @param path camera path whose origin is in the middle of the video
   * @param pictures to choose background and moving things from
   * @param width of the frames in pixels
   * @param height of the frames in pixels
   * @param seconds length of the video
   * @param framesPerSecond of the video; limits motion blur
   * @param clean whether only the camera acts: no moving things, grading, overlay or noise
   * @param rarities but swings, which are the path's
   */
  Scene(
      CameraMotion motion,
      CameraPath path,
      List<Picture> pictures,
      int width,
      int height,
      double seconds,
      double framesPerSecond,
      boolean clean,
      Rarities rarities,
      Dice dice) {
    this.width = width;
    this.height = height;
    this.seconds = seconds;
    this.path = path;
    this.frame = new int[width * height];

    Placement placement = null;
    Picture picture = null;
    // Blank walls and skies are fair for a camera at rest; any other motion could not be told.
    boolean large = !clean && rarities.large(motion, dice);
    boolean plain = motion == CameraMotion.STATIC && !clean && dice.chance(PLAIN_SHARE) && !large;
    boolean sheet = plain && dice.chance(SHEET_SHARE);
    if (sheet) {
      picture = Sheet.random(dice.split());
      placement = Placement.draw(picture, path, width, height, seconds, false, dice);
    }
    for (int i = 0; !sheet && i < MOST_DRAWS; i++) {
      picture = dice.pick(pictures);
      placement = Placement.draw(picture, path, width, height, seconds, plain, dice);
      if (plain || placement.textured(picture, path, seconds)) {
        break;
      }
    }
    this.background = picture;
    this.placement = placement;

    Dice noiseDice = dice.split();
    this.grade = clean ? null : Grade.random(dice.split());
    this.overlay = clean ? null : Overlay.random(dice.split());
    this.wobble = clean || !dice.chance(0.2) ? null : Wobble.random(dice.split());
    this.defocus = clean || !dice.chance(0.4) ? 1 : dice.uniform(1, 5);
    double exposure = clean || !dice.chance(0.25) ? 0 : dice.uniform(0.3, 0.9) / framesPerSecond;
    this.exposureTime =
        path.swings() && !clean
            ? dice.maybe(0.92, dice.uniform(0.2, 0.95)) / framesPerSecond
            : exposure;
    this.noise =
        new SensorNoise(clean ? 0 : dice.maybe(0.7, dice.logUniform(0.004, 0.05)), noiseDice);
    if (!clean) {
      addMovers(motion, plain, pictures, dice.split());
    }
    if (large) {
      addLarge(motion, pictures, dice.split());
    }
    if (!clean && rarities.inset(motion, dice)) {
      addInsets(plain, pictures, dice.split());
    }
    if (!clean && !path.swings() && rarities.fades(dice)) {
      this.fade = Fade.random(seconds, dice.split());
    }
    this.trace = sheet && dice.chance(0.2) ? new Trace(dice.split()) : null;
  }

  /**
   * One of a data set, with a camera path of its own.
   *
   * @param rarities the data set's, or fewer
   */
  static Scene random(
      CameraMotion motion,
      MotionDataSpec spec,
      Rarities rarities,
      List<Picture> pictures,
      int width,
      int height,
      double seconds,
      double framesPerSecond,
      Dice dice) {
    Dice pathDice = dice.split();
    double span = spec.spanSeconds();
    CameraPath path =
        rarities.swings(motion, pathDice)
            ? CameraPath.swing(motion, seconds, span, spec.ranges(), rarities, pathDice)
            : CameraPath.random(motion, seconds, span, false, spec.ranges(), pathDice);
    return new Scene(
        motion,
        path,
        pictures,
        width,
        height,
        seconds,
        framesPerSecond,
        false,
        rarities,
        dice.split());
  }

  private void addMovers(CameraMotion motion, boolean plain, List<Picture> pictures, Dice dice) {
    boolean still = motion == CameraMotion.STATIC || motion == CameraMotion.SHAKE;
    int count;
    if (plain) {
      count = dice.weighted(0.08, 0.42, 0.25, 0.15, 0.1);
    } else if (still) {
      count = dice.weighted(0.2, 0.25, 0.25, 0.15, 0.15);
    } else {
      count = dice.weighted(0.4, 0.25, 0.15, 0.1, 0.1);
    }
    // Something small that lies there is often all that tells a camera at rest before a blank wall.
    if (still && dice.chance(plain ? 0.5 : 0.1)) {
      movers.add(
          Mover.blob(
              dice.pick(pictures),
              dice.logUniform(0.03, 0.15),
              seconds,
              Track.Manner.RESTS,
              dice.maybe(0.4, dice.uniform(0.05, 0.5)),
              dice.split()));
    }
    double mostCovered = plain ? 0.6 : 0.35;
    double covered = 0;
    for (int i = 0; i < count; i++) {
      // Arms and sudden moves come with every camera that goes nowhere, so they tell none apart.
      boolean arm = still && dice.chance(plain ? 0.35 : 0.08);
      Track.Manner manner =
          still && dice.chance(plain ? 0.5 : 0.15) ? Track.Manner.HOPS : Track.Manner.DRIFTS;
      double shadow = plain ? dice.maybe(0.4, dice.uniform(0.05, 0.5)) : 0;
      double size = arm ? dice.logUniform(0.012, 0.12) : dice.logUniform(0.05, plain ? 0.42 : 0.30);
      double area = arm ? 1.4 * size : Math.PI * size * size;
      if (covered + area < mostCovered) {
        covered += area;
        Picture texture = dice.pick(pictures);
        movers.add(
            arm
                ? Mover.arm(texture, size, seconds, manner, shadow, dice.split())
                : Mover.blob(texture, size, seconds, manner, shadow, dice.split()));
      }
    }
  }

  /**
   * One thing that fills much of the square in the middle, which clips show, or a few that fill as
   * much together.
   */
  private void addLarge(CameraMotion motion, List<Picture> pictures, Dice dice) {
    double share =
        motion == CameraMotion.STATIC ? dice.uniform(0.25, 0.66) : dice.uniform(0.15, 0.33);
    int count = 1 + dice.weighted(0.6, 0.1, 0.15, 0.15);
    for (int i = 0; i < count; i++) {
      Track.Manner manner =
          switch (dice.weighted(0.45, 0.35, 0.1, 0.1)) {
            case 0 -> count == 1 ? Track.Manner.RISES : Track.Manner.CROSSES;
            case 1 -> Track.Manner.CROSSES;
            case 2 -> Track.Manner.HOPS;
            default -> Track.Manner.DRIFTS;
          };
      // Some are of one colour, as animals are.
      Picture texture = dice.chance(0.3) ? Sheet.random(dice.split()) : dice.pick(pictures);
      movers.add(
          Mover.large(texture, Math.sqrt(share / count / Math.PI), seconds, manner, dice.split()));
    }
  }

  /** Before a plain background insets are smaller: it must be seen to stay. */
  private void addInsets(boolean plain, List<Picture> pictures, Dice dice) {
    double shortSide = Math.min(width, height);
    int count = 1 + dice.weighted(0.6, 0.2, 0.2);
    for (int i = 0; i < count; i++) {
      insets.add(
          new Inset(
              pictures,
              dice.uniform(0.05, plain ? 0.7 * MOST_INSET : MOST_INSET) / count,
              width / shortSide,
              height / shortSide,
              seconds,
              dice.split()));
    }
  }

  /** Takes colours, light and overlay of another, as scenes of one video have them. */
  void finishAs(Scene other) {
    grade = other.grade;
    overlay = other.overlay;
  }

  /** Whether its camera is swung. */
  boolean swings() {
    return path.swings();
  }

  /** The picture that the camera looks at. */
  Picture background() {
    return background;
  }

  @Override
  public String source() {
    return background.name();
  }

  @Override
  public void render(double t, byte[] out) {
    int moments = moments(t);
    if (moments == 1) {
      draw(t);
      unpack(out);
    } else {
      // Motion blur: the mean of some moments while the shutter is open.
      int[] sum = new int[out.length];
      for (int k = -(moments / 2); k <= moments / 2; k++) {
        draw(t + k * exposureTime / moments);
        for (int i = 0, o = 0; i < frame.length; i++) {
          int rgb = frame[i];
          sum[o++] += rgb >> 16;
          sum[o++] += (rgb >> 8) & 0xff;
          sum[o++] += rgb & 0xff;
        }
      }
      for (int i = 0; i < out.length; i++) {
        out[i] = (byte) (sum[i] / moments);
      }
    }
    if (grade != null) {
      grade.apply(t - seconds / 2, t, out);
      overlay.apply(width, height, out);
    }
    fade.apply(t, out);
    noise.apply(width, out);
  }

  /** How many moments an exposure is made of: three, but as a swing's speed asks; odd. */
  private int moments(double t) {
    if (exposureTime == 0) {
      return 1;
    }
    if (!path.swings()) {
      return 3;
    }
    double way = path.way(t - exposureTime / 2, t + exposureTime / 2);
    return Math.min(MOST_MOMENTS, 1 + 2 * (int) Math.round(way / BLUR_STEP / 2));
  }

  private void unpack(byte[] out) {
    for (int i = 0, o = 0; i < frame.length; i++) {
      int rgb = frame[i];
      out[o++] = (byte) (rgb >> 16);
      out[o++] = (byte) (rgb >> 8);
      out[o++] = (byte) rgb;
    }
  }

  private void draw(double t) {
    CameraPath.Pose pose = path.at(t);
    double shortSide = Math.min(width, height);
    double scale = Math.exp(-pose.logZoom());
    double cos = scale * Math.cos(pose.roll());
    double sin = scale * Math.sin(pose.roll());
    Picture.Sampler picture = background.sampler(placement.size() * scale / shortSide * defocus);
    for (int y = 0, i = 0; y < height; y++) {
      double v = (y + 0.5 - height / 2.0) / shortSide;
      for (int x = 0; x < width; x++, i++) {
        double u = (x + 0.5 - width / 2.0) / shortSide;
        double worldX = pose.x() + cos * u - sin * v;
        double worldY = pose.y() + sin * u + cos * v;
        double atX = worldX;
        double atY = worldY;
        if (wobble != null) {
          double strength = wobble.strength(worldX, worldY);
          if (strength > 0) {
            atX += strength * Math.sin(wobble.phase(0, worldX, worldY, t));
            atY += strength * Math.sin(wobble.phase(1, worldX, worldY, t));
          }
        }
        frame[i] = picture.at(placement.x(atX), placement.y(atY));
      }
    }
    if (trace != null) {
      trace.draw(t, width, height, frame);
    }
    for (Mover mover : movers) {
      mover.draw(t, pose, cos, sin, defocus, width, height, frame);
    }
    for (Inset inset : insets) {
      inset.draw(t, width, height, frame);
    }
  }
}
