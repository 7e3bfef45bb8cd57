package io.clipstream.trainer.motion;

/**
 * Where the camera's path lies on a picture.
 *
 * @param size pixels of the picture to a short side of the frame, at zoom 1
 * @param originX pixel of the picture at the path's origin
 * @param originY likewise
 * @param stretch of the picture across
 */
record Placement(double size, double originX, double originY, double stretch) {
  /** A view shows at least this much structure, as a share of the range of values. */
  private static final double LEAST_TEXTURE = 0.02;

  /**
   * Draws where on a picture the camera's path lies.
   *
   * @param enlarged whether to look at so small a piece that little is to be seen
   */
  static Placement draw(
      Picture picture,
      CameraPath path,
      int width,
      int height,
      double seconds,
      boolean enlarged,
      Dice dice) {
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
  boolean textured(Picture picture, CameraPath path, double seconds) {
    int side = 72;
    double[] gray = new double[side * side];
    for (int k = 0; k <= 4; k++) {
      CameraPath.Pose pose = path.at(seconds * k / 4);
      double scale = Math.exp(-pose.logZoom());
      double cos = scale * Math.cos(pose.roll());
      double sin = scale * Math.sin(pose.roll());
      Picture.Sampler sampler = picture.sampler(size * scale / side);
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          double u = (x + 0.5) / side - 0.5;
          double v = (y + 0.5) / side - 0.5;
          int rgb = sampler.at(x(pose.x() + cos * u - sin * v), y(pose.y() + sin * u + cos * v));
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

  /** Column of the picture at a place of the scene. */
  double x(double worldX) {
    return originX + size * stretch * worldX;
  }

  /** Row of the picture at a place of the scene. */
  double y(double worldY) {
    return originY + size * worldY;
  }
}
