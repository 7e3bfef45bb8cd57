package io.clipstream.streams.live.watch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Evidence that the trial's forward passes take more than so many times as long as the base's, on
 * the same device and of as many clips: how batches form, and how many clips videos have, changes
 * nothing.
 *
 * <p>Spans of {@value #SPAN_SECONDS} s are compared. What a span took is the median of its passes,
 * each as a multiple of the median of the base's passes of its kind. Where the base has passes in
 * the same span, what those took divides it: then it does not matter how fast the machine is just
 * then. The first {@value #WARM_SECONDS} s of the trial do not count. The comparison is over after
 * {@value #SPANS} spans, or {@value #LONGEST_SECONDS} s.
 *
 * <p>Each span is a bet, at even odds, that the trial is slow in it. As long as each is slow with a
 * probability of at most one half, whatever came before, {@link #value} ever reaches 1/alpha with a
 * probability of at most alpha (Ville's inequality). Spans need not be independent for that. But
 * where the base does not serve any more, nothing tells a version that is slow from a machine that
 * has become slow for minutes.
 *
 * <p>One thread.
 */
final class SpeedEvidence {
  static final int SPAN_SECONDS = 5;
  static final int SPANS = 60;
  static final int LONGEST_SECONDS = 1_800;
  private static final int WARM_SECONDS = 10;
  private static final int LEAST_PASSES = 20;
  private static final int BASE_PASSES = 3_000;

  /** Shares of what there is that are staked: large ones win fast, small ones survive a loss. */
  private static final double[] STAKES = {0.3, 0.6, 0.9};

  private final double factor;
  private final ArrayDeque<Pass> base = new ArrayDeque<>();
  private final List<Pass> span = new ArrayList<>();
  private final List<Double> ratios = new ArrayList<>();
  private final double[] wealth = new double[STAKES.length];
  private long start = Long.MAX_VALUE;
  private boolean over;

  private record Kind(String device, int clips) {
    static Kind of(Pass pass) {
      return new Kind(pass.device(), pass.clips());
    }
  }

  /**
   * @param factor from how many times as long on a span is slow, at least 1
   */
  SpeedEvidence(double factor) {
    this.factor = factor;
    Arrays.fill(wealth, 1);
  }

  /** One more pass, in about the order of their seconds; at most one a second of a kind. */
  void add(Arm arm, Pass pass) {
    if (over) {
      return;
    }
    if (arm == Arm.BASE) {
      base.add(pass);
      if (base.size() > BASE_PASSES) {
        base.remove();
      }
      return;
    }
    start = Math.min(start, pass.second());
    if (!span.isEmpty() && span(span.get(0)) != span(pass)) {
      compare();
      span.clear();
    }
    if (pass.second() >= start + WARM_SECONDS) {
      span.add(pass);
    }
    over = ratios.size() >= SPANS || pass.second() >= start + LONGEST_SECONDS;
  }

  private static long span(Pass pass) {
    return Math.floorDiv(pass.second(), SPAN_SECONDS);
  }

  private void compare() {
    Map<Kind, Double> usual = usual();
    OptionalDouble trial = taken(span, usual);
    if (trial.isEmpty()) {
      return;
    }
    long at = span(span.get(0));
    List<Pass> beside = base.stream().filter(pass -> span(pass) == at).toList();
    double ratio = trial.getAsDouble() / taken(beside, usual).orElse(1);
    ratios.add(ratio);
    for (int i = 0; i < STAKES.length; i++) {
      wealth[i] *= ratio > factor ? 1 + STAKES[i] : 1 - STAKES[i];
    }
  }

  /** What a pass of the base takes, in milliseconds, for each kind that is known well enough. */
  private Map<Kind, Double> usual() {
    Map<Kind, List<Double>> millis = new HashMap<>();
    for (Pass pass : base) {
      millis.computeIfAbsent(Kind.of(pass), kind -> new ArrayList<>()).add(pass.millis());
    }
    Map<Kind, Double> usual = new HashMap<>();
    millis.forEach(
        (kind, all) -> {
          if (all.size() >= LEAST_PASSES) {
            usual.put(kind, median(all));
          }
        });
    return usual;
  }

  /** How many times as long as usual passes took; empty if none is of a kind that is known. */
  private static OptionalDouble taken(Collection<Pass> passes, Map<Kind, Double> usual) {
    List<Double> times = new ArrayList<>();
    for (Pass pass : passes) {
      Double millis = usual.get(Kind.of(pass));
      if (millis != null) {
        times.add(pass.millis() / millis);
      }
    }
    return times.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(median(times));
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  /** The evidence, from 0; 1 says nothing, 1/alpha rejects at alpha. */
  double value() {
    return Arrays.stream(wealth).average().orElseThrow();
  }

  /** Whether enough spans were compared, or the time for it has passed. */
  boolean isOver() {
    return over;
  }

  /** Spans that were compared. */
  int spans() {
    return ratios.size();
  }

  /** How many times as long the trial's passes take, in the median span; NaN before the first. */
  double ratio() {
    return ratios.isEmpty() ? Double.NaN : median(ratios);
  }
}
