package io.clipstream.model.swin;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The tokens of one clip in the order in which attention reads them: window after window, the
 * windows sorted by the mask that they need, so that windows with one mask follow each other, and
 * the tokens of a window by the part of the clip that they are in, so that what a token sees is one
 * range of the window.
 *
 * <p>Tokens are numbered {@code (t * H + h) * W + w} in the grid that padding has made whole
 * windows of. Shifting and padding are torchvision's: a window is never larger than the clip, an
 * axis that is one window is not shifted, and tokens of the last window along a shifted axis see
 * only those of their own side of the seam.
 */
final class WindowOrder {
  private final int[] size;
  private final int[] window;
  private final int[] padded = new int[3];
  private final int[] tokens;
  private final List<Integer> windows = new ArrayList<>();
  private final List<int[]> orders = new ArrayList<>();
  private final List<long[]> regions = new ArrayList<>();
  private final boolean shifted;

  /**
   * @param size tokens of the clip along time, height and width
   * @param largest tokens of a window along each, where the clip has as many
   * @param shift whether windows are moved by half their size
   */
  WindowOrder(int[] size, List<Integer> largest, boolean shift) {
    this.size = size.clone();
    window = new int[3];
    int[] shifts = new int[3];
    int[] counts = new int[3];
    for (int axis = 0; axis < 3; axis++) {
      window[axis] = Math.min(largest.get(axis), size[axis]);
      counts[axis] = (size[axis] + window[axis] - 1) / window[axis];
      padded[axis] = counts[axis] * window[axis];
      shifts[axis] = shift && size[axis] > window[axis] ? window[axis] / 2 : 0;
    }
    shifted = Arrays.stream(shifts).sum() > 0;
    tokens = new int[padded[0] * padded[1] * padded[2]];
    int at = 0;
    for (int seam = 0; seam < 8; seam++) { // bit per axis: whether the window lies on its seam
      long[] region = regions(seam, shifts);
      int[] order =
          IntStream.range(0, region.length)
              .boxed()
              .sorted(Comparator.comparingLong(i -> region[i])) // stable
              .mapToInt(Integer::intValue)
              .toArray();
      int count = 0;
      for (int i = 0; i < counts[0] * counts[1] * counts[2]; i++) {
        int[] place = {
          i / (counts[1] * counts[2]), i / counts[2] % counts[1], i % counts[2],
        };
        int seams = 0;
        for (int axis = 0; axis < 3; axis++) {
          if (shifts[axis] > 0 && place[axis] == counts[axis] - 1) {
            seams |= 1 << axis;
          }
        }
        if (seams == seam) {
          at = addWindow(place, shifts, order, at);
          count++;
        }
      }
      if (count > 0) {
        windows.add(count);
        orders.add(order);
        regions.add(Arrays.stream(order).mapToLong(i -> region[i]).toArray());
      }
    }
  }

  private int addWindow(int[] place, int[] shifts, int[] order, int at) {
    for (int i : order) {
      int[] inWindow = inWindow(i);
      int token = 0;
      for (int axis = 0; axis < 3; axis++) {
        int x = place[axis] * window[axis] + inWindow[axis] + shifts[axis];
        token = token * padded[axis] + x % padded[axis];
      }
      tokens[at++] = token;
    }
    return at;
  }

  private long[] regions(int seam, int[] shifts) {
    long[] region = new long[length()];
    for (int i = 0; i < region.length; i++) {
      for (int axis = 0; axis < 3; axis++) {
        if ((seam >> axis & 1) == 1 && inWindow(i)[axis] >= window[axis] - shifts[axis]) {
          region[i] |= 1 << axis;
        }
      }
    }
    return region;
  }

  private int[] inWindow(int i) {
    return new int[] {i / (window[1] * window[2]), i / window[2] % window[1], i % window[2]};
  }

  /** L, tokens of a window. */
  int length() {
    return window[0] * window[1] * window[2];
  }

  /** W, windows of a clip. */
  int count() {
    return tokens.length / length();
  }

  /** Sizes of a window along time, height and width. */
  int[] window() {
    return window.clone();
  }

  /** Tokens along time, height and width once padding has made whole windows. */
  int[] padded() {
    return padded.clone();
  }

  /** Whether any axis is shifted. */
  boolean shifted() {
    return shifted;
  }

  /** Whether there are tokens of padding. */
  boolean hasPadding() {
    return !Arrays.equals(size, padded);
  }

  /** For each mask the number of its windows, in the windows' order. */
  List<Integer> windows() {
    return List.copyOf(windows);
  }

  /**
   * For each mask where in its window each token lies, {@code (t * h + y) * w + x} for windows of
   * t, h and w tokens, [K, L].
   */
  long[] order() {
    return orders.stream().flatMapToInt(Arrays::stream).asLongStream().toArray();
  }

  /**
   * For each mask the part of the clip that each token of a window is in, [K, L], ascending; tokens
   * of two parts do not see each other.
   */
  long[] regions() {
    return regions.stream().flatMapToLong(Arrays::stream).toArray();
  }

  /** The token at each place, [W, L]. */
  int[] tokens() {
    return tokens.clone();
  }

  /** The number {@code (t * H + h) * W + w} of a token in the clip's own grid, without padding. */
  int unpadded(int token) {
    int t = token / (padded[1] * padded[2]);
    int h = token / padded[2] % padded[1];
    return (t * size[1] + h) * size[2] + token % padded[2];
  }

  /** Whether the token at each place is one of the clip and not of padding, [W, L]. */
  boolean[] valid() {
    boolean[] valid = new boolean[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      int t = tokens[i] / (padded[1] * padded[2]);
      int h = tokens[i] / padded[2] % padded[1];
      int w = tokens[i] % padded[2];
      valid[i] = t < size[0] && h < size[1] && w < size[2];
    }
    return valid;
  }

  /** The place of each token: the inverse of {@link #tokens}. */
  private int[] places() {
    int[] places = new int[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      places[tokens[i]] = i;
    }
    return places;
  }

  /** Where the tokens of another order of the same grid are in this one, [W, L]. */
  long[] rowsOf(WindowOrder next) {
    int[] places = places();
    return Arrays.stream(next.tokens).mapToLong(token -> places[token]).toArray();
  }

  /**
   * Where the four tokens are that patch merging makes one of, for each token of the next stage's
   * order, [W', L', 4], in torchvision's order: (h, w), (h+1, w), (h, w+1), (h+1, w+1); -1 for one
   * outside the clip.
   */
  long[] rowsOfMerged(WindowOrder next) {
    int[] places = places();
    long[] rows = new long[next.tokens.length * 4];
    for (int i = 0; i < next.tokens.length; i++) {
      int t = next.tokens[i] / (next.padded[1] * next.padded[2]);
      int h = next.tokens[i] / next.padded[2] % next.padded[1] * 2;
      int w = next.tokens[i] % next.padded[2] * 2;
      for (int part = 0; part < 4; part++) {
        int y = h + part % 2;
        int x = w + part / 2;
        rows[4 * i + part] =
            t < size[0] && y < size[1] && x < size[2]
                ? places[(t * padded[1] + y) * padded[2] + x]
                : -1;
      }
    }
    return rows;
  }
}
