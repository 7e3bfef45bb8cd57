package io.clipstream.trainer.motion;

/**
 * A thing in front of the background: a soft-edged blob or an arm cut from another picture, which
 * may cast a shadow. It moves through the scene, or rests in it, or keeps to the screen as a thing
 * does that the camera follows.
 */
final class Mover {
  /** How the shadow of a thing differs from it: displaced, and with a softer edge. */
  private record Shadow(double depth, double x, double y, double softness) {}

  private final Picture texture;
  private final Outline outline;
  private final double aspect;
  private final double angle;
  private final double turning;
  private final Track track;
  private final Shadow shadow;
  private final boolean onScreen;
  private final double growth;
  private final double softness;
  private final double textureScale;
  private final double textureX;
  private final double textureY;
  private final double middle;

  /**
   * A compact thing.
   *
   * @param radius in short sides
   * @param seconds length of the video
   * @param shadow how much light it takes from what is beside it, 0 to 1
   */
  static Mover blob(
      Picture texture,
      double radius,
      double seconds,
      Track.Manner manner,
      double shadow,
      Dice dice) {
    Track track =
        new Track(
            dice.uniform(-0.45, 0.45), dice.uniform(-0.45, 0.45), seconds, manner, dice.split());
    return new Mover(
        texture,
        radius,
        Math.exp(dice.uniform(-0.6, 0.6)),
        dice.uniform(0, 2 * Math.PI),
        dice.chance(0.2),
        dice.maybe(0.3, dice.uniform(-1.8, 1.8)),
        track,
        shadow,
        seconds,
        dice);
  }

  /**
   * A large thing, or one of a few, that passes near the middle of the picture and moves through
   * the scene.
   *
   * @param radius in short sides
   * @param seconds length of the video
   */
  static Mover large(
      Picture texture, double radius, double seconds, Track.Manner manner, Dice dice) {
    Track track =
        new Track(dice.uniform(-0.4, 0.4), dice.uniform(-0.4, 0.4), seconds, manner, dice.split());
    return new Mover(
        texture,
        radius,
        Math.exp(dice.uniform(-0.5, 0.5)),
        dice.uniform(-0.5, 0.5),
        dice.chance(0.3),
        dice.maybe(0.4, dice.uniform(-0.8, 0.8)),
        track,
        dice.maybe(0.3, dice.uniform(0.05, 0.4)),
        seconds,
        dice);
  }

  /**
   * A long thing that comes in from the edge of the picture, such as an arm, a pen or a branch.
   *
   * @param thickness half of it, in short sides
   * @param seconds length of the video
   * @param shadow how much light it takes from what is beside it, 0 to 1
   */
  static Mover arm(
      Picture texture,
      double thickness,
      double seconds,
      Track.Manner manner,
      double shadow,
      Dice dice) {
    double length = dice.uniform(0.75, 1.3);
    double angle = dice.uniform(0, 2 * Math.PI);
    Track track =
        new Track(
            dice.uniform(-0.45, 0.45) - length * Math.cos(angle),
            dice.uniform(-0.45, 0.45) - length * Math.sin(angle),
            seconds,
            manner,
            dice.split());
    return new Mover(
        texture,
        Math.sqrt(thickness * length),
        Math.sqrt(thickness / length),
        angle,
        true,
        dice.maybe(0.5, dice.uniform(-0.6, 0.6)),
        track,
        shadow,
        seconds,
        dice);
  }

  private Mover(
      Picture texture,
      double radius,
      double aspect,
      double angle,
      boolean square,
      double turning,
      Track track,
      double shadow,
      double seconds,
      Dice dice) {
    this.texture = texture;
    this.aspect = aspect;
    this.angle = angle;
    boolean rests = track.rests();
    this.turning = rests ? 0 : turning;
    this.track = track;
    this.shadow =
        shadow == 0
            ? null
            : new Shadow(
                shadow,
                dice.uniform(-0.08, 0.08),
                dice.uniform(-0.08, 0.08),
                dice.logUniform(0.03, 0.15));
    this.middle = seconds / 2;
    onScreen = !rests && dice.chance(0.3);
    growth = rests ? 0 : dice.maybe(0.3, dice.uniform(-0.5, 0.5));
    outline = new Outline(radius, square, !rests, dice);
    softness = dice.logUniform(0.004, 0.03);
    textureScale = Math.max(texture.width(), texture.height()) * dice.uniform(0.16, 0.62);
    textureX = texture.width() * dice.uniform(0.2, 0.8);
    textureY = texture.height() * dice.uniform(0.2, 0.8);
  }

