package io.clipstream.streams.live.rollout;

import java.util.Arrays;

/** Numbers the states that were met, by their fingerprints. */
final class StateTable {
  private long[] high = new long[1 << 16];
  private long[] low = new long[1 << 16];
  private int[] numbers = new int[1 << 16];
  private int size;

  int size() {
    return size;
  }

  /** The state's number, which is {@link #size} before the call if the state is new. */
  int number(Canon.Key key) {
    if (size * 3L > numbers.length * 2L) {
      grow();
    }
    int at = find(key.high(), key.low());
    if (numbers[at] == 0) {
      high[at] = key.high();
      low[at] = key.low();
      numbers[at] = ++size;
    }
    return numbers[at] - 1;
  }

  private int find(long keyHigh, long keyLow) {
    int at = (int) keyLow & numbers.length - 1;
    while (numbers[at] != 0 && (high[at] != keyHigh || low[at] != keyLow)) {
      at = at + 1 & numbers.length - 1;
    }
    return at;
  }

  private void grow() {
    long[] oldHigh = high;
    long[] oldLow = low;
    int[] old = numbers;
    high = new long[old.length * 2];
    low = new long[old.length * 2];
    numbers = new int[old.length * 2];
    for (int i = 0; i < old.length; i++) {
      if (old[i] != 0) {
        int at = find(oldHigh[i], oldLow[i]);
        high[at] = oldHigh[i];
        low[at] = oldLow[i];
        numbers[at] = old[i];
      }
    }
    Arrays.fill(old, 0);
  }
}
