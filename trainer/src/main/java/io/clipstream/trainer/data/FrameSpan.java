package io.clipstream.trainer.data;

import java.util.OptionalInt;

/**
 * The frames of a video that a list's label holds for.
 *
 * @param first of them, counted from 0; in a folder of pictures that are numbered from 1, number 1
 *     is 0. Empty: the first that there is
 * @param count of the frames; 0 where a list says so
 */
public record FrameSpan(OptionalInt first, int count) {
  /** Largest number of a frame. */
  static final int MOST = 999_999_999;

  public FrameSpan {
    if (first.orElse(0) < 0 || first.orElse(0) > MOST || count < 0 || count > MOST) {
      throw new IllegalArgumentException(
          "frames from %s, %d of them, expected 0 to %d".formatted(first, count, MOST));
    }
  }

  /** The first that there are. */
  static FrameSpan of(int count) {
    return new FrameSpan(OptionalInt.empty(), count);
  }

  static FrameSpan of(int first, int count) {
    return new FrameSpan(OptionalInt.of(first), count);
  }

  /**
   * From one frame to before another.
   *
   * @throws IllegalArgumentException if there are none
   */
  static FrameSpan between(int first, int end) {
    if (end <= first) {
      throw new IllegalArgumentException("frames " + first + " to " + end);
    }
    return of(first, end - first);
  }

  /** The frame behind the last, counted as the first is. */
  int end() {
    return (int) Math.min(MOST, (long) first.orElse(0) + count);
  }

  /** As it stands behind a path: {@code 12+163}, or {@code +163}. */
  @Override
  public String toString() {
    return (first.isPresent() ? first.getAsInt() : "") + "+" + count;
  }
}
