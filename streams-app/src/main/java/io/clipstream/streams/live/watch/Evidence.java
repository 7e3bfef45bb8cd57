package io.clipstream.streams.live.watch;

import java.util.ArrayDeque;

/**
 * Evidence that two streams of categories do not come from one distribution, which may be looked at
 * after every video: under the null hypothesis that they do, {@link #value} ever reaches 1/alpha
 * with a probability of at most alpha (Ville's inequality), whatever the distribution, however
 * small the counts.
 *
 * <p>It is the product of one factor for each block of n_t outcomes of the trial and n_b of the
 * base (Turner, Ly and Gruenwald, "Generic E-variables for exact sequential k-sample tests", 2021):
 * with t and b the distributions that are guessed from earlier blocks and m = (n_t t + n_b b) /
 * (n_t + n_b), the factor is the product of t(y)/m(y) over the trial's outcomes and b(y)/m(y) over
 * the base's. Its expectation under any common distribution is at most 1, because the geometric
 * mean of the n independent ratios' expectations is at most their arithmetic mean, and that is
 * E[m(y)/m(y)] = 1. The guesses shrink toward the pooled distribution; how strongly is left open by
 * taking the mean of the evidence for several strengths, which is evidence again.
 *
 * <p>What it assumes: outcomes are independent, and the sizes of blocks do not depend on them. One
 * thread.
 */
public final class Evidence {
  /** Of how many outcomes the pooled distribution is worth, against an arm's own. */
  private static final double[] STRENGTHS = {2, 20, 200, 2_000};

  private static final int WAITING_AT_MOST = 10_000;

  private final int categories;
  private final int block;
  private final int baseForOne;
  private final boolean onlyMoreOfFirst;
  private final ArrayDeque<Integer> baseWaiting = new ArrayDeque<>();
  private final ArrayDeque<Integer> trialWaiting = new ArrayDeque<>();
  private final long[] base;
  private final long[] trial;
  private final double[] logs = new double[STRENGTHS.length];
  private long baseCount;
  private long trialCount;

  /**
   * @param categories at least 2
   * @param block outcomes of the trial in a block; small ones follow faster
   * @param baseForOne outcomes of the base at most for each of the trial
   * @param onlyMoreOfFirst two categories, and evidence only for more of category 0 in the trial
   */
  public Evidence(int categories, int block, int baseForOne, boolean onlyMoreOfFirst) {
    if (categories < 2 || block < 1 || baseForOne < 1 || (onlyMoreOfFirst && categories > 2)) {
      throw new IllegalArgumentException(
          categories + " categories, blocks of " + block + ", base for one " + baseForOne);
    }
    this.categories = categories;
    this.block = block;
    this.baseForOne = baseForOne;
    this.onlyMoreOfFirst = onlyMoreOfFirst;
    base = new long[categories];
    trial = new long[categories];
  }

  /**
   * One more outcome. Those of the base wait for company of the trial's, the newest 10,000 of them.
   *
   * @param category 0 to categories - 1
   */
  public void add(Arm arm, int category) {
    if (category < 0 || category >= categories) {
      throw new IllegalArgumentException("category " + category + " of " + categories);
    }
    ArrayDeque<Integer> waiting = arm == Arm.BASE ? baseWaiting : trialWaiting;
    waiting.add(category);
    if (waiting.size() > WAITING_AT_MOST) {
      waiting.poll();
    }
    while (trialWaiting.size() >= block && baseWaiting.size() >= block) {
      close();
    }
  }

  /** The evidence, from 0; 1 says nothing, 1/alpha rejects at alpha. */
  public double value() {
    double sum = 0;
    for (double log : logs) {
      sum += Math.exp(Math.min(log, 600));
    }
    return sum / logs.length;
  }

  /** The share of a category among the outcomes that count so far; 0 before the first. */
  public double share(Arm arm, int category) {
    long count = arm == Arm.BASE ? baseCount : trialCount;
    return count == 0 ? 0 : (double) (arm == Arm.BASE ? base : trial)[category] / count;
  }

  /** Outcomes of an arm that count so far. */
  public long count(Arm arm) {
    return arm == Arm.BASE ? baseCount : trialCount;
  }

  private void close() {
    int fromBase = Math.min(baseWaiting.size(), block * baseForOne);
    int[] trialOutcomes = poll(trialWaiting, block);
    int[] baseOutcomes = poll(baseWaiting, fromBase);
    double trialPart = (double) block / (block + fromBase);
    for (int i = 0; i < STRENGTHS.length; i++) {
      for (int outcome : trialOutcomes) {
        logs[i] += logRatio(Arm.TRIAL, outcome, STRENGTHS[i], trialPart);
      }
      for (int outcome : baseOutcomes) {
        logs[i] += logRatio(Arm.BASE, outcome, STRENGTHS[i], trialPart);
      }
    }
    for (int outcome : trialOutcomes) {
      trial[outcome]++;
    }
    for (int outcome : baseOutcomes) {
      base[outcome]++;
    }
    trialCount += block;
    baseCount += fromBase;
  }

  private static int[] poll(ArrayDeque<Integer> waiting, int count) {
    int[] outcomes = new int[count];
    for (int i = 0; i < count; i++) {
      outcomes[i] = waiting.remove();
    }
    return outcomes;
  }

  private double logRatio(Arm arm, int outcome, double strength, double trialPart) {
    double pooled = (trial[outcome] + base[outcome] + 1.0) / (trialCount + baseCount + categories);
    double t = (trial[outcome] + strength * pooled) / (trialCount + strength);
    double b = (base[outcome] + strength * pooled) / (baseCount + strength);
    if (onlyMoreOfFirst && (outcome == 0) == (t < b)) {
      t = b; // the guess is on the other side: nothing is staked
    }
    double m = trialPart * t + (1 - trialPart) * b;
    return Math.log((arm == Arm.TRIAL ? t : b) / m);
  }
}
