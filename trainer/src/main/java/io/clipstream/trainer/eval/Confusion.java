package io.clipstream.trainer.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Counts answers by what is true, and what follows from the counts. One thread. */
public final class Confusion {
  private final int[][] counts;
  private final int[] unanswered;

  /**
   * @param labels number of classes
   */
  public Confusion(int labels) {
    this.counts = new int[labels][labels];
    this.unanswered = new int[labels];
  }

  /**
   * Goes on from counts.
   *
   * @param rows answers by true class and answer, as {@link #rows} gives them
   */
  public Confusion(List<List<Integer>> rows) {
    this(rows.size());
    for (int truth = 0; truth < counts.length; truth++) {
      for (int answer = 0; answer < counts.length; answer++) {
        counts[truth][answer] = rows.get(truth).get(answer);
      }
    }
  }

  public void add(int truth, int answer) {
    counts[truth][answer]++;
  }

  /** Counts something that could not be labelled: a wrong answer, but no other label's. */
  public void addUnanswered(int truth) {
    unanswered[truth]++;
  }

  public int count(int truth, int answer) {
    return counts[truth][answer];
  }

  /** All of one class. */
  public int all(int truth) {
    return Arrays.stream(counts[truth]).sum() + unanswered[truth];
  }

  public int all() {
    int all = 0;
    for (int k = 0; k < counts.length; k++) {
      all += all(k);
    }
    return all;
  }

  int right() {
    int right = 0;
    for (int k = 0; k < counts.length; k++) {
      right += counts[k][k];
    }
    return right;
  }

  /** Share of right answers. */
  public Interval top1() {
    return Interval.wilson(right(), all());
  }

  /** Share of right answers of one class that there is. */
  public Interval of(int truth) {
    return Interval.wilson(counts[truth][truth], all(truth));
  }

  /** Mean over the classes that there are of the share of right answers. */
  public Interval meanClass() {
    List<Interval> shares = new ArrayList<>();
    for (int k = 0; k < counts.length; k++) {
      if (all(k) > 0) {
        shares.add(Interval.wilson(counts[k][k], all(k)));
      }
    }
    return Interval.mean(shares);
  }

  /** Top-1 of one who always answers the most frequent class. */
  public double majority() {
    int most = 0;
    for (int k = 0; k < counts.length; k++) {
      most = Math.max(most, all(k));
    }
    return most / (double) all();
  }

  /** Answers by true class (row) and answer (column). */
  public List<List<Integer>> rows() {
    return Arrays.stream(counts).map(row -> Arrays.stream(row).boxed().toList()).toList();
  }
}
