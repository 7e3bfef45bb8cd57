package io.clipstream.model.clip;

import java.util.Arrays;
import java.util.BitSet;

/** Works out when each frame is shown from the time stamps of its packets. Pure. */
final class TimelineBuilder {
  /** Rates above this are taken for a lie about the clock. */
  private static final double MAX_RATE = 10_000;

  /** The frame rate of files that say nothing of it. */
  private static final double USUAL_RATE = 25;

  /** As many steps in time tell how long a frame usually lasts. */
  private static final int STEPS = 4096;

  /** A last frame is taken for longer than others if it stays for more than this many of them. */
  private static final double LONG = 1.5;

  private final PacketTable packets;
  private final double tick;
  private final double rate;
  private final double gapSeconds;
  private final long statedEnd;

  /** Slow recordings are uneven, too: a gap is longer than as many of their frames. */
  private static final int FRAMES_OF_A_GAP = 3;

  private boolean distrusted;
  private boolean uncoupled;
  private final BitSet kept = new BitSet(); // packets whose frames are shown
  private int first; // packet that decoding begins with
  private long[] times; // by packet

  /**
   * @param tick length of one unit of the time stamps in seconds; 0 or less if the file does not
   *     say
   * @param rate frames a second, for files without times
   * @param discontinuous the container is one in which times may jump, such as MPEG-TS
   * @param statedEnd when the track ends by its header, or MISSING
   */
  TimelineBuilder(
      PacketTable packets, double tick, double rate, boolean discontinuous, long statedEnd) {
    this.packets = packets;
    this.tick = tick;
    this.rate = rate > 0 && rate <= MAX_RATE ? rate : USUAL_RATE;
    // The ffmpeg command closes gaps of more than 10 s in such containers (dts_delta_threshold).
    this.gapSeconds = discontinuous ? 10 : 3600;
    this.statedEnd = statedEnd;
  }

  /** Frames are to be counted, since their times are wrong. */
  TimelineBuilder distrust() {
    distrusted = true;
    return this;
  }

  /** The times are right, but not for the frames that they stand with: those are to be counted. */
  TimelineBuilder countOut() {
    uncoupled = true;
    return this;
  }

  /** The timeline of all frames. */
  Timeline build() {
    return build(0, 0, 0);
  }

  /**
   * The timeline of the frames that can be decoded.
   *
   * @param start the packet that decoding begins with
   * @param undecodable packets right behind it whose pictures need some from before it
   * @param shown the packet that holds the first picture that can be shown
   */
  Timeline build(int start, int undecodable, int shown) {
    first = start;
    keep(undecodable, shown);
    int frames = kept.cardinality();
    boolean ptsMissing = kept.stream().anyMatch(i -> packets.pts(i) == Timeline.MISSING);
    boolean dtsMissing = kept.stream().anyMatch(i -> packets.dts(i) == Timeline.MISSING);
    if (distrusted || frames < 2 || !(tick > 0) || (ptsMissing && dtsMissing)) {
      return counted();
    }
    times = new long[packets.packets()];
    // Times of decoding are those of presentation, only in another order and somewhat early.
    Arrays.setAll(times, ptsMissing ? packets::dts : packets::pts);
    if (ptsMissing && undecodable > 0 && shown == first) {
      times[first] = packets.dts(first + undecodable); // is shown behind those that are lost
    }
    boolean ordered = kept.stream().anyMatch(i -> packets.dts(i) != Timeline.MISSING);
    long frame = frameTicks();
    long gap = Math.max(FRAMES_OF_A_GAP * frame, (long) (gapSeconds / tick));
    int[] pieces = new TimePieces(packets, kept, times, ordered, tick, frame, gap).join();
    if (pieces == null) {
      return counted();
    }
    long[] sorted = kept.stream().mapToLong(i -> times[i]).sorted().toArray();
    ShownTimes shownTimes = new ShownTimes(sorted, tick, frame, gap);
    if (!((frames - 1) / shownTimes.span() <= MAX_RATE)) {
      return counted();
    }
    boolean coupled = !ptsMissing && !uncoupled;
    boolean onePiece = pieces.length == 1 && coupled;
    double average = shownTimes.average();
    double stay = stay(sorted[frames - 1], average, onePiece);
    double[] seconds = shownTimes.seconds();
    boolean seekable = onePiece && !packets.isInOrderOnly();
    return new Timeline(
        seconds,
        Math.max(shownTimes.span() + Math.max(average, stay), Math.nextUp(seconds[frames - 1])),
        coupled ? numbers(sorted) : null,
        shownTimes.tied(),
        first,
        seekable ? starts(sorted, shownTimes.tied()) : new Timeline.Start[0],
        allKeys(),
        remark(pieces.length, shownTimes.remark()));
  }

