package io.clipstream.model.clip;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Puts the pieces of a file one after another: where files were joined, or a device restarted its
 * clock, times jump back. Pure.
 *
 * <p>Times of decoding never go back within a piece, but for errors of muxers of about a frame.
 * Times of presentation do, where pictures are reordered, but not before all of the last few
 * pictures. So a piece begins with a packet that goes back before all of those, or to a time that
 * one of those already has. It also begins with a key frame that would be shown before pictures
 * which are decoded before it.
 */
final class TimePieces {
  private static final int RECENT = PacketTable.REORDERED;

  /** Of times of presentation only, a step of more than this is a jump whatever the order. */
  private static final double BACK_SECONDS = 1;

  private static final long NONE = Timeline.MISSING;

  private final PacketTable packets;
  private final BitSet kept;
  private final long[] times;
  private final boolean ordered; // by times of decoding
  private final long frame; // length of a frame
  private final long forward; // a step of more than this is a gap
  private final long back;
  private final long[] recent = new long[RECENT];
  private final long[] recentTimes = new long[RECENT];
  private int seen;
  private long last;
  private long latest; // of the piece so far, in the order of decoding
  private long latestShown; // and of presentation
  private int start; // of the packets that decoding may start with
  private int[] firsts = new int[4];
  private int count;

  /**
   * @param kept packets that show a frame
   * @param times of the packets; changed so that pieces follow each other
   * @param ordered whether the packets have times of decoding
   * @param frame length of a frame
   * @param forward longest step that is no gap
   */
  TimePieces(
      PacketTable packets,
      BitSet kept,
      long[] times,
      boolean ordered,
      double tick,
      long frame,
      long forward) {
    this.packets = packets;
    this.kept = kept;
    this.times = times;
    this.ordered = ordered;
    this.frame = frame;
    this.forward = forward;
    this.back = (long) (BACK_SECONDS / tick);
  }

  /**
   * Finds the pieces and moves the times of all but the first.
   *
   * @return the first packets of the pieces; null if times do not fit into a number
   */
  int[] join() {
    begin(0);
    for (int i = kept.nextSetBit(0); i >= 0; i = kept.nextSetBit(i + 1)) {
      long now = order(i);
      if (isEarlyKey(i) || (now != Timeline.MISSING && jumps(now, times[i]))) {
        begin(i);
      }
      if (times[i] != Timeline.MISSING) {
        latestShown = Math.max(latestShown, times[i]);
      }
      if (now != Timeline.MISSING) {
        if (seen > 0 && now - last > forward) {
          seen = 0; // what came before says nothing of the order after it
        }
        recent[seen % RECENT] = now;
        recentTimes[seen++ % RECENT] = times[i];
        latest = Math.max(latest, now);
        last = now;
      }
    }
    return move() ? Arrays.copyOf(firsts, count) : null;
  }

  private long order(int packet) {
    return ordered ? packets.dts(packet) : times[packet];
  }

  /** Whether a packet is a key frame that would be shown before one that is decoded before it. */
  private boolean isEarlyKey(int packet) {
    while (start < packets.starts() && packets.start(start) < packet) {
      start++;
    }
    return start < packets.starts()
        && packets.start(start) == packet
        && packets.exact(start) == packet
        && times[packet] != Timeline.MISSING
        && latestShown != NONE
        && latestShown - times[packet] > frame / 2;
  }

  /** Whether a packet goes back further than within a piece. */
  private boolean jumps(long now, long time) {
    if (seen == 0 || latest == NONE || latest - now <= frame + frame / 2) {
      return false;
    }
    boolean taken = false;
    long lowest = Long.MAX_VALUE;
    for (int i = 0; i < Math.min(seen, RECENT); i++) {
      lowest = Math.min(lowest, recent[i]);
      taken |= Math.abs(recentTimes[i] - time) <= frame / 4;
    }
    if (now < lowest) {
      return ordered || seen >= RECENT || lowest - now > back;
    }
    return ordered && taken;
  }

  private void begin(int packet) {
    if (count == firsts.length) {
      firsts = Arrays.copyOf(firsts, count * 2);
    }
    firsts[count++] = packet;
    seen = 0;
    latest = NONE;
    latestShown = NONE;
  }

  /** Moves each piece behind the one before. */
  private boolean move() {
    long end = 0;
    for (int piece = 0; piece < count; piece++) {
      int to = piece + 1 < count ? firsts[piece + 1] : packets.packets();
      long lowest = Long.MAX_VALUE;
      long highest = Long.MIN_VALUE;
      for (int i = firsts[piece]; i < to; i++) {
        if (kept.get(i) && times[i] != Timeline.MISSING) {
          lowest = Math.min(lowest, times[i]);
          highest = Math.max(highest, times[i]);
        }
      }
      long offset = piece == 0 ? 0 : end - lowest;
      end = highest + offset + frame;
      if (Math.abs(offset) > Long.MAX_VALUE / 4 || Math.abs(end) > Long.MAX_VALUE / 4) {
        return false;
      }
      for (int i = firsts[piece]; offset != 0 && i < to; i++) {
        times[i] += times[i] == Timeline.MISSING ? 0 : offset;
      }
    }
    return true;
  }
}
