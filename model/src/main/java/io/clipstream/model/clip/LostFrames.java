package io.clipstream.model.clip;

import java.util.Arrays;

/**
 * Counts the frames that are missing where data of a file is: there, times of presentation step by
 * more than a frame from what comes before to what comes after. Pure.
 */
final class LostFrames {
  /** Packets from the mark of a jump to where the next file begins. */
  private static final int BEFORE_JOIN = 3;

  private final PacketTable packets;
  private final long frame;
  private final long gap;

  /**
   * @param frame ticks that a frame lasts
   * @param gap the longest step that is no gap in the recording
   */
  LostFrames(PacketTable packets, long frame, long gap) {
    this.packets = packets;
    this.frame = frame;
    this.gap = gap;
  }

  long count() {
    long lost = 0;
    for (int at = packets.nextBreak(1); at >= 0; at = packets.nextBreak(at + 1)) {
      lost += isBeforeJoin(packets, at - 1) ? 0 : at(at);
    }
    return lost;
  }

  /** Packets that are marked as damaged, without those that joining files leaves marked. */
  static int damaged(PacketTable packets) {
    int count = 0;
    for (int at = packets.nextDamaged(0); at >= 0; at = packets.nextDamaged(at + 1)) {
      count += isBeforeJoin(packets, at) ? 0 : 1;
    }
    return count;
  }

  /** Joining files makes MPEG-TS mark one of the last packets before a key frame as damaged. */
  private static boolean isBeforeJoin(PacketTable packets, int packet) {
    int start = packets.nextStart(packet + 1);
    return packets.isDamaged(packet) && start >= 0 && start <= packet + BEFORE_JOIN;
  }

  private long at(int packet) {
    long[] before = times(packet - PacketTable.REORDERED, packet);
    long[] behind = times(packet, packet + PacketTable.REORDERED);
    long most = 0;
    for (long time : before) {
      int next = Arrays.binarySearch(behind, time);
      int later = Arrays.binarySearch(before, time + 1);
      next = next < 0 ? -next - 1 : next;
      later = later < 0 ? -later - 1 : later;
      boolean adjacent =
          next < behind.length && (later == before.length || before[later] > behind[next]);
      if (adjacent && behind[next] - time <= gap) {
        most = Math.max(most, behind[next] - time);
      }
    }
    return most > frame + frame / 2 ? Math.round(most / (double) frame) - 1 : 0;
  }

  private long[] times(int from, int to) {
    long[] times = new long[PacketTable.REORDERED];
    int count = 0;
    for (int i = Math.max(0, from); i < Math.min(to, packets.packets()); i++) {
      long time = packets.pts(i) == Timeline.MISSING ? packets.dts(i) : packets.pts(i);
      boolean shown = packets.isFrame(i) || packets.isRepeat(i);
      if (shown && time != Timeline.MISSING) {
        times[count++] = time;
      }
    }
    Arrays.sort(times, 0, count);
    return Arrays.copyOf(times, count);
  }
}
