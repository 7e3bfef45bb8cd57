package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;

import java.util.BitSet;
import org.bytedeco.ffmpeg.avcodec.AVPacket;

/**
 * Finds the first picture that can be decoded, in a file that does not begin with it: a capture
 * that starts between two key frames, or with pictures that need some from before the cut; and
 * whether times are those at which pictures are shown, where that is in doubt. Only decoding tells.
 */
final class FirstPicture {
  /**
   * Packets behind the first key frame by whose pictures one knows which of them can be decoded.
   */
  private static final int PACKETS = 40;

  private final int whole; // packet whose picture needs no other; -1 if there is none
  private final BitSet pictures = new BitSet(); // packets whose pictures can be decoded
  private boolean begun; // that picture came out: what is damaged behind it lacks none before it
  private int first = -1; // of them
  private int last = -1;
  private boolean reordered; // one came out after a picture of a later packet

  private FirstPicture(int whole) {
    this.whole = whole;
  }

  /** The timeline from the first picture on. May read from the start of the file. */
  static Timeline timeline(VideoSource source, TrackScan scan, DecodeLimits limits)
      throws UnusableVideoException, InterruptedException {
    PacketTable packets = scan.packets();
    TimelineBuilder builder = scan.timeline(source.container().format().mayJump());
    // MXF that FFmpeg writes gives B-frames of H.264 the times at which they are decoded, as does
    // what was copied out of containers that have no others.
    boolean doubtful = source.track().mayReorder() && packets.isInOrder();
    if (source.track().countsTicks() && packets.standsStill()) {
      builder.distrust(); // behind a file of MXF that another follows
    }
    if (packets.beginsWithItsFirstFrame() && !doubtful) {
      Timeline timeline = builder.build();
      boolean mended = source.track().mayReorder() && packets.hasMendedTimes();
      return mended && OutputOrder.contradicts(source, timeline, limits)
          ? timeline.countedOut()
          : timeline;
    }
    boolean any = packets.starts() > 0;
    int start = any ? packets.start(0) : 0;
    // H.264 may begin with an intra picture that is no seek point, which FFmpeg decodes from.
    int from = source.track().codecId() == AV_CODEC_ID_H264 ? 0 : start;
    FirstPicture found = new FirstPicture(any && packets.exact(0) == start ? start : -1);
    found.find(source, from, start + PACKETS, limits);
    if (found.first < 0) {
      return builder.build(start, 0, start);
    }
    if (doubtful && found.reordered) {
      builder.countOut();
    }
    int begin = Math.min(start, found.first);
    int undecodable = Math.max(0, found.pictures.nextSetBit(begin + 1) - begin - 1);
    boolean refreshed = any && packets.exact(0) != start && found.first >= start;
    return builder.build(begin, undecodable, refreshed ? packets.exact(0) : found.first);
  }

  private void find(VideoSource source, int from, int to, DecodeLimits limits)
      throws UnusableVideoException, InterruptedException {
    source.restart();
    try (Codec codec = Codec.open(source.track(), limits)) {
      for (int i = 0; i < to && source.next(); i++) {
        AVPacket packet = source.packet();
        if (i >= from && source.track().hasPicture(packet)) {
          packet.pts(i);
          packet.dts(Timeline.MISSING);
          codec.send(packet);
          receive(codec);
        }
      }
      codec.drain();
      receive(codec);
    }
  }

  private void receive(Codec codec) {
    while (codec.receiveNext()) {
      long packet = codec.frame().pts();
      begun |= packet >= 0 && packet == whole;
      if ((begun || !codec.damaged()) && packet >= 0) {
        first = first < 0 ? (int) packet : first;
        reordered |= packet < last;
        last = (int) packet;
        pictures.set((int) packet);
      }
    }
  }
}
