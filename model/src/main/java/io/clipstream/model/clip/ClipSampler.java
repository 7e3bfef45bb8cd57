package io.clipstream.model.clip;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Chooses the frames of every clip from the presentation times of a video. Pure; no state.
 *
 * <p>A clip has T samples. With a stride they are frames {@code o, o + stride, ...}. With a rate
 * the video is first laid out on an even grid of that rate, {@code N = floor(duration * rate)}
 * samples, sample {@code v} being the frame on display at {@code v / rate}; the formulas then apply
 * to the N samples with stride 1. For a constant frame rate this is torchvision's {@code
 * VideoClips._resample_video_idx}, {@code floor(v * fps / rate)}; for a variable one it follows the
 * true times. A frame due within the next millisecond counts as on display already, because
 * Matroska and others round times to milliseconds.
 *
 * <p>Where the clips start, for N samples and a clip that spans L = (T - 1) * stride + 1 of them:
 *
 * <ul>
 *   <li>{@link Sampling.Dense}: {@code floor((i + 1/2) * room / clips)}, where {@code room = N - T
 *       * stride + 1} if that is positive, else 0: {@code SampleFrames._get_test_clips} of
 *       MMAction2 before 1.0, with which Video Swin Transformer was measured, and PaddleVideo
 *       {@code Sampler._get_test_clips}. On the grid of a rate, which they do not have, {@code room
 *       = N - T}, so that a single clip has as much before it as after it. By {@link
 *       Protocol#MMACTION2_1} and with a stride {@code round(i * max(N - L, 0) / (clips - 1))}, a
 *       single one in the middle: {@code SampleFrames._get_test_clips} since 1.0.
 *   <li>{@link Sampling.Random}: a random place in each of {@code clips} parts of {@code N - T *
 *       stride + 1}: MMAction2 {@code SampleFrames._get_train_clips}, PaddleVideo {@code
 *       Sampler._get_train_clips}.
 *   <li>{@link Sampling.Sliding}: {@code round(i * max(N - L, 0) / (clips - 1))}, a single one in
 *       the middle, with as many clips as lie {@code hop} apart, rounded, so that clips with a hop
 *       of one clip overlap only if less than half a clip of the video would be left out otherwise.
 *   <li>{@link Sampling.Uniform}: no start; sample i of clip c is frame {@code floor((i + (c + 0.5)
 *       / clips) * n / T)} of n. For one clip this is the middle of each segment, PaddleVideo
 *       {@code Sampler} for TSM and TSN's test sampling; a video of fewer than T frames repeats
 *       frames evenly.
 * </ul>
 *
 * <p>Samples past the end are taken modulo the length or repeat the last, see {@link
 * Sampling.Padding}.
 */
public final class ClipSampler {
  /** Containers round times to their clock, Matroska to milliseconds; a frame may be that late. */
  private static final double CLOCK_SECONDS = 0.001;

  private ClipSampler() {}

  /**
   * The frames of one clip.
   *
   * @param range what the clip shows, in seconds from the first frame of the video
   * @param frames T indices into the times, not always ascending
   */
  @SuppressWarnings("ArrayRecordComponent") // compared and printed by nobody
  public record Window(TimeRange range, int[] frames) {}

  /**
   * Chooses the clips of a whole video.
   *
   * @param seconds presentation times, ascending, the first 0
   * @param endSeconds when the last frame ends, later than its time
   * @return windows in the order of their starts; at least one
   */
  public static List<Window> sample(
      Sampling sampling, ClipSpec spec, double[] seconds, double endSeconds) {
    return sample(sampling, spec, seconds, 0, seconds.length, endSeconds);
  }

  /**
   * The same for a part of a video.
   *
   * @param from first frame of the part
   * @param to frame after its last
   * @param endSeconds when the part ends
   */
  static List<Window> sample(
      Sampling sampling, ClipSpec spec, double[] seconds, int from, int to, double endSeconds) {
    if (from < 0 || to > seconds.length || from >= to || !(endSeconds > seconds[to - 1])) {
      throw new IllegalArgumentException(
          "frames " + from + " to " + to + " of " + seconds.length + ", end " + endSeconds);
    }
    int clipFrames = spec.frames();
    if (sampling instanceof Sampling.Uniform uniform) {
      return uniform(uniform.clips(), clipFrames, seconds, from, to, endSeconds);
    }
    int stride = spec.stride();
    double rate = spec.framesPerSecond();
    double late = Math.min(CLOCK_SECONDS, (endSeconds - seconds[from]) / (to - from) / 4);
    late = stride == 0 ? Math.min(late, 1 / rate / 4) : late; // so that no clip begins at the end
    int samples =
        stride == 0
            ? (int) Math.max(1, Math.floor((endSeconds - seconds[from] + late) * rate))
            : to - from;
    int step = Math.max(stride, 1);
    double samplesPerSecond = stride == 0 ? rate : samples / (endSeconds - seconds[from]);
    int[] starts = starts(sampling, samples, samplesPerSecond, spec);

    List<Window> windows = new ArrayList<>(starts.length);
    for (int start : starts) {
      int[] frames = new int[clipFrames];
      for (int i = 0; i < clipFrames; i++) {
        int sample = inside(start, i, step, samples, sampling.padding());
        frames[i] =
            stride == 0
                ? onDisplay(seconds, from, to, seconds[from] + sample / rate + late)
                : from + sample;
      }
      long after = start + (long) clipFrames * step;
      double begin;
      double end;
      if (stride == 0) {
        begin = seconds[from] + start / rate;
        end = seconds[from] + after / rate;
      } else {
        begin = seconds[from + start];
        end = after < samples ? seconds[from + (int) after] : endSeconds;
      }
      windows.add(new Window(new TimeRange(begin, Math.min(end, endSeconds)), frames));
    }
    return windows;
  }

  private static int[] starts(
      Sampling sampling, int samples, double samplesPerSecond, ClipSpec spec) {
    int stride = spec.stride();
    long span = (long) spec.frames() * Math.max(stride, 1);
    long room = Math.max(samples - (span - Math.max(stride, 1) + 1), 0);
    if (sampling instanceof Sampling.Random random) {
      return randomStarts(random, samples, span);
    }
    if (sampling instanceof Sampling.Dense dense && spec.protocol().endToEnd() && stride > 0) {
      return evenStarts(dense.clips(), (int) room);
    }
    if (sampling instanceof Sampling.Dense dense) {
      return middleStarts(dense.clips(), Math.max(samples - span + (stride > 0 ? 1 : 0), 0));
    }
    Sampling.Sliding sliding = (Sampling.Sliding) sampling;
    double hop =
        sliding.hopSeconds() == 0 ? span : Math.max(1, sliding.hopSeconds() * samplesPerSecond);
    long clips = Math.min(sliding.maxClips(), 1 + Math.round(room / hop));
    return evenStarts((int) clips, (int) room);
  }

  private static int[] middleStarts(int clips, long room) {
    int[] starts = new int[clips];
    double part = room / (double) clips;
    for (int i = 0; i < clips; i++) {
      starts[i] = (int) (i * part + part / 2); // in this order, which decides the rounding
    }
    return starts;
  }

  private static int[] evenStarts(int clips, int room) {
    int[] starts = new int[clips];
    if (clips == 1) {
      starts[0] = room / 2;
      return starts;
    }
    double between = room / (double) (clips - 1);
    for (int i = 0; i < clips; i++) {
      starts[i] = (int) Math.rint(i * between); // NumPy rounds halves to even too
    }
    return starts;
  }

  private static int[] randomStarts(Sampling.Random sampling, int samples, long span) {
    SplittableRandom random = new SplittableRandom(sampling.seed());
    int clips = sampling.clips();
    long room = samples - span + 1;
    int[] starts = new int[clips];
    if (room <= 0) {
      return starts;
    }
    long part = room / clips;
    for (int i = 0; i < clips; i++) {
      starts[i] = (int) (part > 0 ? i * part + random.nextLong(part) : random.nextLong(room));
    }
    Arrays.sort(starts);
    return starts;
  }

  private static List<Window> uniform(
      int clips, int clipFrames, double[] seconds, int from, int to, double endSeconds) {
    int n = to - from;
    List<Window> windows = new ArrayList<>(clips);
    for (int c = 0; c < clips; c++) {
      int[] frames = new int[clipFrames];
      for (int i = 0; i < clipFrames; i++) {
        frames[i] =
            from + Math.min(n - 1, (int) Math.floor((i + (c + 0.5) / clips) * n / clipFrames));
      }
      windows.add(new Window(new TimeRange(seconds[from], endSeconds), frames));
    }
    return windows;
  }

  /** The last frame whose time is not after {@code time}. */
  private static int onDisplay(double[] seconds, int from, int to, double time) {
    int found = Arrays.binarySearch(seconds, from, to, time);
    return found >= 0 ? found : Math.max(from, -found - 2);
  }

  /** Sample i of a clip, brought back into the video if it is past the end. */
  private static int inside(int start, int i, int step, int samples, Sampling.Padding padding) {
    long sample = start + (long) i * step;
    if (sample < samples) {
      return (int) sample;
    }
    return padding == Sampling.Padding.LOOP
        ? (int) (sample % samples)
        : start + (samples - 1 - start) / step * step; // the clip's own last sample
  }
}
