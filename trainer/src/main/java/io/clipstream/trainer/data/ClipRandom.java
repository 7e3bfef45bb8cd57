package io.clipstream.trainer.data;

import java.util.SplittableRandom;

/**
 * Random numbers of one clip in one step. They depend on nothing else, so that a run that goes on,
 * one that spreads its batches over devices and one that accumulates gradients draw the same.
 */
public final class ClipRandom {
  /** What numbers are drawn for; each has a series of its own. */
  public enum Purpose {
    AUGMENTATION,
    DROPOUT,
    MIXING
  }

  private ClipRandom() {}

  /**
   * Begins the series.
   *
   * @param seed of the run
   * @param step from 0
   * @param clip index in the set
   */
  public static SplittableRandom of(long seed, int step, int clip, Purpose purpose) {
    long key = mixed(seed + purpose.ordinal());
    return new SplittableRandom(mixed(key ^ mixed(((long) step << 32) | clip)));
  }

  /** The finalizer of MurmurHash3: nearby keys give unlike values. */
  private static long mixed(long z) {
    z = (z ^ (z >>> 33)) * 0xff51afd7ed558ccdL;
    z = (z ^ (z >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return z ^ (z >>> 33);
  }
}
