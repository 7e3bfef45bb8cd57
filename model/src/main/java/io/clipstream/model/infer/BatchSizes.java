package io.clipstream.model.infer;

import java.util.List;

/**
 * The few sizes that batches have.
 *
 * @param ascending each at least 1
 */
record BatchSizes(List<Integer> ascending) {
  BatchSizes {
    ascending = List.copyOf(ascending);
    int previous = 0;
    for (int size : ascending) {
      if (size <= previous) {
        throw new IllegalArgumentException(
            "batch sizes are " + ascending + ", expected ascending ones from 1");
      }
      previous = size;
    }
    if (ascending.isEmpty()) {
      throw new IllegalArgumentException("there are no batch sizes, expected at least one");
    }
  }

  int smallest() {
    return ascending.get(0);
  }

  int largest() {
    return ascending.get(ascending.size() - 1);
  }

  /** The smallest size that holds so many clips, at most {@link #largest}. */
  int atLeast(int clips) {
    return ascending.stream().filter(size -> size >= clips).findFirst().orElseThrow();
  }
}
