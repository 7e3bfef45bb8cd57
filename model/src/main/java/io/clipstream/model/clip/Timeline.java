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

  /** A backward step of more than this is a jump, not a muxer's rounding. */
  private static final double BACK_SECONDS = 1;

  /** Most frames by which pictures are reordered (H.264 and HEVC allow 16). */
  private static final int REORDERED = 16;

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
  private final long[] keysDecoded; // null if the order of the keys differs
  private final long[] rewritten;

  private Timeline(
      Mode mode,
      double[] seconds,
      double endSeconds,
      long[] ticks,
      long[] keys,
      long[] keysDecoded,
      long[] rewritten) {
    this.mode = mode;
    this.seconds = seconds;
    this.endSeconds = endSeconds;
    this.ticks = ticks;
    this.keys = keys;
    this.keysDecoded = keysDecoded;
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

  /** When the key frame with this time stamp is decoded; where that is not known, the same. */
  long decodedAt(long key) {
    int found = keysDecoded == null ? -1 : Arrays.binarySearch(keys, key);
    return found < 0 || keysDecoded[found] == MISSING ? key : keysDecoded[found];
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
    private long[] keysDecoded = new long[64];
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
          keysDecoded = Arrays.copyOf(keysDecoded, keyCount * 2);
        }
        keysDecoded[keyCount] = sane(dts);
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
      int ptsMissing = missing(pts);
      int dtsMissing = missing(dts);
      if (packets < 2 || !(tick > 0) || (ptsMissing > 0 && dtsMissing > 0)) {
        return counted();
      }
      if (ptsMissing > 0) {
        // Decoding times are those of presentation, only in another order, and somewhat early.
        closeJumps(dts, dts);
        Arrays.sort(dts, 0, packets);
        return sane(dts, packets) ? of(Mode.COUNTED, dts, packets, null) : counted();
      }
      boolean jumped = closeJumps(dtsMissing == packets ? pts : dts, pts);
      long[] sorted = Arrays.copyOf(pts, packets);
      Arrays.sort(sorted);
      int distinct = 1;
      for (int i = 1; i < packets; i++) {
        if (sorted[i] != sorted[distinct - 1]) {
          sorted[distinct++] = sorted[i];
        }
      }
      if (distinct * 2L < packets || !sane(sorted, distinct)) {
        return counted();
      }
      return jumped
          ? of(Mode.REWRITTEN, sorted, distinct, Arrays.copyOf(pts, packets))
          : of(Mode.SEEKABLE, sorted, distinct, null);
    }

    private boolean sane(long[] sorted, int count) {
      double span = (sorted[count - 1] - sorted[0]) * tick;
      return count > 1 && (count - 1) / span <= MAX_RATE;
    }

    /**
     * Moves everything after a jump so that the next frame follows the last. In the order of
     * decoding times jump where the file does; times of presentation (if {@code order} is those)
     * also step back by reordering, but not before all of the last few.
     */
    private boolean closeJumps(long[] order, long[] times) {
      long back = (long) (BACK_SECONDS / tick);
      long forward = (long) (forwardSeconds / tick);
      long frame = Math.max(1, Math.round(1 / rate / tick));
      long[] recent = new long[order == times ? REORDERED : 1];
      long offset = 0;
      boolean jumped = false;
      int seen = 0;
      long last = 0;
      for (int i = 0; i < packets; i++) {
        long now = order[i];
        if (now != MISSING) {
          if (seen > 0) {
            long lowest = last;
            for (int r = 0; r < Math.min(seen, recent.length); r++) {
              lowest = Math.min(lowest, recent[r]);
            }
            if (now < lowest - back || now - last > forward) {
              offset += last + frame - now;
              jumped = true;
              seen = 0;
            }
          }
          recent[seen++ % recent.length] = now;
          last = now;
        }
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
      boolean inOrder = Arrays.equals(sortedKeys, 0, keyCount, keys, 0, keyCount);
      return new Timeline(
          mode,
          seconds,
          last + last / (distinct - 1),
          ticks,
          sortedKeys,
          inOrder ? Arrays.copyOf(keysDecoded, keyCount) : null,
          rewritten);
    }

    private Timeline counted() {
      double[] seconds = new double[packets];
      Arrays.setAll(seconds, i -> i / rate);
      return new Timeline(Mode.COUNTED, seconds, packets / rate, null, null, null, null);
    }

    private int missing(long[] times) {
      int missing = 0;
      for (int i = 0; i < packets; i++) {
        missing += times[i] == MISSING ? 1 : 0;
      }
      return missing;
    }

    private static long sane(long time) {
      return time > -ABSURD && time < ABSURD ? time : MISSING;
    }
  }
}
