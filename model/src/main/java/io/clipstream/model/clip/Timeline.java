package io.clipstream.model.clip;

import java.util.Arrays;

/**
 * When each frame of a video is shown, worked out from the time stamps of its packets. Pure.
 *
 * <p>Frames are numbered in the order of presentation. How a decoded frame finds its number depends
 * on what the file's time stamps are good for, see {@link Mode}.
 */
final class Timeline {
  /** FFmpeg's {@code AV_NOPTS_VALUE}. */
  static final long MISSING = Long.MIN_VALUE;

  /** Time stamps beyond this are taken for missing, so that differences cannot overflow. */
  private static final long ABSURD = 1L << 60;

  /** Rates above this are taken for a lie about the clock. */
  private static final double MAX_RATE = 1000;

  /** A backward step of more than this is a jump, not reordering. */
  private static final double BACK_SECONDS = 1;

  /** What the time stamps are good for. */
  enum Mode {
    /** Every packet has a time and they never jump: seek and look up. */
    SEEKABLE,
    /** Times jump: packets get new ones by their place in the file, decoded from the start. */
    REWRITTEN,
    /** Times are missing or senseless: frames are counted as they come, decoded from the start. */
    COUNTED
  }

  private final Mode mode;
  private final double[] seconds;
  private final double endSeconds;
  private final long[] ticks;
  private final long[] keys;
  private final long[] rewritten;

  private Timeline(
      Mode mode, double[] seconds, double endSeconds, long[] ticks, long[] keys, long[] rewritten) {
    this.mode = mode;
    this.seconds = seconds;
    this.endSeconds = endSeconds;
    this.ticks = ticks;
    this.keys = keys;
    this.rewritten = rewritten;
  }

  Mode mode() {
    return mode;
  }

  int frames() {
    return seconds.length;
  }

  /** Presentation times from the first frame, ascending. */
  double[] seconds() {
    return seconds;
  }

  /** When the last frame ends: its time and the average frame's length. */
  double endSeconds() {
    return endSeconds;
  }

  /** Frames a second on average. */
  double rate() {
    return seconds.length / endSeconds;
  }

  /** First frame shown at this time or later; {@link #frames()} if there is none. */
  int firstFrom(double time) {
    int found = Arrays.binarySearch(seconds, time);
    return found >= 0 ? found : -found - 1;
  }

  /** Number of the frame with this time stamp (or the last before it); not if COUNTED. */
  int indexOf(long pts) {
    int found = Arrays.binarySearch(ticks, pts);
    return found >= 0 ? found : Math.max(0, -found - 2);
  }

  /** Time stamp of the last key frame at or before a frame, or MISSING; SEEKABLE only. */
  long keyAtOrBefore(int frame) {
    int found = Arrays.binarySearch(keys, ticks[frame]);
    int at = found >= 0 ? found : -found - 2;
    return at < 0 ? MISSING : keys[at];
  }

  /** New time stamp of the n-th packet of the file; REWRITTEN only. */
  long rewritten(int packet) {
    return packet < rewritten.length ? rewritten[packet] : MISSING;
  }

  /** Collects packets in the order of the file. */
  static final class Builder {
    private final double tick;
    private final double rate;
    private final double forwardSeconds;
    private long[] pts = new long[1024];
    private long[] dts = new long[1024];
    private long[] keys = new long[64];
    private int packets;
    private int keyCount;

    /**
     * @param tickSeconds length of one unit of the time stamps; 0 or less if the file does not say
     * @param rate frames a second, for files without times
     * @param discontinuous the container is one in which times may jump, such as MPEG-TS
     */
    Builder(double tickSeconds, double rate, boolean discontinuous) {
      this.tick = tickSeconds;
      this.rate = rate > 0 && rate <= MAX_RATE ? rate : 25;
      // The ffmpeg command closes gaps of more than 10 s in such containers (dts_delta_threshold).
      this.forwardSeconds = discontinuous ? 10 : 3600;
    }

