package io.clipstream.model.clip;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Which frames of a video are wanted, and where in which clip each belongs. Pure.
 *
 * <p>A place is one frame of one clip. Places are numbered from 0 in the order in which their
 * frames are shown; a frame that several clips show, or one clip shows twice, has several places.
 */
final class FramePlan {
  private final List<ClipSampler.Window> windows;
  private final int clipFrames;
  private final long[] places; // frame << 32 | window << 12 | place in clip, ascending
  private final BitSet wanted = new BitSet();

  private FramePlan(List<ClipSampler.Window> windows, int clipFrames) {
    this.windows = windows;
    this.clipFrames = clipFrames;
    this.places = new long[windows.size() * clipFrames];
    for (int w = 0; w < windows.size(); w++) {
      int[] frames = windows.get(w).frames();
      for (int i = 0; i < clipFrames; i++) {
        places[w * clipFrames + i] = (long) frames[i] << 32 | (long) w << 12 | i;
        wanted.set(frames[i]);
      }
    }
    Arrays.sort(places);
  }

  /**
   * Plans the clips of a video or a part of it.
   *
   * @param range the part, in seconds from the video's first frame; empty: all
   * @throws UnusableVideoException if the range has no frame
   */
  static FramePlan of(
      Timeline timeline, Sampling sampling, ClipSpec spec, Optional<TimeRange> range)
      throws UnusableVideoException {
    int from = range.isPresent() ? firstIn(timeline, range.get()) : 0;
    int to = range.isPresent() ? timeline.firstFrom(range.get().endSeconds()) : timeline.frames();
    double end = timeline.endSeconds();
    if (range.isPresent()) {
      end = Math.min(end, range.get().endSeconds());
    }
    if (from >= to) {
      throw new UnusableVideoException(
          DecodeReason.RANGE_OUTSIDE_VIDEO,
          String.format(
              Locale.ROOT,
              "the range %.3f to %.3f s has no frame, the video is %.3f s long",
              range.get().startSeconds(),
              range.get().endSeconds(),
              timeline.endSeconds()));
    }
    return new FramePlan(
        ClipSampler.sample(sampling, spec, timeline.seconds(), from, to, end), spec.frames());
  }

  /** The frame on display when the range starts. */
  private static int firstIn(Timeline timeline, TimeRange range) {
    if (range.startSeconds() >= timeline.endSeconds()) {
      return timeline.frames();
    }
    int from = timeline.firstFrom(range.startSeconds());
    boolean starts = from < timeline.frames() && timeline.seconds()[from] == range.startSeconds();
    return starts ? from : Math.max(0, from - 1);
  }

  /** When the frames that places show are shown, ascending. */
  List<Double> seconds(Timeline timeline) {
    double[] seconds = timeline.seconds();
    return wanted.stream().mapToObj(frame -> seconds[frame]).toList();
  }

  /** Clips, one for each window; several crops of one window count once. */
  int windows() {
    return windows.size();
  }

  /** What a window shows, in seconds from the first frame. */
  TimeRange range(int window) {
    return windows.get(window).range();
  }

  int places() {
    return places.length;
  }

  /** The frame that a place shows. */
  int frame(int place) {
    return (int) (places[place] >>> 32);
  }

  /** The window that a place belongs to. */
  int window(int place) {
    return (int) places[place] >>> 12;
  }

  /** Which of its clip's frames a place is. */
  int offset(int place) {
    return (int) places[place] & 0xfff;
  }

  /** Whether any place shows one of the frames from the first to the last. */
  boolean wants(int first, int last) {
    int next = wanted.nextSetBit(first);
    return next >= 0 && next <= last;
  }

  /** Most windows that are partly filled at the same time. */
  int mostOpen() {
    int[] filled = new int[windows.size()];
    int now = 0;
    int most = 0;
    for (int place = 0; place < places.length; place++) {
      int w = window(place);
      if (filled[w]++ == 0) {
        now++;
      }
      most = Math.max(most, now);
      if (filled[w] == clipFrames) {
        now--;
      }
    }
    return most;
  }
}
