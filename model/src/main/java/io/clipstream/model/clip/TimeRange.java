package io.clipstream.model.clip;

/**
 * A span of presentation time.
 *
 * @param startSeconds from the first frame of the video, included
 * @param endSeconds later than the start, not included
 */
public record TimeRange(double startSeconds, double endSeconds) {
  public TimeRange {
    if (!(startSeconds >= 0 && endSeconds > startSeconds)) {
      throw new IllegalArgumentException(
          "range is " + startSeconds + " to " + endSeconds + " s, expected 0 <= start < end");
    }
  }

  public double seconds() {
    return endSeconds - startSeconds;
  }
}
