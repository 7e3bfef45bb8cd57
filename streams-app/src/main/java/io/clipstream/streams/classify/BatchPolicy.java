package io.clipstream.streams.classify;

import io.clipstream.model.UserError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How clips become batches.
 *
 * @param sizes of batches, ascending, the first 1: the sizes that the classifier was warmed for
 * @param maxDelay longest a clip waits for company
 */
public record BatchPolicy(List<Integer> sizes, Duration maxDelay) {
  public BatchPolicy {
    sizes = List.copyOf(sizes);
    if (sizes.isEmpty() || sizes.get(0) != 1) {
      throw new IllegalArgumentException("batch sizes are " + sizes + ", expected 1 first");
    }
    for (int i = 1; i < sizes.size(); i++) {
      if (sizes.get(i) <= sizes.get(i - 1)) {
        throw new IllegalArgumentException(
            "batch sizes are " + sizes + ", expected ascending ones");
      }
    }
    if (maxDelay.isNegative()) {
      throw new UserError("maxDelay is " + maxDelay + ", expected 0 or more");
    }
  }

  /** Powers of two up to {@code maxClips}, and {@code maxClips} itself. */
  public static BatchPolicy upTo(int maxClips, Duration maxDelay) {
    if (maxClips < 1) {
      throw new UserError("maxClips is " + maxClips + ", expected at least 1");
    }
    List<Integer> sizes = new ArrayList<>();
    for (int size = 1; size < maxClips; size *= 2) {
      sizes.add(size);
    }
    sizes.add(maxClips);
    return new BatchPolicy(sizes, maxDelay);
  }

  /** Clips of the largest batch. */
  public int maxClips() {
    return sizes.get(sizes.size() - 1);
  }

  /** The largest of the sizes that {@code clips} clips fill; {@code clips} is at least 1. */
  public int largestFilledBy(int clips) {
    int filled = 1;
    for (int size : sizes) {
      if (size <= clips) {
        filled = size;
      }
    }
    return filled;
  }
}
