package io.clipstream.model.checkpoint;

import io.clipstream.model.artifact.Weights;
import java.util.List;

/** Parameters of a 2D Swin Transformer for a 3D one. */
final class Inflation {
  /** Of the cubic convolution: PyTorch's and PaddlePaddle's, the paper of Keys has -0.5 too. */
  private static final double CUBIC = -0.75;

  private Inflation() {}

  /**
   * Repeats the kernel over the frames of a patch and divides it by their number, so that a still
   * video gives what the picture gave.
   *
   * @param flat [C, 3, height, width]
   * @return [C, 3, frames, height, width]
   */
  static Weights patchEmbedding(Weights flat, int frames) {
    List<Integer> shape = flat.shape();
    int area = shape.get(2) * shape.get(3);
    float[] from = flat.toArray();
    float[] to = new float[from.length * frames];
    for (int i = 0; i < to.length; i++) {
      to[i] = from[i / (area * frames) * area + i % area] / frames;
    }
    return Weights.of(List.of(shape.get(0), shape.get(1), frames, shape.get(2), shape.get(3)), to);
  }

  /**
   * Brings the table to the height and width of the window, by bicubic interpolation where they
   * differ, and repeats it for each of the 2t-1 offsets in time.
   *
   * @param flat [side * side, heads]
   * @param window along time, height, width
   * @return [(2t-1)(2h-1)(2w-1), heads]
   */
  static Weights positionTable(Weights flat, int side, List<Integer> window) {
    int heads = flat.shape().get(1);
    int rows = 2 * window.get(1) - 1;
    int columns = 2 * window.get(2) - 1;
    float[] plane = flat.toArray();
    // As in the original: only another number of entries is another window.
    if (rows * columns != side * side) {
      plane = bicubic(plane, side, rows, columns, heads);
    }
    int times = 2 * window.get(0) - 1;
    float[] table = new float[times * plane.length];
    for (int t = 0; t < times; t++) {
      System.arraycopy(plane, 0, table, t * plane.length, plane.length);
    }
    return Weights.of(List.of(times * rows * columns, heads), table);
  }

  /**
   * Bicubic interpolation with pixel centres at halves and edges repeated: PyTorch's {@code
   * interpolate(mode='bicubic', align_corners=False)}.
   *
   * @param from [side, side, channels]
   * @return [rows, columns, channels]
   */
  private static float[] bicubic(float[] from, int side, int rows, int columns, int channels) {
    float[] to = new float[rows * columns * channels];
    for (int row = 0; row < rows; row++) {
      double y = (row + 0.5) * side / rows - 0.5;
      int y0 = (int) Math.floor(y);
      for (int column = 0; column < columns; column++) {
        double x = (column + 0.5) * side / columns - 0.5;
        int x0 = (int) Math.floor(x);
        for (int c = 0; c < channels; c++) {
          double sum = 0;
          for (int i = -1; i <= 2; i++) {
            double wy = cubic(y - (y0 + i));
            int sourceRow = Math.max(0, Math.min(side - 1, y0 + i));
            for (int j = -1; j <= 2; j++) {
              int sourceColumn = Math.max(0, Math.min(side - 1, x0 + j));
              sum +=
                  wy * cubic(x - (x0 + j)) * from[(sourceRow * side + sourceColumn) * channels + c];
            }
          }
          to[(row * columns + column) * channels + c] = (float) sum;
        }
      }
    }
    return to;
  }

  /** R. Keys, Cubic convolution interpolation for digital image processing, 1981, equation 4. */
  private static double cubic(double distance) {
    double d = Math.abs(distance);
    if (d <= 1) {
      return ((CUBIC + 2) * d - (CUBIC + 3)) * d * d + 1;
    }
    return d < 2 ? ((CUBIC * d - 5 * CUBIC) * d + 8 * CUBIC) * d - 4 * CUBIC : 0;
  }
}
