package io.clipstream.trainer.motion;

import java.util.ArrayList;
import java.util.List;

/**
 * One rendered video: a picture seen by a moving camera, things that move in front of it, and what
 * lenses, sensors and editors do to the frames. Everything was drawn beforehand; {@link #render}
 * gives the same bytes for the same frame. One thread.
 */
final class Scene {
  private static final int NOISE_SIZE = 1 << 16;
  private static final byte[] NOISE = noise();

  /** A view shows at least this much structure, as a share of the range of values. */
  private static final double LEAST_TEXTURE = 0.02;

  /** Share of clips of a camera at rest that look at next to nothing. */
  private static final double PLAIN_SHARE = 0.3;

  /** Share of those that look at a {@link Sheet}; the others at a small piece of a photograph. */
  private static final double SHEET_SHARE = 0.65;

  private static final int MOST_DRAWS = 30;

  /**
   * Where the camera's path lies on a picture.
   *
   * @param size pixels of the picture to a short side of the frame, at zoom 1
   * @param x pixel of the picture at the path's origin
   * @param y likewise
   * @param stretch of the picture across
   */
  private record Placement(double size, double x, double y, double stretch) {}

  /** Part of the scene that sways in place, such as water or leaves: travelling waves. */
  @SuppressWarnings("ArrayRecordComponent") // holds, is never compared
  private record Wobble(
      double strength, double[] wave, double[] speed, double x, double y, double radius) {}

  /** Black bars, each {@code size} of the frame's width or height; and a fixed logo. */
  @SuppressWarnings("ArrayRecordComponent") // holds, is never compared
  private record Overlay(
      double bars, boolean letterbox, double[] logo, double stripesX, double stripesY) {}

  /** Colour and light: what turns the picture's values into the frame's. */
  @SuppressWarnings("ArrayRecordComponent") // holds, is never compared
  private record Grade(
      double saturation,
      double[] gain,
      double gamma,
      double contrast,
      double brightness,
      double exposureDrift,
      double flicker,
      SmoothNoise flickerNoise) {}

