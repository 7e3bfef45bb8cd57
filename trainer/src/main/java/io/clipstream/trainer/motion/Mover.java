package io.clipstream.trainer.motion;

/**
 * A thing that moves in front of the background: a soft-edged blob cut from another picture. It
 * moves through the scene, or keeps to the screen as a thing does that the camera follows.
 */
final class Mover {
  private static final int[] RIPPLES = {2, 3, 5};

  private final Picture texture;
  private final double radius;
  private final boolean onScreen;
  private final double startX;
  private final double startY;
  private final double speedX;
  private final double speedY;
  private final double startTime;
  private final double sway;
  private final SmoothNoise swayX;
  private final SmoothNoise swayY;
  private final double growth;
  private final double turning;
  private final double aspect;
  private final double[] ripple = new double[RIPPLES.length];
  private final double[] ripplePhase = new double[RIPPLES.length];
  private final double limbs;
  private final double softness;
  private final double textureScale;
  private final double textureX;
  private final double textureY;
  private final double middle;

  /**
   * @param radius in short sides
   * @param seconds length of the video
   */
  Mover(Picture texture, double radius, double seconds, Dice dice) {
    this.texture = texture;
    this.radius = radius;
    this.middle = seconds / 2;
    onScreen = dice.chance(0.3);
    double speed = dice.maybe(0.85, dice.logUniform(0.02, 0.9));
    double direction = dice.uniform(0, 2 * Math.PI);
    speedX = speed * Math.cos(direction);
    speedY = speed * Math.sin(direction);
    startTime = dice.uniform(0, seconds);
    startX = dice.uniform(-0.45, 0.45);
    startY = dice.uniform(-0.45, 0.45);
    sway = dice.maybe(0.4, dice.logUniform(0.005, 0.08));
    swayX = new SmoothNoise(dice, 0.3, 2);
    swayY = new SmoothNoise(dice, 0.3, 2);
    growth = dice.maybe(0.3, dice.uniform(-0.5, 0.5));
    turning = dice.maybe(0.3, dice.uniform(-1.8, 1.8));
    aspect = Math.exp(dice.uniform(-0.6, 0.6));
    for (int k = 0; k < RIPPLES.length; k++) {
      ripple[k] = radius * dice.uniform(0, 0.25 / (RIPPLES[k] - 1));
      ripplePhase[k] = dice.uniform(0, 2 * Math.PI);
    }
    limbs = dice.uniform(0, 4);
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
    double centreX = startX + speedX * (t - startTime) + sway * swayX.at(t);
    double centreY = startY + speedY * (t - startTime) + sway * swayY.at(t);
    double size = Math.exp(growth * (t - middle));
    double turn = turning * (t - middle);
    double turnCos = Math.cos(turn) / size;
    double turnSin = Math.sin(turn) / size;
    double shortSide = Math.min(width, height);

    // A circle on the screen that holds the blob bounds the work.
    double scale2 = cos * cos + sin * sin;
    double screenX = centreX;
    double screenY = centreY;
    double reach = size * (radius * 1.6 + 3 * softness) * Math.max(aspect, 1 / aspect);
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
        double distance = Math.sqrt(lx * lx + ly * ly);
        if (distance > radius * 1.6 + 3 * softness) {
          continue;
        }
        double angle = Math.atan2(ly, lx);
        double edge = radius;
        for (int k = 0; k < RIPPLES.length; k++) {
          double phase = ripplePhase[k] + (RIPPLES[k] == 3 ? limbs * t : 0);
          edge += ripple[k] * Math.cos(RIPPLES[k] * angle + phase);
        }
        double inside = (edge - distance) / softness * 2;
        if (inside < -5) {
          continue;
        }
        int rgb = picture.at(textureX + textureScale * lx, textureY + textureScale * ly);
        int i = y * width + x;
        frame[i] = inside > 5 ? rgb : blend(frame[i], rgb, (int) (256 / (1 + Math.exp(-inside))));
      }
    }
  }

  private static int blend(int below, int above, int share) {
    int redBlue = (below & 0xff00ff) * (256 - share) + (above & 0xff00ff) * share;
    int green = (below & 0xff00) * (256 - share) + (above & 0xff00) * share;
    return ((redBlue >>> 8) & 0xff00ff) | ((green >>> 8) & 0xff00);
  }
}
