package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_CORRUPT;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_DISCARD;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.bytedeco.ffmpeg.avcodec.AVPacket;

/**
 * Collects the packets of one video track: their times, and which of them decoding may start with.
 */
final class TrackScan {
  /**
   * A recovery point whose pictures are not right yet: reference pictures that are still to come.
   */
  private static final class Recovering {
    final int packet;
    final long position;
    final int size;
    int left;

    Recovering(int packet, long position, int size, int left) {
      this.packet = packet;
      this.position = position;
      this.size = size;
      this.left = left;
    }
  }

  private static final int MOST_RECOVERING = 16;

  /** Packets of fewer bytes may have no picture in them. */
  private static final int SMALL = 64;

  /** A longer step in time is a gap in the recording, not damage. */
  private static final double LONGEST_SECONDS = 10;

  private final VideoTrack track;
  private final SeekPoints seekPoints;
  private final SliceData slices;
  private final PacketTable packets = new PacketTable();
  private final ArrayDeque<Recovering> recovering = new ArrayDeque<>();
  private int hidden;
  private int dropped;
  private int noKeys; // packets that only the container takes for key frames
  private long latest = Timeline.MISSING; // time of decoding
  private boolean checksums;
  private long end;
  private boolean turned; // a packet that decoding may start with says how
  private JpegHeader jpeg; // of the last picture of Motion JPEG that says its size

  TrackScan(VideoTrack track) {
    this.track = track;
    this.seekPoints = new SeekPoints(track.codecId(), track.header());
    this.slices = new SliceData(track, false);
  }

  VideoTrack track() {
    return track;
  }

  PacketTable packets() {
    return packets;
  }

  /** The byte of the file at which the last packet ends. */
  long end() {
    return end;
  }

  /** Packets that show no picture. */
  int hidden() {
    return hidden;
  }

  /**
   * Packets that FFmpeg keeps from being shown as their times jump back: where a fragment of MP4
   * begins the clock anew. What an edit list cuts away goes on in time.
   */
  int dropped() {
    return dropped;
  }

  /** Whether the codec's slices have checksums behind them. */
  boolean hasChecksums() {
    return checksums;
  }

  void add(AVPacket packet) {
    PacketTable.Shows shows = track.shows(packet);
    boolean key = (packet.flags() & AV_PKT_FLAG_KEY) != 0;
    boolean small = packet.size() < SMALL;
    boolean broken = (packet.flags() & AV_PKT_FLAG_CORRUPT) != 0 || track.isCutOff(packet);
    if (packet.size() > 0 && (small || key || !recovering.isEmpty())) {
      ByteBuffer bytes = packet.data().capacity(packet.size()).asByteBuffer();
      if (small && !seekPoints.hasPicture(bytes)) {
        shows = PacketTable.Shows.NOTHING;
      }
      int recovery = key ? seekPoints.recovery(bytes) : SeekPoints.NEVER;
      findStarts(bytes, packet.pos(), recovery);
      // Else the pictures up to the next one would be taken for those of a cut before this one.
      boolean none = key && recovery == SeekPoints.NEVER && !slices.isSound(packet);
      noKeys += none ? 1 : 0;
      broken |= none;
    }
    hidden += shows == PacketTable.Shows.FRAME ? 0 : 1;
    boolean discarded = (packet.flags() & AV_PKT_FLAG_DISCARD) != 0;
    dropped += discarded && packet.dts() != Timeline.MISSING && packet.dts() < latest ? 1 : 0;
    latest = Math.max(latest, packet.dts());
    end = packet.pos() + packet.size();
    packets.add(packet.pts(), packet.dts(), packet.duration(), shows, key, broken);
    if (track.bringsHeader(packet) || changesSize(packet)) {
      packets.inOrderOnly();
    }
    if (!checksums && packet.size() > 0 && track.mayHaveChecksums()) {
      checksums = SliceChecksums.agree(packet); // as those that have none do not by chance
    }
  }

  /**
   * Whether a picture of Motion JPEG has another size than those before it. FFmpeg takes one that
   * is lower than the last for a field of that, if it is the first one to be decoded.
   */
  private boolean changesSize(AVPacket packet) {
    if (!track.isJpeg() || packet.size() == 0) {
      return false;
    }
    JpegHeader now = JpegHeader.of(packet.data().capacity(packet.size()).asByteBuffer());
    if (now.width() == 0 && now.height() == 0) {
      return false; // it does not say
    }
    boolean changes =
        jpeg != null && (now.width() != jpeg.width() || now.height() != jpeg.height());
    jpeg = now;
    return changes;
  }

  private void findStarts(ByteBuffer bytes, long position, int recovery) {
    int number = packets.packets();
    if (recovery == 0) {
      // How pictures are turned may be said once, before the first one.
      boolean turns = seekPoints.turns(bytes);
      turned |= turns;
      if (turned && !turns) {
        packets.inOrderOnly();
      }
      recovering.clear(); // an earlier one is of no use any more
      packets.startsAt(number, number, position, bytes.limit());
      return;
    }
    if (recovery > 0 && recovering.size() < MOST_RECOVERING) {
      recovering.add(new Recovering(number, position, bytes.limit(), recovery * track.fields()));
    }
    Recovering right = null;
    for (Recovering point : recovering) {
      right = point.left <= 0 ? point : right;
    }
    if (right != null) {
      packets.startsAt(right.packet, number, right.position, right.size);
      Recovering last = right;
      recovering.removeIf(point -> point.packet <= last.packet);
    }
    if (!recovering.isEmpty() && seekPoints.isReference(bytes)) {
      recovering.forEach(point -> point.left--);
    }
  }

  /** Something of the file was skipped right before the next packet. */
  void skipped() {
    packets.skipped();
  }

  /** Frames that are missing where the container skipped data or marks packets as damaged. */
  long lost() {
    double frame = 1 / (track.headerRate() * track.tickSeconds());
    if (!(frame >= 1 && frame < 1L << 40)) {
      return 0;
    }
    long gap = (long) (LONGEST_SECONDS / track.tickSeconds());
    return new LostFrames(packets, Math.round(frame), gap).count();
  }

  /**
   * Damaged packets of MPEG-TS, without those marked where files were joined. Where no counter
   * jumps, a mark but that of the last one is of a length that the muxer stated wrongly.
   */
  int damaged(boolean jumps) {
    int last = packets.isDamaged(packets.packets() - 1) ? 1 : 0;
    return jumps ? LostFrames.damaged(packets) : noKeys + last;
  }

  /**
   * When the frames are shown; after the last packet.
   *
   * @param mayJump the container is one in which times may jump
   */
  TimelineBuilder timeline(boolean mayJump) {
    if (packets.allKeys() && seekPoints.areByContainer() && !track.intraOnly()) {
      packets.startsAtFirstOnly(); // a mark that every packet has says nothing: H.261
    }
    return new TimelineBuilder(
        packets, track.tickSeconds(), track.headerRate(), mayJump, track.statedEnd());
  }
}
