package io.clipstream.model.clip;

import org.bytedeco.ffmpeg.avcodec.AVPacket;

/**
 * Whether pictures can be told by the order in which a decoder gives them, where that is not the
 * order of their times: muxers and joined files give B-frames times of their neighbours.
 */
final class OutputOrder {
  /** A picture did not come out before one that has a later time. */
  static final class Contradicted extends RuntimeException {
    private static final long serialVersionUID = 1;

    Contradicted() {
      super("a picture does not come before one of a later time", null, false, false);
    }
  }

  private int pictures;
  private long last = Timeline.HIDDEN;
  private boolean backwards;
  private boolean failed;

  private OutputOrder() {}

  /** Whether every frame comes out, and nothing else. Reads the whole file. */
  static boolean isComplete(VideoSource source, Timeline timeline, DecodeLimits limits)
      throws UnusableVideoException, InterruptedException {
    return of(source, timeline, limits).isComplete(timeline);
  }

  /** Whether they do so in another order than that of their times. Reads the whole file. */
  static boolean contradicts(VideoSource source, Timeline timeline, DecodeLimits limits)
      throws UnusableVideoException, InterruptedException {
    if (timeline.counted()) {
      return false;
    }
    OutputOrder order = of(source, timeline, limits);
    return order.backwards && order.isComplete(timeline);
  }

  private static OutputOrder of(VideoSource source, Timeline timeline, DecodeLimits limits)
      throws UnusableVideoException, InterruptedException {
    OutputOrder order = new OutputOrder();
    source.restart();
    try (Codec codec = Codec.open(source.track(), limits)) {
      for (int number = 0; !order.failed && source.next(); number++) {
        AVPacket packet = source.packet();
        if (number >= timeline.firstPacket() && source.track().hasPicture(packet)) {
          packet.pts(timeline.number(number));
          packet.dts(Timeline.MISSING);
          order.failed = !codec.send(packet);
          order.receive(codec);
        }
      }
      codec.drain();
      order.receive(codec);
    }
    return order;
  }

  private void receive(Codec codec) {
    Codec.Received received;
    while ((received = codec.receive()) == Codec.Received.FRAME) {
      long number = codec.frame().pts();
      backwards |= number < last;
      last = number;
      pictures++;
      codec.release();
    }
    failed |= received == Codec.Received.ERROR;
  }

  private boolean isComplete(Timeline timeline) {
    return pictures == timeline.frames() && !failed;
  }
}
