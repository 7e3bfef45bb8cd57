package io.clipstream.trainer.motion;

import java.util.List;

/**
 * What a camera did, measured from the pixels alone: between consecutive frames, the shift, zoom
 * and roll that explain the change of brightness best (Lucas and Kanade 1981, over the whole frame,
 * refined by warping). Signs as in {@link CameraMotion}: of the camera.
 *
 * @param x mean shift of the camera to the right, in frame sides a frame
 * @param y mean shift downwards
 * @param zoom mean growth of the logarithm of the magnification a frame
 * @param roll mean clockwise turn, radians a frame
 * @param unrest root mean square of the shifts' deviation from their mean, in frame sides
 */
public record MotionEstimate(double x, double y, double zoom, double roll, double unrest) {

  /**
   * Measures square frames.
   *
   * @param frames RGB uint8 {@code [side, side, 3]} each
   */
  public static MotionEstimate of(List<byte[]> frames, int side) {
    int steps = frames.size() - 1;
    double[][] motions = new double[steps][];
    double[] mean = new double[4];
    for (int i = 0; i < steps; i++) {
      motions[i] = between(gray(frames.get(i)), gray(frames.get(i + 1)), side);
      for (int k = 0; k < 4; k++) {
        mean[k] += motions[i][k] / steps;
      }
    }
    double unrest = 0;
    for (double[] motion : motions) {
      unrest += Math.pow(motion[0] - mean[0], 2) + Math.pow(motion[1] - mean[1], 2);
    }
    return new MotionEstimate(mean[0], mean[1], mean[2], mean[3], Math.sqrt(unrest / steps));
  }

  /** The label that fits best. */
  public CameraMotion label() {
    double turn = CameraPath.FLOW_OF_TURN;
    double[] flow = {Math.abs(x), Math.abs(y), turn * Math.abs(zoom), turn * Math.abs(roll)};
    double most = Math.max(Math.max(flow[0], flow[1]), Math.max(flow[2], flow[3]));
    if (unrest > 0.004 && unrest > 2 * most) {
      return CameraMotion.SHAKE;
    }
    if (most < 0.0012) {
      return CameraMotion.STATIC;
    }
    if (most == flow[0]) {
      return x > 0 ? CameraMotion.PAN_RIGHT : CameraMotion.PAN_LEFT;
    }
    if (most == flow[1]) {
      return y > 0 ? CameraMotion.TILT_DOWN : CameraMotion.TILT_UP;
    }
    if (most == flow[2]) {
      return zoom > 0 ? CameraMotion.ZOOM_IN : CameraMotion.ZOOM_OUT;
    }
    return roll > 0 ? CameraMotion.ROLL_CLOCKWISE : CameraMotion.ROLL_COUNTERCLOCKWISE;
  }

  private static double[] gray(byte[] rgb) {
    double[] gray = new double[rgb.length / 3];
    for (int i = 0; i < gray.length; i++) {
      gray[i] = ((rgb[3 * i] & 0xff) + (rgb[3 * i + 1] & 0xff) + (rgb[3 * i + 2] & 0xff)) / 3.0;
    }
    return gray;
  }

  /** Camera motion x, y, zoom, roll from one frame to the next. */
  private static double[] between(double[] first, double[] second, int side) {
    double[] p = new double[4];
    int border = side / 8;
    for (int iteration = 0; iteration < 8; iteration++) {
      double[][] a = new double[4][5];
      double scale = Math.exp(-p[2]);
      double cos = scale * Math.cos(p[3]);
      double sin = scale * Math.sin(p[3]);
      for (int y = border; y < side - border; y++) {
        for (int x = border; x < side - border; x++) {
          // The second camera sees at (u, v) what the first saw at p.xy + scale * R(roll) * (u, v).
          double u = (x + 0.5) / side - 0.5;
          double v = (y + 0.5) / side - 0.5;
          double sx = (p[0] + cos * u - sin * v + 0.5) * side - 0.5;
          double sy = (p[1] + sin * u + cos * v + 0.5) * side - 0.5;
          if (sx < 1 || sy < 1 || sx > side - 3 || sy > side - 3) {
            continue;
          }
          double here = sample(first, sx, sy, side);
          double gx =
              (sample(first, sx + 1, sy, side) - sample(first, sx - 1, sy, side)) / 2 * side;
          double gy =
              (sample(first, sx, sy + 1, side) - sample(first, sx, sy - 1, side)) / 2 * side;
          double error = second[y * side + x] - here;
          double[] d = {
            gx,
            gy,
            -(gx * (cos * u - sin * v) + gy * (sin * u + cos * v)),
            gx * (-sin * u - cos * v) + gy * (cos * u - sin * v)
          };
          for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 4; j++) {
              a[i][j] += d[i] * d[j];
            }
            a[i][4] += d[i] * error;
          }
        }
      }
      double[] step = solve(a);
      for (int i = 0; i < 4; i++) {
        p[i] += step[i];
      }
    }
    return p;
  }

  private static double sample(double[] image, double x, double y, int side) {
    int x0 = Math.max(0, Math.min(side - 2, (int) Math.floor(x)));
    int y0 = Math.max(0, Math.min(side - 2, (int) Math.floor(y)));
    double u = x - x0;
    double v = y - y0;
    int i = y0 * side + x0;
    return (image[i] * (1 - u) + image[i + 1] * u) * (1 - v)
        + (image[i + side] * (1 - u) + image[i + side + 1] * u) * v;
  }

  /** Gaussian elimination with pivoting of a 4 x 5 system. */
  private static double[] solve(double[][] a) {
    for (int i = 0; i < 4; i++) {
      int pivot = i;
      for (int r = i + 1; r < 4; r++) {
        if (Math.abs(a[r][i]) > Math.abs(a[pivot][i])) {
          pivot = r;
        }
      }
      double[] swap = a[i];
      a[i] = a[pivot];
      a[pivot] = swap;
      for (int r = 0; r < 4; r++) {
        if (r != i) {
          double factor = a[r][i] / a[i][i];
          for (int c = i; c < 5; c++) {
            a[r][c] -= factor * a[i][c];
          }
        }
      }
    }
    return new double[] {
      a[0][4] / a[0][0], a[1][4] / a[1][1], a[2][4] / a[2][2], a[3][4] / a[3][3]
    };
  }
}