  private boolean allKeys() {
    return packets.allKeys() && !packets.isInOrderOnly();
  }

  private static String remark(int pieces, String gaps) {
    String joined =
        pieces == 1 ? "" : "its times jump back: it is put together from " + pieces + " pieces";
    return joined.isEmpty() || gaps.isEmpty() ? joined + gaps : joined + "; " + gaps;
  }

  /** How long a frame usually lasts: by the rate, but as long as some of the steps in time are. */
  private long frameTicks() {
    long[] steps = new long[STEPS];
    int count = 0;
    long last = Timeline.MISSING;
    for (int i = kept.nextSetBit(0); i >= 0 && count < STEPS; i = kept.nextSetBit(i + 1)) {
      long now = packets.dts(i);
      if (now != Timeline.MISSING && last != Timeline.MISSING && now > last) {
        steps[count++] = now - last;
      }
      last = now;
    }
    long byRate = Math.max(1, Math.round(1 / rate / tick));
    Arrays.sort(steps, 0, count);
    return count == 0 ? byRate : Math.max(steps[count / 4], Math.min(steps[count / 2], byRate));
  }

  /** Keeps the frames from the first on that can be shown. */
  private void keep(int undecodable, int shown) {
    long earliest = packets.packets() == 0 || shown == 0 ? Timeline.MISSING : packets.pts(shown);
    kept.clear();
    for (int i = first; i < packets.packets(); i++) {
      long pts = packets.pts(i);
      boolean early =
          i < shown + PacketTable.REORDERED && pts != Timeline.MISSING && pts < earliest;
      boolean lost = i > first && i <= first + undecodable;
      kept.set(i, packets.isFrame(i) && !early && !lost);
    }
  }

  private int[] numbers(long[] sorted) {
    int[] numbers = new int[times.length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = kept.get(i) ? lower(sorted, times[i]) : Timeline.HIDDEN;
    }
    return numbers;
  }

  /** The first of the equal or else next larger times. */
  private static int lower(long[] sorted, long time) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < time) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Seconds that the last frame stays, where the file says that it is longer than others. */
  private double stay(long last, double average, boolean onePiece) {
    double longest = 0;
    boolean stated = statedEnd != Timeline.MISSING && onePiece;
    int lastPacket = kept.length() - 1; // keeps the length of the last frame where reordered
    for (int i = first; i < times.length; i++) {
      if (kept.get(i) && (times[i] == last || (i == lastPacket && stated))) {
        longest = Math.max(longest, packets.duration(i) * tick);
      } else if (packets.isRepeat(i) && onePiece && packets.pts(i) > last) {
        longest = Math.max(longest, (packets.pts(i) - last + packets.duration(i)) * tick);
      }
    }
    if (stated) {
      longest = Math.min(longest, (statedEnd - last) * tick);
    }
    return longest > LONG * average ? longest : 0;
  }

  /** Packets to start from that are told from all others by their times. */
  private Timeline.Start[] starts(long[] sorted, BitSet tied) {
    Timeline.Start[] starts = new Timeline.Start[packets.starts()];
    Timeline.Start key = null;
    int count = 0;
    for (int n = 0; n < packets.starts(); n++) {
      int packet = packets.start(n);
      long pts = packets.pts(packet);
      long exact = packets.pts(packets.exact(n));
      int frame = lower(sorted, exact);
      boolean recovers = packets.exact(n) != packet;
      boolean alone = frame == 0 || !tied.get(frame + 1);
      Timeline.Start before = count == 0 ? null : starts[count - 1];
      if (packet < first
          || pts == Timeline.MISSING
          || exact == Timeline.MISSING
          || !alone
          || (recovers && key == null)
          || (before != null && (pts <= before.pts() || frame < before.frame()))) {
        continue;
      }
      Timeline.Start start =
          new Timeline.Start(
              packet,
              pts,
              packets.dts(packet),
              packets.position(n),
              packets.size(n),
              frame,
              recovers ? key : null);
      key = recovers ? key : start;
      count -= before != null && frame == before.frame() ? 1 : 0; // before is cut away
      starts[count++] = start;
    }
    return Arrays.copyOf(starts, count);
  }

  /** Frames without times of any use, shown at the rate of the header. */
  private Timeline counted() {
    double[] seconds = new double[kept.cardinality()];
    Arrays.setAll(seconds, i -> i / rate);
    return new Timeline(
        seconds,
        seconds.length / rate,
        null,
        new BitSet(),
        first,
        new Timeline.Start[0],
        allKeys(),
        "");
  }
}