    /**
     * @param pts when the frame is shown, or MISSING
     * @param dts when it is decoded, or MISSING
     * @param key whether decoding can start here
     * @param shown false if the frame is only decoded for others
     */
    void add(long pts, long dts, boolean key, boolean shown) {
      long shownAt = sane(pts);
      if (key && shownAt != MISSING) {
        if (keyCount == keys.length) {
          keys = Arrays.copyOf(keys, keyCount * 2);
        }
        keys[keyCount++] = shownAt;
      }
      if (!shown) {
        return;
      }
      if (packets == this.pts.length) {
        this.pts = Arrays.copyOf(this.pts, packets * 2);
        this.dts = Arrays.copyOf(this.dts, packets * 2);
      }
      this.pts[packets] = shownAt;
      this.dts[packets] = sane(dts);
      packets++;
    }

    int frames() {
      return packets;
    }

    Timeline build() {
      boolean ptsMissing = contains(pts, MISSING) || !(tick > 0);
      boolean dtsMissing = contains(dts, MISSING) || !(tick > 0);
      if (packets < 2 || (ptsMissing && dtsMissing)) {
        return counted();
      }
      // Decode order jumps where the file does; presentation order also moves by reordering.
      long[] order = dtsMissing ? pts : dts;
      long[] times = ptsMissing ? dts : pts;
      boolean jumped = closeJumps(order, times);

      long[] sorted = Arrays.copyOf(times, packets);
      Arrays.sort(sorted);
      int distinct = 1;
      for (int i = 1; i < packets; i++) {
        if (sorted[i] != sorted[distinct - 1]) {
          sorted[distinct++] = sorted[i];
        }
      }
      double span = (sorted[distinct - 1] - sorted[0]) * tick;
      if (distinct * 2L < packets || distinct < 2 || (distinct - 1) / span > MAX_RATE) {
        return counted();
      }
      if (ptsMissing) {
        return of(Mode.COUNTED, sorted, distinct, null);
      }
      return jumped
          ? of(Mode.REWRITTEN, sorted, distinct, Arrays.copyOf(times, packets))
          : of(Mode.SEEKABLE, sorted, distinct, null);
    }

    /** Moves everything after a jump so that the next frame follows the last. */
    private boolean closeJumps(long[] order, long[] times) {
      long back = (long) (BACK_SECONDS / tick);
      long forward = (long) (forwardSeconds / tick);
      long frame = Math.max(1, Math.round(1 / rate / tick));
      long offset = 0;
      boolean jumped = false;
      long last = order[0];
      for (int i = 0; i < packets; i++) {
        long now = order[i];
        if (now - last < -back || now - last > forward) {
          offset += last + frame - now;
          jumped = true;
        }
        last = now;
        times[i] += offset; // order may be the same array: now and last are the values before
      }
      return jumped;
    }

    private Timeline of(Mode mode, long[] sorted, int distinct, long[] rewritten) {
      long[] ticks = Arrays.copyOf(sorted, distinct);
      double[] seconds = new double[distinct];
      for (int i = 0; i < distinct; i++) {
        seconds[i] = (ticks[i] - ticks[0]) * tick;
      }
      double last = seconds[distinct - 1];
      long[] sortedKeys = Arrays.copyOf(keys, keyCount);
      Arrays.sort(sortedKeys);
      return new Timeline(
          mode, seconds, last + last / (distinct - 1), ticks, sortedKeys, rewritten);
    }

    private Timeline counted() {
      double[] seconds = new double[packets];
      Arrays.setAll(seconds, i -> i / rate);
      return new Timeline(Mode.COUNTED, seconds, packets / rate, null, null, null);
    }

    private boolean contains(long[] values, long value) {
      for (int i = 0; i < packets; i++) {
        if (values[i] == value) {
          return true;
        }
      }
      return false;
    }

    private static long sane(long time) {
      return time > -ABSURD && time < ABSURD ? time : MISSING;
    }
  }
}
