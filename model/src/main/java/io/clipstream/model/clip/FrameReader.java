package io.clipstream.model.clip;

import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Decodes the frames of a plan from an open source, in the order in which they are shown: from the
 * key frame before each wanted span on, without the pictures that neither a clip nor another
 * picture needs. Owns the codec. One thread.
 */
final class FrameReader implements AutoCloseable {
  /** Reading through fewer packets than this is cheaper than a seek. */
  private static final int SEEK_FRAMES = 64;

  private final VideoSource source;
  private final Timeline timeline;
  private final FramePlan plan;
  private final ClipAssembly clips;
  private final Losses losses;
  private final DecodeLimits limits;
  private final Codecs codecs;
  private final Scaler scaler;
  private final boolean intraOnly; // every picture stands alone
  private final boolean ordered;

  private Codec codec;
  private boolean seekable; // whether decoding may start at packets other than the first
  private boolean justSought; // nothing of use came out since the last seek
  private boolean held; // the packet that was read last is not sent yet
  private int packet; // number of the next packet to send
  private int exact; // first frame that is right, after where decoding started
  private int newest = -1; // last frame that came out
  private int timed = Timeline.HIDDEN; // its number by its time alone
  private int lastTaken = -1; // last packet whose picture was taken
  private int sent;
  private int decoded;
  private Orientation turned = Orientation.UPRIGHT; // as the pictures say
  private ShownPicture first;

  /**
   * @param ordered whether to throw {@link OutputOrder.Contradicted} where a wanted picture does
   *     not come before a later one and nothing else is wrong; that one takes its place otherwise
   */
  FrameReader(
      VideoSource source,
      Timeline timeline,
      FramePlan plan,
      ClipAssembly clips,
      Losses losses,
      Codecs codecs,
      Scaler scaler,
      DecodeLimits limits,
      boolean ordered) {
    this.source = source;
    this.timeline = timeline;
    this.plan = plan;
    this.clips = clips;
    this.losses = losses;
    this.codecs = codecs;
    this.scaler = scaler;
    this.limits = limits;
    this.ordered = ordered && !timeline.counted();
    this.seekable = !source.track().firstPacketTells();
    this.intraOnly = source.track().intraOnly() && timeline.allKeys();
  }

  /** Packets that the codec was given. */
  int sent() {
    return sent;
  }

  /** Frames that came out of the codec, wanted or not. */
  int decoded() {
    return decoded;
  }

  /** The first wanted picture; null if none came. */
  ShownPicture first() {
    return first;
  }

  /** Fills the clips, as far as frames come. */
  void read() throws UnusableVideoException, InterruptedException {
    codec = codecs.lease(source.track());
    Timeline.Start start = seekable ? timeline.startFor(clips.wanted()) : null;
    if (start == null || !seek(start)) {
      startOver();
    }
    while (!clips.full()) {
      skipAhead();
      if (held || source.next()) {
        held = false;
        send();
      } else {
        boolean sought = seekable;
        codec.drain();
        receive();
        if (clips.full() || (seekable == sought && !justSought)) {
          break;
        }
        if (justSought) {
          startOver(); // nothing at all came after the seek
        }
      }
    }
    takeHeld();
    clips.finish(scaler, losses);
    codec.done();
  }

  /** Jumps over frames that nobody wants, if decoding can start well beyond them. */
  private void skipAhead() throws UnusableVideoException, InterruptedException {
    int next = clips.wanted();
    if (!seekable || next <= newest + SEEK_FRAMES) {
      return;
    }
    Timeline.Start start = timeline.startFor(next);
    if (start != null && timeline.number(start.packet()) > newest + SEEK_FRAMES) {
      takeHeld();
      codec.flush();
      if (!seek(start)) {
        startOver();
      }
    }
  }

  /** Goes to a packet that decoding may start with; false if it cannot be found again. */
  private boolean seek(Timeline.Start start) throws UnusableVideoException, InterruptedException {
    if (start.primer() != null) {
      if (!source.find(start.primer())) {
        return false;
      }
      source.packet().pts(Timeline.HIDDEN);
      codec.send(source.packet());
    }
    held = source.find(start);
    packet = start.packet();
    exact = start.frame();
    newest = timeline.number(packet) - 1;
    timed = Timeline.HIDDEN;
    justSought = true;
    return held;
  }

