package io.clipstream.model.clip;

import java.util.Arrays;
import java.util.BitSet;

/** The time stamps of a track's packets in the order of the file, as the scan reads them. Pure. */
final class PacketTable {
  /** What a packet shows. */
  enum Shows {
    /** A frame of its own. */
    FRAME,
    /** The frame before it, for longer. */
    LAST_FRAME,
    /** Nothing. */
    NOTHING
  }

  /** Time stamps beyond this are taken for missing, so that differences cannot overflow. */
  private static final long ABSURD = 1L << 60;

  /** Packets within which pictures are reordered (by up to 16 in H.264 and HEVC), and one. */
  static final int REORDERED = 17;

  private static final int MANY_TICKS = 8;

  private long[] pts = new long[1024];
  private long[] dts = new long[1024];
  private long[] durations = new long[1024];
  private final BitSet frames = new BitSet();
  private final BitSet repeats = new BitSet();
  private final BitSet damaged = new BitSet();
  private final BitSet skips = new BitSet();
  private int packets;
  private int frameCount;

  // Packets that decoding may start with, and those from which on pictures are right then.
  private int[] starts = new int[64];
  private int[] exact = new int[64];
  private long[] positions = new long[64];
  private int[] sizes = new int[64];
  private int startCount;
  private boolean allKeys = true;
  private boolean inOrderOnly;

  /**
   * @param shownAt when it is shown, or MISSING
   * @param decodedAt when it is decoded, or MISSING
   * @param duration how long it is shown, 0 if the file does not say
   * @param key whether the container marks it as a key frame
   * @param broken whether the container marks it as damaged
   */
  void add(long shownAt, long decodedAt, long duration, Shows shows, boolean key, boolean broken) {
    if (packets == pts.length) {
      pts = Arrays.copyOf(pts, packets * 2);
      dts = Arrays.copyOf(dts, packets * 2);
      durations = Arrays.copyOf(durations, packets * 2);
    }
    pts[packets] = sane(shownAt);
    dts[packets] = sane(decodedAt);
    durations[packets] = duration > 0 && duration < ABSURD ? duration : 0;
    frames.set(packets, shows == Shows.FRAME);
    frameCount += shows == Shows.FRAME ? 1 : 0;
    repeats.set(packets, shows == Shows.LAST_FRAME);
    damaged.set(packets, broken);
    allKeys &= key || shows != Shows.FRAME;
    packets++;
  }

  /**
   * Decoding may start with a packet; called in the order of the file.
   *
   * @param packet its number
   * @param exactFrom the packet whose picture, and all that are shown after it, are right then
   * @param position where in the file it is, negative if the container does not say
   * @param size its bytes
   */
  void startsAt(int packet, int exactFrom, long position, int size) {
    if (startCount == starts.length) {
      starts = Arrays.copyOf(starts, startCount * 2);
      exact = Arrays.copyOf(exact, startCount * 2);
      positions = Arrays.copyOf(positions, startCount * 2);
      sizes = Arrays.copyOf(sizes, startCount * 2);
    }
    positions[startCount] = position;
    sizes[startCount] = size;
    starts[startCount] = packet;
    exact[startCount++] = exactFrom;
  }

  /** Forgets all packets that decoding may start with but the first of them. */
  void startsAtFirstOnly() {
    startCount = Math.min(startCount, 1);
  }

  /** A packet brings what those behind it cannot be shown without, such as a palette. */
  void inOrderOnly() {
    inOrderOnly = true;
  }

  /** Whether all packets up to a wanted one have to be decoded. */
  boolean isInOrderOnly() {
    return inOrderOnly;
  }

  /** Whether frames are said to be shown in the order in which they are decoded. */
  boolean isInOrder() {
    long last = Timeline.MISSING;
    for (int i = frames.nextSetBit(0); i >= 0; i = frames.nextSetBit(i + 1)) {
      if (pts[i] == Timeline.MISSING || pts[i] < last) {
        return false;
      }
      last = pts[i];
    }
    return true;
  }

  /** When the last of the packets ends; MISSING if none has a time. */
  long end() {
    long end = Timeline.MISSING;
    for (int i = 0; i < packets; i++) {
      long time = pts[i] == Timeline.MISSING ? dts[i] : pts[i];
      end = time == Timeline.MISSING ? end : Math.max(end, time + durations[i]);
    }
    return end;
  }