  /**
   * Paints the thing over a frame.
   *
   * @param cos of the roll, times the size of the view
   * @param sin of the roll, times the size of the view
   */
  void draw(
      double t,
      CameraPath.Pose camera,
      double cos,
      double sin,
      double defocus,
      int width,
      int height,
      int[] frame) {
    if (shadow != null) {
      paint(t, camera, cos, sin, defocus, width, height, frame, shadow);
    }
    paint(t, camera, cos, sin, defocus, width, height, frame, null);
  }

  /** Paints the thing, or its shadow where one is given. */
  private void paint(
      double t,
      CameraPath.Pose camera,
      double cos,
      double sin,
      double defocus,
      int width,
      int height,
      int[] frame,
      Shadow cast) {
    double centreX = track.x(t) + (cast == null ? 0 : cast.x);
    double centreY = track.y(t) + (cast == null ? 0 : cast.y);
    double edgeSoftness = cast == null ? softness : cast.softness;
    double size = Math.exp(growth * (t - middle));
    double turn = angle + turning * (t - middle);
    double turnCos = Math.cos(turn) / size;
    double turnSin = Math.sin(turn) / size;
    double shortSide = Math.min(width, height);

    // A circle on the screen that holds the blob bounds the work.
    double scale2 = cos * cos + sin * sin;
    double screenX = centreX;
    double screenY = centreY;
    double reach = size * (outline.reach() + 3 * edgeSoftness) * Math.max(aspect, 1 / aspect);
    double pixel = size / shortSide;
    if (!onScreen) {
      double dx = centreX - camera.x();
      double dy = centreY - camera.y();
      screenX = (cos * dx + sin * dy) / scale2;
      screenY = (-sin * dx + cos * dy) / scale2;
      reach /= Math.sqrt(scale2);
      pixel = Math.sqrt(scale2) / (size * shortSide);
    } else {
      pixel = 1 / (size * shortSide);
    }
    int left = Math.max(0, (int) ((screenX - reach) * shortSide + width / 2.0));
    int right = Math.min(width, (int) ((screenX + reach) * shortSide + width / 2.0) + 1);
    int top = Math.max(0, (int) ((screenY - reach) * shortSide + height / 2.0));
    int bottom = Math.min(height, (int) ((screenY + reach) * shortSide + height / 2.0) + 1);
    if (left >= right || top >= bottom) {
      return;
    }
    Picture.Sampler picture = texture.sampler(textureScale * pixel * defocus);
    for (int y = top; y < bottom; y++) {
      double v = (y + 0.5 - height / 2.0) / shortSide;
      for (int x = left; x < right; x++) {
        double u = (x + 0.5 - width / 2.0) / shortSide;
        double dx = (onScreen ? u : camera.x() + cos * u - sin * v) - centreX;
        double dy = (onScreen ? v : camera.y() + sin * u + cos * v) - centreY;
        double lx = (turnCos * dx + turnSin * dy) * aspect;
        double ly = (-turnSin * dx + turnCos * dy) / aspect;
        double inside = outline.inside(lx, ly, t, 3 * edgeSoftness) / edgeSoftness * 2;
        if (inside < -5) {
          continue;
        }
        double share = inside > 5 ? 1 : 1 / (1 + Math.exp(-inside));
        int i = y * width + x;
        if (cast == null) {
          int rgb = picture.at(textureX + textureScale * lx, textureY + textureScale * ly);
          frame[i] = blend(frame[i], rgb, (int) (256 * share));
        } else {
          frame[i] = blend(frame[i], 0, (int) (256 * share * cast.depth));
        }
      }
    }
  }

  /**
   * One colour over another.
   *
   * @param share of the one above, 0 to 256
   */
  static int blend(int below, int above, int share) {
    int redBlue = (below & 0xff00ff) * (256 - share) + (above & 0xff00ff) * share;
    int green = (below & 0xff00) * (256 - share) + (above & 0xff00) * share;
    return ((redBlue >>> 8) & 0xff00ff) | ((green >>> 8) & 0xff00);
  }
}
