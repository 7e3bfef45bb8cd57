package io.clipstream.model.clip;

/**
 * Which pixels of a picture make each pixel of a crop, and with what weights, along one axis.
 *
 * <p>Pixel {@code i} of the scaled picture lies at {@code c = (i + 0.5) * size / scaled} of the
 * source, whose pixel {@code j} lies at {@code j + 0.5}. Without antialias it is interpolated
 * between the two pixels around it, the edges repeated: OpenCV's {@code INTER_LINEAR},
 * torchvision's {@code resize} with {@code antialias=False}. With it, weights are {@code max(0, 1 -
 * |j + 0.5 - c| / s)} with {@code s = max(1, size / scaled)}, normalised: Pillow's {@code
 * BILINEAR}, torchvision's {@code antialias=True}. Weights are multiples of 1/2048, as OpenCV's,
 * and sum to 1.
 */
final class ResizeWeights {
  /** Weights are in units of {@code 1 / (1 << BITS)}; two products of them fit into an int. */
  static final int BITS = 11;

  private final int[] first;
  private final int[] offsets; // of the weights of each pixel; one more at the end
  private final int[] weights;
  private final int length;

  /**
   * @param size of the source in pixels
   * @param scaled size of the whole scaled picture
   * @param from first pixel of the crop in the scaled picture
   * @param count of the crop's pixels
   */
  ResizeWeights(int size, int scaled, int from, int count, boolean antialias) {
    first = new int[count];
    offsets = new int[count + 1];
    double step = size / (double) scaled;
    double reach = antialias ? Math.max(1, step) : 1;
    weights = new int[count * (int) (2 * Math.ceil(reach) + 1)];
    int end = 0;
    for (int i = 0; i < count; i++) {
      double centre = (from + i + 0.5) * step;
      if (!antialias) { // the edges repeated
        centre = Math.max(0.5, Math.min(size - 0.5, centre));
      }
      first[i] = Math.max(0, (int) Math.floor(centre - reach + 0.5));
      int last = Math.min(size, (int) Math.floor(centre + reach + 0.5)) - 1;
      offsets[i + 1] = offsets[i] + fill(offsets[i], first[i], last, centre, reach);
      end = Math.max(end, last + 1);
    }
    length = end - first[0];
  }

  /** Writes the weights of the pixels from first to last; returns their number. */
  private int fill(int at, int first, int last, double centre, double reach) {
    double sum = 0;
    for (int j = first; j <= last; j++) {
      sum += triangle((j + 0.5 - centre) / reach);
    }
    // Each boundary between weights is rounded, not each weight: so they sum to 1.
    double before = 0;
    int given = 0;
    for (int j = first; j <= last; j++) {
      before += triangle((j + 0.5 - centre) / reach) / sum;
      int until = (int) Math.rint(before * (1 << BITS));
      weights[at + j - first] = until - given;
      given = until;
    }
    return last - first + 1;
  }

  private static double triangle(double x) {
    return Math.max(0, 1 - Math.abs(x));
  }

  /** First pixel that any pixel of the crop needs. */
  int start() {
    return first[0];
  }

  /** Pixels that the crop needs, from {@link #start} on. */
  int length() {
    return length;
  }

  /** First pixel of the source for pixel i of the crop. */
  int first(int i) {
    return first[i];
  }

  /** Number of pixels of the source for pixel i of the crop. */
  int count(int i) {
    return offsets[i + 1] - offsets[i];
  }

  /** Weight of pixel {@code first(i) + k}, in units of 1/2048. */
  int weight(int i, int k) {
    return weights[offsets[i] + k];
  }
}