  /**
   * Whether a muxer put times in order that were not: FFmpeg gives a packet the next tick then,
   * while others are many ticks apart.
   */
  boolean hasMendedTimes() {
    int single = 0;
    int longer = 0;
    for (int i = 1; i < packets; i++) {
      boolean known = dts[i] != Timeline.MISSING && dts[i - 1] != Timeline.MISSING;
      single += known && dts[i] - dts[i - 1] == 1 ? 1 : 0;
      longer += known && dts[i] - dts[i - 1] >= MANY_TICKS ? 1 : 0;
    }
    return single > 0 && longer > packets / 2;
  }

  /** Whether more frames than two that belong together share a time of presentation. */
  boolean standsStill() {
    for (int i = 2; i < packets; i++) {
      if (frames.get(i) && pts[i] == pts[i - 1] && pts[i] == pts[i - 2]) {
        return true;
      }
    }
    return false;
  }

  int packets() {
    return packets;
  }

  /** Ticks, more than one from each packet to the next, by which times of decoding go on. */
  long steppedOver() {
    long over = 0;
    for (int i = 1; i < packets; i++) {
      boolean known = dts[i] != Timeline.MISSING && dts[i - 1] != Timeline.MISSING;
      over += known ? Math.max(0, dts[i] - dts[i - 1] - 1) : 0;
    }
    return over;
  }

  /** Packets that show a frame of their own. */
  int frames() {
    return frameCount;
  }

  boolean isFrame(int packet) {
    return frames.get(packet);
  }

  boolean isRepeat(int packet) {
    return repeats.get(packet);
  }

  long pts(int packet) {
    return pts[packet];
  }

  long dts(int packet) {
    return dts[packet];
  }

  long duration(int packet) {
    return durations[packet];
  }

  /** Something of the file was skipped right before the next packet. */
  void skipped() {
    skips.set(packets);
  }

  /** Packets that the container marks as damaged. */
  int damaged() {
    return damaged.cardinality();
  }

  /** The first packet from {@code from} on that is; negative if none. */
  int nextDamaged(int from) {
    return damaged.nextSetBit(from);
  }

  /** Whether the container marks the packet as damaged. */
  boolean isDamaged(int packet) {
    return packet >= 0 && damaged.get(packet);
  }

  /** The first packet from {@code from} on before which data may be missing; negative if none. */
  int nextBreak(int from) {
    int skip = skips.nextSetBit(from);
    int behind = damaged.nextSetBit(Math.max(0, from - 1)) + 1;
    return skip < 0 ? (behind > 0 ? behind : -1) : behind > 0 ? Math.min(skip, behind) : skip;
  }

  int starts() {
    return startCount;
  }

  /** The first packet from {@code from} on that decoding may start with; negative if none. */
  int nextStart(int from) {
    int at = Arrays.binarySearch(starts, 0, startCount, from);
    at = at < 0 ? -at - 1 : at;
    return at < startCount ? starts[at] : -1;
  }

  /** The n-th packet that decoding may start with. */
  int start(int n) {
    return starts[n];
  }

  /** From which packet on, in the order of presentation, pictures are right then. */
  int exact(int n) {
    return exact[n];
  }

  /** Where in the file the n-th packet that decoding may start with is; negative if unknown. */
  long position(int n) {
    return positions[n];
  }

  /** Bytes of the n-th packet that decoding may start with. */
  int size(int n) {
    return sizes[n];
  }

  boolean allKeys() {
    return allKeys;
  }

  /**
   * Whether the first packet starts decoding and its picture is the first that is shown. Otherwise
   * only decoding tells which pictures at the beginning can be had.
   */
  boolean beginsWithItsFirstFrame() {
    if (startCount == 0 || exact[0] != starts[0]) {
      return frameCount == 0;
    }
    int start = starts[0];
    long shown = pts[start];
    for (int i = 0; i < Math.min(start + REORDERED, packets); i++) {
      if (frames.get(i) && i != start && (i < start || isBefore(i, shown))) {
        return false;
      }
    }
    return true;
  }

  private boolean isBefore(int packet, long shown) {
    long time = pts[packet];
    // Where only B-frames have times of presentation, those of MPEG streams right behind it are.
    boolean next = packet == starts[0] + 1;
    return shown == Timeline.MISSING
        ? next && time != Timeline.MISSING && time == dts[packet]
        : time != Timeline.MISSING && time < shown;
  }

  private static long sane(long time) {
    return time > -ABSURD && time < ABSURD ? time : Timeline.MISSING;
  }
}