  /** Decodes from the first packet of the file on. */
  private void startOver() throws UnusableVideoException, InterruptedException {
    seekable = false;
    justSought = false;
    held = false;
    source.restart();
    if (codec.isUsed()) {
      closeCodec();
      codec = codecs.lease(source.track());
    }
    packet = 0;
    exact = 0;
    newest = -1;
    timed = Timeline.HIDDEN;
    turned = Orientation.UPRIGHT;
  }

  private void send() throws UnusableVideoException, InterruptedException {
    AVPacket next = source.packet();
    int number = packet++;
    if (number < timeline.firstPacket() || !source.track().hasPicture(next)) {
      return;
    }
    boolean needed = true;
    if (!timeline.counted()) {
      int frame = timeline.number(number);
      needed = frame == Timeline.HIDDEN || plan.wants(frame, timeline.lastTied(frame));
      next.pts(frame);
      next.dts(Timeline.MISSING);
    }
    if (intraOnly && !needed) {
      return;
    }
    sent++;
    boolean sound = source.isSound();
    if (!codec.send(next, needed, sound)) {
      losses.packetRefused();
    } else if (!sound && !timeline.counted() && timeline.number(number) == Timeline.HIDDEN) {
      losses.frameDamaged(); // it does not come out, but others refer to it
    }
    receive();
  }

  private void receive() throws UnusableVideoException, InterruptedException {
    while (!clips.full()) {
      Codec.Received received = codec.receive();
      if (received == Codec.Received.NONE) {
        return;
      }
      Deadline.check();
      if (received == Codec.Received.ERROR) {
        losses.packetRefused();
        continue; // a packet may hold more
      }
      decoded++;
      int number = number();
      newest = Math.max(newest, number);
      turned = VideoTrack.turned(codec.frame(), turned);
      if (number >= exact) {
        if (justSought && number > clips.wanted()) {
          startOver(); // the container's key frames or its seeking are wrong
          return;
        }
        justSought = false;
        if (codec.damaged()) {
          losses.frameDamaged();
        }
        take(number);
      }
      codec.release();
    }
  }

  /**
   * Takes out the pictures that the codec has decoded and not given out. Taken ones that were sent
   * after them may refer to them, though they are shown before, so their damage is theirs, too.
   */
  private void takeHeld() {
    codec.drain();
    while (codec.receiveNext()) {
      if (codec.damaged() && (timeline.counted() || packetOf(number()) < lastTaken)) {
        losses.frameDamaged();
      }
      codec.release();
    }
    lastTaken = -1;
  }

  /** Which of the packets that were sent last has a frame; -1 if none. */
  private int packetOf(int frame) {
    for (int i = packet - 1; i >= Math.max(0, packet - 2 * PacketTable.REORDERED); i--) {
      if (timeline.number(i) == frame) {
        return i;
      }
    }
    return -1;
  }

  /** Fills every place that wants this picture, or wanted an earlier one that never came. */
  private void take(int number) throws UnusableVideoException, InterruptedException {
    if (number < clips.wanted()) {
      return;
    }
    AVFrame frame = codec.frame();
    limits.checkPicture(frame.width(), frame.height());
    source.track().crop(frame);
    ShownPicture picture = source.track().shown(frame, turned);
    scaler.scale(frame, picture.pixelAspect(), picture.orientation());
    if (first == null) {
      first = picture;
    }
    if (!timeline.counted()) {
      lastTaken = Math.max(lastTaken, packetOf(number));
    }
    boolean interlaced = codec.interlaced();
    while (!clips.full() && clips.wanted() <= number) {
      // The second field of an interlaced picture may have a time but is no picture of its own.
      if (clips.wanted() < number && !interlaced) {
        if (ordered && !losses.any()) {
          throw new OutputOrder.Contradicted();
        }
        losses.frameMissed();
      }
      clips.fill(scaler);
    }
  }

  private int number() {
    if (timeline.counted()) {
      return newest + 1;
    }
    AVFrame frame = codec.frame();
    long time = frame.pts() != Timeline.MISSING ? frame.pts() : frame.best_effort_timestamp();
    if (time == Timeline.MISSING) {
      return newest + 1;
    }
    boolean again = time == timed && newest < timeline.lastTied((int) time);
    timed = (int) time;
    return again ? newest + 1 : timed;
  }

  @Override
  public void close() {
    if (codec != null) {
      closeCodec();
    }
  }

  /** Once nothing reads its pictures any more: a decoder on a GPU takes them with it. */
  private void closeCodec() {
    try {
      scaler.await();
    } finally {
      codec.close();
    }
  }
}