  private final int width;
  private final int height;
  private final double seconds;
  private final CameraPath path;
  private final Picture background;
  private final Placement placement;
  private final double defocus;
  private final double exposureTime;
  private final double noiseStrength;
  private final List<Mover> movers = new ArrayList<>();
  private final Trace trace;
  private final Wobble wobble;
  private final Grade grade;
  private final Overlay overlay;
  private final Dice noiseDice;
  private final int[] frame;
  private final int[][] light = new int[3][256];

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
      Dice dice) {
    this.width = width;
    this.height = height;
    this.seconds = seconds;
    this.path = path;
    this.frame = new int[width * height];

    Placement placement = null;
    Picture picture = null;
    // Blank walls and skies are fair for a camera at rest; any other motion could not be told.
    boolean plain = motion == CameraMotion.STATIC && !clean && dice.chance(PLAIN_SHARE);
    boolean sheet = plain && dice.chance(SHEET_SHARE);
    if (sheet) {
      picture = Sheet.random(dice.split());
      placement = place(picture, false, dice);
    }
    for (int i = 0; !sheet && i < MOST_DRAWS; i++) {
      picture = dice.pick(pictures);
      placement = place(picture, plain, dice);
      if (plain || textured(picture, placement)) {
        break;
      }
    }
    this.background = picture;
    this.placement = placement;

    this.noiseDice = dice.split();
    this.grade = clean ? null : grade(dice.split());
    this.overlay = clean ? null : overlay(dice.split());
    this.wobble = clean || !dice.chance(0.2) ? null : wobble(dice.split());
    this.defocus = clean || !dice.chance(0.4) ? 1 : dice.uniform(1, 5);
    this.exposureTime = clean || !dice.chance(0.25) ? 0 : dice.uniform(0.3, 0.9) / framesPerSecond;
    this.noiseStrength = clean ? 0 : dice.maybe(0.7, dice.logUniform(0.004, 0.05));
    if (!clean) {
      addMovers(motion, plain, pictures, dice.split());
    }
    this.trace = sheet && dice.chance(0.2) ? new Trace(dice.split()) : null;
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

  private static Wobble wobble(Dice dice) {
    double strength = dice.logUniform(0.004, 0.02);
    double[] wave = new double[4];
    for (int i = 0; i < 4; i++) {
      wave[i] = dice.uniform(-54, 54);
    }
    double[] speed = {
      dice.uniform(3, 14) * (dice.chance(0.5) ? 1 : -1),
      dice.uniform(3, 14) * (dice.chance(0.5) ? 1 : -1)
    };
    return new Wobble(
        strength,
        wave,
        speed,
        dice.uniform(-0.4, 0.4),
        dice.uniform(-0.4, 0.4),
        dice.uniform(0.15, 0.5));
  }

  private static Grade grade(Dice dice) {
    return new Grade(
        dice.uniform(0, 1.3),
        new double[] {dice.uniform(0.85, 1.15), dice.uniform(0.85, 1.15), dice.uniform(0.85, 1.15)},
        dice.logUniform(0.65, 1.5),
        dice.uniform(0.6, 1.2),
        dice.uniform(-0.1, 0.1),
        dice.maybe(0.4, dice.uniform(-0.25, 0.25)),
        dice.maybe(0.3, dice.uniform(0, 0.06)),
        new SmoothNoise(dice, 0.5, 4));
  }

  private static Overlay overlay(Dice dice) {
    double bars = dice.maybe(0.08, dice.uniform(0.04, 0.14));
    boolean letterbox = dice.chance(0.5);
    double[] logo =
        dice.chance(0.12)
            ? new double[] {
              dice.uniform(-0.42, 0.42),
              dice.uniform(0.36, 0.45) * (dice.chance(0.5) ? 1 : -1),
              dice.uniform(0.04, 0.15),
              dice.uniform(0.015, 0.05)
            }
            : null;
    return new Overlay(bars, letterbox, logo, dice.uniform(60, 200), dice.uniform(60, 200));
  }

  private static byte[] noise() {
    Dice dice = new Dice(7, 7);
    byte[] noise = new byte[NOISE_SIZE];
    for (int i = 0; i < NOISE_SIZE; i++) {
      double sum = 0;
      for (int k = 0; k < 12; k++) {
        sum += dice.uniform(-0.5, 0.5);
      }
      noise[i] = (byte) Math.round(Math.max(-4, Math.min(4, sum)) * 31);
    }
    return noise;
  }

  /**
   * Draws where on a picture the camera's path lies.
   *
   * @param enlarged whether to look at so small a piece that little is to be seen
   */
  private Placement place(Picture picture, boolean enlarged, Dice dice) {
    double shortSide = Math.min(width, height);
    double minX = Double.MAX_VALUE;
    double maxX = -Double.MAX_VALUE;
    double minY = Double.MAX_VALUE;
    double maxY = -Double.MAX_VALUE;
    double widest = 1;
    double turn = 0;
    for (double t = 0; t <= seconds; t += 0.05) {
      CameraPath.Pose pose = path.at(t);
      minX = Math.min(minX, pose.x());
      maxX = Math.max(maxX, pose.x());
      minY = Math.min(minY, pose.y());
      maxY = Math.max(maxY, pose.y());
      widest = Math.max(widest, Math.exp(-pose.logZoom()));
      turn = Math.max(turn, Math.abs(pose.roll()));
    }
    // The view is as large as lets the camera stay on the picture where that is possible.
    double corner = turn > 0.15 ? 1.41 : 1;
    double spanX = maxX - minX + widest * corner * width / shortSide;
    double spanY = maxY - minY + widest * corner * height / shortSide;
    double longest = Math.max(picture.width(), picture.height());
    double largest =
        Math.min(0.62 * longest, Math.min(picture.width() / spanX, picture.height() / spanY));
    double size =
        enlarged
            ? longest * dice.uniform(0.03, 0.1)
            : Math.max(0.14 * longest, largest * dice.uniform(0.55, 1));
    double roomX = Math.max(0, picture.width() - size * spanX);
    double roomY = Math.max(0, picture.height() - size * spanY);
    return new Placement(
        size,
        picture.width() / 2.0 + dice.uniform(-0.5, 0.5) * roomX - size * (maxX + minX) / 2,
        picture.height() / 2.0 + dice.uniform(-0.5, 0.5) * roomY - size * (maxY + minY) / 2,
        Math.exp(dice.uniform(-0.12, 0.12)));
  }

  /**
   * Whether every view has enough structure, across and down, to see it move: the root mean square
   * difference of neighbouring samples of 72 x 72.
   */
  private boolean textured(Picture picture, Placement place) {
    int side = 72;
    double[] gray = new double[side * side];
    for (int k = 0; k <= 4; k++) {
      CameraPath.Pose pose = path.at(seconds * k / 4);
      double scale = Math.exp(-pose.logZoom());
      double cos = scale * Math.cos(pose.roll());
      double sin = scale * Math.sin(pose.roll());
      Picture.Sampler sampler = picture.sampler(place.size * scale / side);
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          double u = (x + 0.5) / side - 0.5;
          double v = (y + 0.5) / side - 0.5;
          int rgb =
              sampler.at(
                  place.x + place.size * place.stretch * (pose.x() + cos * u - sin * v),
                  place.y + place.size * (pose.y() + sin * u + cos * v));
          gray[y * side + x] = ((rgb >> 16) + ((rgb >> 8) & 0xff) + (rgb & 0xff)) / (3 * 255.0);
        }
      }
      double across = 0;
      double down = 0;
      for (int y = 1; y < side; y++) {
        for (int x = 1; x < side; x++) {
          int i = y * side + x;
          across += (gray[i] - gray[i - 1]) * (gray[i] - gray[i - 1]);
          down += (gray[i] - gray[i - side]) * (gray[i] - gray[i - side]);
        }
      }
      double samples = (side - 1) * (side - 1);
      if (Math.sqrt(Math.min(across, down) / samples) < LEAST_TEXTURE) {
        return false;
      }
    }
    return true;
  }

  /** Name of the picture that the camera looks at; empty for a {@link Sheet}. */
  String source() {
    return background.name();
  }

  /**
   * Renders the frame shown at a time.
   *
   * @param t seconds from the start of the video
   * @param out RGB uint8 {@code [height, width, 3]}
   */
  void render(double t, byte[] out) {
    if (exposureTime == 0) {
      draw(t);
      unpack(out);
    } else {
      // Motion blur: the mean of three moments while the shutter is open.
      int[] sum = new int[out.length];
      for (int k = -1; k <= 1; k++) {
        draw(t + k * exposureTime / 3);
        for (int i = 0, o = 0; i < frame.length; i++) {
          int rgb = frame[i];
          sum[o++] += rgb >> 16;
          sum[o++] += (rgb >> 8) & 0xff;
          sum[o++] += rgb & 0xff;
        }
      }
      for (int i = 0; i < out.length; i++) {
        out[i] = (byte) (sum[i] / 3);
      }
    }
    if (grade != null) {
      applyGrade(t, out);
      applyOverlay(out);
    }
    if (noiseStrength > 0) {
      applyNoise(out);
    }
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
    Picture.Sampler picture = background.sampler(placement.size * scale / shortSide * defocus);
    for (int y = 0, i = 0; y < height; y++) {
      double v = (y + 0.5 - height / 2.0) / shortSide;
      for (int x = 0; x < width; x++, i++) {
        double u = (x + 0.5 - width / 2.0) / shortSide;
        double worldX = pose.x() + cos * u - sin * v;
        double worldY = pose.y() + sin * u + cos * v;
        if (wobble != null) {
          double dx = worldX - wobble.x;
          double dy = worldY - wobble.y;
          double inside = wobble.radius - Math.sqrt(dx * dx + dy * dy);
          if (inside > -0.15) {
            double strength = wobble.strength / (1 + Math.exp(-inside / 0.05));
            double a = wobble.wave[0] * worldX + wobble.wave[1] * worldY + wobble.speed[0] * t;
            double b = wobble.wave[2] * worldX + wobble.wave[3] * worldY + wobble.speed[1] * t;
            worldX += strength * Math.sin(a);
            worldY += strength * Math.sin(b);
          }
        }
        frame[i] =
            picture.at(
                placement.x + placement.size * placement.stretch * worldX,
                placement.y + placement.size * worldY);
      }
    }
    if (trace != null) {
      trace.draw(t, width, height, frame);
    }
    for (Mover mover : movers) {
      mover.draw(t, pose, cos, sin, defocus, width, height, frame);
    }
  }

  private void applyGrade(double t, byte[] out) {
    double gain =
        1 + grade.exposureDrift * (t - seconds / 2) + grade.flicker * grade.flickerNoise.at(t);
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < 256; i++) {
        double x = Math.pow(Math.min(1, i / 255.0 * grade.gain[c]), grade.gamma);
        x = ((x - 0.5) * grade.contrast + 0.5 + grade.brightness) * gain;
        light[c][i] = (int) Math.round(255 * Math.max(0, Math.min(1, x)));
      }
    }
    int saturation = (int) Math.round(256 * grade.saturation);
    for (int i = 0; i < out.length; i += 3) {
      int r = out[i] & 0xff;
      int g = out[i + 1] & 0xff;
      int b = out[i + 2] & 0xff;
      int gray = (r + g + b) / 3;
      out[i] = (byte) light[0][clamp(gray + (((r - gray) * saturation) >> 8))];
      out[i + 1] = (byte) light[1][clamp(gray + (((g - gray) * saturation) >> 8))];
      out[i + 2] = (byte) light[2][clamp(gray + (((b - gray) * saturation) >> 8))];
    }
  }

  private void applyOverlay(byte[] out) {
    if (overlay.bars == 0 && overlay.logo == null) {
      return;
    }
    double shortSide = Math.min(width, height);
    for (int y = 0, i = 0; y < height; y++) {
      for (int x = 0; x < width; x++, i += 3) {
        double across = Math.abs((x + 0.5) / width - 0.5);
        double down = Math.abs((y + 0.5) / height - 0.5);
        if (overlay.bars > 0 && (overlay.letterbox ? down : across) > 0.5 - overlay.bars) {
          out[i] = out[i + 1] = out[i + 2] = 0;
        }
        if (overlay.logo != null) {
          double u = (x + 0.5 - width / 2.0) / shortSide;
          double v = (y + 0.5 - height / 2.0) / shortSide;
          if (Math.abs(u - overlay.logo[0]) < overlay.logo[2]
              && Math.abs(v - overlay.logo[1]) < overlay.logo[3]) {
            boolean white = Math.sin(u * overlay.stripesX) * Math.sin(v * overlay.stripesY) > 0;
            out[i] = out[i + 1] = out[i + 2] = (byte) (white ? 255 : 0);
          }
        }
      }
    }
  }

  private void applyNoise(byte[] out) {
    // NOISE has a deviation of 31; a common part for the three channels and one for each.
    int common = (int) Math.round(noiseStrength * 0.8 * 255 * 256 / 31);
    int own = (int) Math.round(noiseStrength * 0.4 * 255 * 256 / 31);
    int at = noiseDice.below(NOISE_SIZE);
    for (int i = 0; i < out.length; i += 3) {
      if (i % (3 * width) == 0) {
        at = noiseDice.below(NOISE_SIZE);
      }
      int shared = NOISE[at++ & (NOISE_SIZE - 1)] * common;
      for (int c = 0; c < 3; c++) {
        int n = shared + NOISE[at++ & (NOISE_SIZE - 1)] * own;
        out[i + c] = (byte) clamp((out[i + c] & 0xff) + (n >> 8));
      }
    }
  }

  private static int clamp(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
