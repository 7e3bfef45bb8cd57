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

  private static final int HALF = 1 << (2 * BITS - 1);

  private final int taps;
  private final int[] first;
  private final int[] weights; // taps of each pixel, those beyond what it covers 0
  private final int length;

  /**
   * @param size of the source in pixels
   * @param scaled size of the whole scaled picture
   * @param from first pixel of the crop in the scaled picture
   * @param count of the crop's pixels
   */
  ResizeWeights(int size, int scaled, int from, int count, boolean antialias) {
    double step = size / (double) scaled;
    double reach = antialias ? Math.max(1, step) : 1;
    double[] centres = new double[count];
    int most = 0;
    for (int i = 0; i < count; i++) {
      double centre = (from + i + 0.5) * step;
      // Without antialias the edges are repeated.
      centres[i] = antialias ? centre : Math.max(0.5, Math.min(size - 0.5, centre));
      most = Math.max(most, end(centres[i], reach, size) - begin(centres[i], reach));
    }
    taps = most;
    first = new int[count];
    weights = new int[count * taps];
    for (int i = 0; i < count; i++) {
      int begin = begin(centres[i], reach);
      first[i] = Math.min(begin, size - taps);
      fill(i * taps + begin - first[i], begin, end(centres[i], reach, size), centres[i], reach);
    }
    length = first[count - 1] + taps - first[0];
  }

  /** First pixel of the source that a pixel at this place covers. */
  private static int begin(double centre, double reach) {
    return Math.max(0, (int) Math.floor(centre - reach + 0.5));
  }

  /** The one behind the last. */
  private static int end(double centre, double reach, int size) {
    return Math.min(size, (int) Math.floor(centre + reach + 0.5));
  }

  /** Writes the weights of the pixels from begin to before end. */
  private void fill(int at, int begin, int end, double centre, double reach) {
    double sum = 0;
    for (int j = begin; j < end; j++) {
      sum += triangle((j + 0.5 - centre) / reach);
    }
    // Each boundary between weights is rounded, not each weight: so they sum to 1.
    double before = 0;
    int given = 0;
    for (int j = begin; j < end; j++) {
      before += triangle((j + 0.5 - centre) / reach) / sum;
      int until = (int) Math.rint(before * (1 << BITS));
      weights[at + j - begin] = until - given;
      given = until;
    }
  }

  private static double triangle(double x) {
    return Math.max(0, 1 - Math.abs(x));
  }

  /** Pixels of the crop. */
  int count() {
    return first.length;
  }

  /** First pixel that any pixel of the crop needs. */
  int start() {
    return first[0];
  }

  /** Pixels that the crop needs, from {@link #start} on. */
  int length() {
    return length;
  }

  /** How many pixels of the source make a pixel of the crop, at most. */
  int taps() {
    return taps;
  }

  /** First pixel of the source for pixel i of the crop. */
  int first(int i) {
    return first[i];
  }

  /** Weight of pixel {@code first(i) + k}, k below {@link #taps}, in units of 1/2048. */
  int weight(int i, int k) {
    return weights[i * taps + k];
  }

  /**
   * Makes a row of the crop.
   *
   * @param row from pixel {@link #start} on, red, green and blue in units of 1/2048
   * @param crop takes three bytes for each pixel
   * @param to where in it
   */
  void interpolate(int[] row, byte[] crop, int to) {
    int start = first[0];
    if (taps == 2) { // as below, unrolled: nearly always so without antialias
      for (int x = 0; x < first.length; x++, to += 3) {
        int from = 3 * (first[x] - start);
        int left = weights[2 * x];
        int right = weights[2 * x + 1];
        crop[to] = (byte) ((left * row[from] + right * row[from + 3] + HALF) >> (2 * BITS));
        crop[to + 1] = (byte) ((left * row[from + 1] + right * row[from + 4] + HALF) >> (2 * BITS));
        crop[to + 2] = (byte) ((left * row[from + 2] + right * row[from + 5] + HALF) >> (2 * BITS));
      }
      return;
    }
    for (int x = 0, w = 0; x < first.length; x++) {
      int red = HALF;
      int green = HALF;
      int blue = HALF;
      int from = 3 * (first[x] - start);
      for (int end = w + taps; w < end; w++, from += 3) {
        int weight = weights[w];
        red += weight * row[from];
        green += weight * row[from + 1];
        blue += weight * row[from + 2];
      }
      crop[to++] = (byte) (red >> (2 * BITS));
      crop[to++] = (byte) (green >> (2 * BITS));
      crop[to++] = (byte) (blue >> (2 * BITS));
    }
  }
}
