package io.clipstream.model.clip;

import java.io.IOException;
import java.util.Arrays;

/**
 * The packets of an MPEG transport stream that carry one elementary stream (ISO/IEC 13818-1,
 * 2.4.3). FFmpeg tells of a jump of their counters, but not whether data of a picture is lost there
 * or files were joined, and of nothing else. Reads headers, no media.
 */
final class TransportPackets {
  private static final int[] SIZES = {188, 192, 204}; // alone, with a time before, with parity
  private static final int SYNC = 0x47;

  private static final int NULL_PACKETS = 0x1fff;
  private static final byte NONE = -1;

  private static final int STEPS = 1024; // from one look at the deadline to the next

  /**
   * Jumps of the counters of a stream, and the like.
   *
   * @param lost at how many places its data is lost or damaged
   * @param all these, and where files were joined
   */
  record Jumps(int lost, int all) {
    static final Jumps NONE = new Jumps(0, 0);
  }

  private final FileBytes file;
  private final int size;
  private final long first; // where the first sync byte is

  private TransportPackets(FileBytes file, int size, long first) {
    this.file = file;
    this.size = size;
    this.first = first;
  }

  /** Of a file; of no packets if it does not begin with any. */
  static TransportPackets of(FileBytes file) throws IOException {
    for (int size : SIZES) {
      for (int first = 0; first < size; first++) {
        boolean aligned = true;
        for (int i = 0; i < 4; i++) {
          aligned &= file.u8(first + (long) i * size) == SYNC;
        }
        if (aligned) {
          return new TransportPackets(file, size, first);
        }
      }
    }
    return new TransportPackets(file, SIZES[0], file.size());
  }

  /** Where the file would end if its last packet was whole; 0 if it is, or is none. */
  long statedEnd() throws IOException {
    long whole = file.size() - (file.size() - first) % size;
    boolean still = first < file.size() && file.u8(whole - size) == SYNC;
    long stated = whole + size - (size == 192 ? 4 : 0);
    return still && whole < file.size() && file.u8(whole) == SYNC ? stated : 0;
  }

  /**
   * Where data of a stream is lost or damaged its counters jump, a PES packet does not begin as
   * one, or a packet is marked. Where files were joined counters jump, too, but only where a PES
   * packet begins, and those of other streams with them, or there is a table of programs before it
   * and more than one packet would be lost; zeros may be between.
   *
   * @param pid of the stream
   */
  Jumps jumps(int pid) throws IOException, UnusableVideoException, InterruptedException {
    int lost = 0;
    int atBegin = 0; // jumps where a PES packet begins
    int all = 0;
    boolean joined = false;
    boolean skipped = false; // bytes that were packets, since the stream's last one
    boolean programs = false; // a table of them is there since then
    byte[] last = new byte[1 << 13]; // counters, by stream
    Arrays.fill(last, NONE);
    int steps = 0;
    for (long at = first; at + 188 <= file.size(); ) {
      if (steps++ % STEPS == 0) {
        Deadline.check();
      }
      if (file.u8(at) != SYNC) {
        at = next(at + 1);
        skipped |= !beginsFile(at);
        continue;
      }
      Packet packet = new Packet(file, at + 4, (int) file.big(at + 1, 3));
      at += size;
      int before = last[packet.stream()];
      if (packet.hasPayload() || packet.announcesJump()) {
        last[packet.stream()] = (byte) packet.counter();
      }
      if (!packet.hasPayload() || packet.stream() == NULL_PACKETS) {
        continue;
      }
      int step = before == NONE ? 1 : packet.counter() - before & 15;
      if (packet.stream() != pid) {
        joined |= packet.announcesJump() || step != 1;
        programs |= packet.stream() == 0;
        continue;
      }
      boolean damaged = packet.isMarked() || packet.isNoPes();
      // It may be sent twice, or begin a file of one such packet: then it does not step.
      boolean jumps = step > 1 && !packet.announcesJump();
      all += damaged || step != 1 ? 1 : 0;
      if (damaged || jumps && (skipped || !packet.beginsPes())) {
        lost++;
      } else if (jumps && (step == 2 || !programs)) {
        atBegin++;
      }
      skipped = false;
      programs = false;
    }
    return new Jumps(joined ? lost : lost + atBegin, all);
  }

  /**
   * The header of a packet.
   *
   * @param body behind it
   * @param bits those behind the sync byte
   */
  private record Packet(FileBytes file, long body, int bits) {
    boolean isMarked() {
      return (bits & 0x800000) != 0;
    }

    boolean beginsPes() {
      return (bits & 0x400000) != 0;
    }

    int stream() {
      return bits >> 8 & 0x1fff;
    }

    boolean hasPayload() {
      return (bits & 0x10) != 0;
    }

    int counter() {
      return bits & 15;
    }

    /** Bytes of its adaptation field. */
    private int adaptation() throws IOException {
      return (bits & 0x20) != 0 ? 1 + file.u8(body) : 0;
    }

    /** Whether counters may jump here: its discontinuity_indicator. */
    boolean announcesJump() throws IOException {
      return adaptation() > 1 && (file.u8(body + 1) & 0x80) != 0;
    }

    /** Whether a PES packet would have to begin here and does not; false if there is no telling. */
    boolean isNoPes() throws IOException {
      return beginsPes() && adaptation() < 181 && file.big(body + adaptation(), 3) != 1;
    }
  }

  /** Whether another file may begin at a packet: with tables of programs or services. */
  private boolean beginsFile(long at) throws IOException {
    int pid = (int) file.big(at + 1, 2) & 0x1fff;
    return pid == 0 || pid == 0x11;
  }

  /** Where two packets in a row begin, from a place on; the end of the file if nowhere. */
  private long next(long from) throws IOException, UnusableVideoException, InterruptedException {
    for (long at = from; at + 188 <= file.size(); at++) {
      if ((at & 0xffff) == 0) {
        Deadline.check();
      }
      boolean last = at + size >= file.size();
      if (file.u8(at) == SYNC && (last || file.u8(at + size) == SYNC)) {
        return at;
      }
    }
    return file.size();
  }
}
