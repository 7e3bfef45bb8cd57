package io.clipstream.model.clip;

import java.util.Arrays;
import java.util.BitSet;

/**
 * When each frame of a video is shown, and which packet of the file holds it; made by {@link
 * TimelineBuilder}. Pure.
 *
 * <p>Frames are numbered in the order of presentation, packets in that of the file. Frames that
 * have the same time stamp are frames of their own; which of them a packet holds is known only when
 * it is decoded, so {@link #number} gives the first of them.
 */
final class Timeline {
  /** FFmpeg's {@code AV_NOPTS_VALUE}. */
  static final long MISSING = Long.MIN_VALUE;

  /** Number of a packet that shows no frame. */
  static final int HIDDEN = -1;

  /**
   * A packet that decoding may start with.
   *
   * @param packet its number
   * @param pts when it is shown, in the file's own time
   * @param dts when it is decoded, or MISSING
   * @param position where in the file it is, negative if the container does not say
   * @param size its bytes
   * @param frame the first frame that is right if decoding starts here, as are all after it
   * @param primer a key frame to decode before it, null if that is not needed: at a recovery point,
   *     FFmpeg's H.264 decoder gives garbage for good where it has no picture to refer to
   */
  record Start(int packet, long pts, long dts, long position, int size, int frame, Start primer) {
    /**
     * Whether a packet is this one. Its time alone does not tell: some containers give packets
     * other times after a seek.
     */
    boolean is(long time, long at, int bytes) {
      return time == pts && bytes == size && (at < 0 || position < 0 || at == position);
    }

    /** The time to seek by where containers are searched by times of decoding. */
    long decodedAt() {
      return dts == MISSING ? pts : dts;
    }
  }

  private final double[] seconds;
  private final double endSeconds;
  private final int[] numbers; // by packet; null if frames are counted as they come out
  private final BitSet tied; // frames that share the time of the one before
  private final int firstPacket;
  private final Start[] starts; // ascending in packet and frame; empty where seeking is of no use
  private final boolean allKeys;
  private final String remark;

  Timeline(
      double[] seconds,
      double endSeconds,
      int[] numbers,
      BitSet tied,
      int firstPacket,
      Start[] starts,
      boolean allKeys,
      String remark) {
    this.seconds = seconds;
    this.endSeconds = endSeconds;
    this.numbers = numbers;
    this.tied = tied;
    this.firstPacket = firstPacket;
    this.starts = starts;
    this.allKeys = allKeys;
    this.remark = remark;
  }

  /** The same times, for frames that are counted as they come out. */
  Timeline countedOut() {
    return new Timeline(
        seconds, endSeconds, null, new BitSet(), firstPacket, new Start[0], false, remark);
  }

  int frames() {
    return seconds.length;
  }

  /** Presentation times from the first frame, strictly ascending. */
  double[] seconds() {
    return seconds;
  }

  /** When the last frame ends, later than its time. */
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

  /**
   * Whether times are missing or senseless: then frames have to be counted as they come out,
   * decoded from the file's start.
   */
  boolean counted() {
    return numbers == null;
  }

  /** The packet that decoding of the whole has to start with; those before it are of no use. */
  int firstPacket() {
    return firstPacket;
  }

  /** The frame that a packet holds, or the first with its time, or HIDDEN; not if counted. */
  int number(int packet) {
    return packet < numbers.length ? numbers[packet] : HIDDEN;
  }

  /** The last frame with the same time stamp as a frame. */
  int lastTied(int frame) {
    return tied.nextClearBit(frame + 1) - 1;
  }

  /** The nearest packet to start from for a frame; null if it has to be the first of all. */
  Start startFor(int frame) {
    int low = 0;
    int high = starts.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (starts[middle].frame() <= frame) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return high < 0 ? null : starts[high];
  }

  /** Whether the container marks every packet as a key frame, and each can be decoded alone. */
  boolean allKeys() {
    return allKeys;
  }

  /** One line that says how the file's times were mended; empty if they were not. */
  String remark() {
    return remark;
  }
}
