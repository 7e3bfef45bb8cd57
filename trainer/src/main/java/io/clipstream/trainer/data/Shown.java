package io.clipstream.trainer.data;

import java.util.Arrays;

/**
 * What the clips of a batch show: a class each, or two where two clips were mixed.
 *
 * @param classes of the N clips
 * @param others that were mixed in
 * @param shares of the clips' own classes, 0 to 1; 1 where nothing was mixed in
 */
@SuppressWarnings("ArrayRecordComponent") // holds, is never compared
public record Shown(int[] classes, int[] others, float[] shares) {
  /** Nothing is mixed. */
  public static Shown plain(int... classes) {
    float[] shares = new float[classes.length];
    Arrays.fill(shares, 1);
    return new Shown(classes, classes, shares);
  }

  /** The class that has the larger share of each of some clips. */
  public int[] largest(int from, int to) {
    int[] largest = new int[to - from];
    for (int i = 0; i < largest.length; i++) {
      largest[i] = shares[from + i] < 0.5 ? others[from + i] : classes[from + i];
    }
    return largest;
  }
}
