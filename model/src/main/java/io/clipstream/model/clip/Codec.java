package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AVDISCARD_DEFAULT;
import static org.bytedeco.ffmpeg.global.avcodec.AVDISCARD_NONREF;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_decoder;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_flush_buffers;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_to_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_frame;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_packet;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EAGAIN;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_unref;

import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * A decoder of FFmpeg's, for the pictures of one track. Owns the context and the frame. One thread,
 * and no other thread beside it.
 *
 * <p>{@link #open} is the only place where decoders come from, {@link #close} where they go.
 */
final class Codec implements AutoCloseable {
  // Macros of libavutil/frame.h that the Java presets leave out.
  private static final int AV_FRAME_FLAG_CORRUPT = 1;
  private static final int AV_FRAME_FLAG_INTERLACED = 1 << 3;

  /** What {@link #receive} found. */
  enum Received {
    FRAME,
    /** There is no frame until more packets were sent. */
    NONE,
    /** A picture that cannot be decoded. */
    ERROR
  }

  private final AVCodecContext context;
  private final AVFrame frame = av_frame_alloc();
  private boolean used;

  private Codec(AVCodecContext context) {
    this.context = context;
  }

  /**
   * A new decoder for a track.
   *
   * @throws UnusableVideoException if there is none for its codec, or it refuses the track
   */
  static Codec open(VideoTrack track, DecodeLimits limits) throws UnusableVideoException {
    AVCodec codec = find(track);
    AVCodecContext context = avcodec_alloc_context3(codec);
    int error = avcodec_parameters_to_context(context, track.parameters());
    context.thread_count(1);
    context.max_pixels(limits.maxPicturePixels());
    context.pkt_timebase(track.timeBase());
    if (error >= 0) {
      error = avcodec_open2(context, codec, (AVDictionary) null);
    }
    if (error < 0) {
      avcodec_free_context(context);
      throw new UnusableVideoException(
          DecodeReason.CORRUPT,
          "its " + track.codecName() + " stream cannot be opened: " + Ffmpeg.message(error));
    }
    return new Codec(context);
  }

  /**
   * FFmpeg's decoder for a track.
   *
   * @throws UnusableVideoException if there is none
   */
  static AVCodec find(VideoTrack track) throws UnusableVideoException {
    AVCodec codec = avcodec_find_decoder(track.codecId());
    if (codec == null) {
      throw new UnusableVideoException(
          DecodeReason.UNSUPPORTED_CODEC, "there is no decoder for its codec" + track.named());
    }
    return codec;
  }

  /**
   * Gives a packet to the decoder.
   *
   * @param needed false if its picture may be skipped where no other picture needs it
   * @return false if the decoder refuses it
   */
  boolean send(AVPacket packet, boolean needed) {
    used = true;
    context.skip_frame(needed ? AVDISCARD_DEFAULT : AVDISCARD_NONREF);
    int error = avcodec_send_packet(context, packet);
    return error >= 0 || error == AVERROR_EAGAIN();
  }

  /** Whether it was given a packet. */
  boolean isUsed() {
    return used;
  }

  /** Says that no more packets come, so that the pictures which it still holds come out. */
  void drain() {
    avcodec_send_packet(context, null);
  }

  /** Fetches the next picture, which {@link #frame()} is until {@link #release()}. */
  Received receive() {
    int error = avcodec_receive_frame(context, frame);
    if (error == AVERROR_EAGAIN() || error == AVERROR_EOF) {
      return Received.NONE;
    }
    return error < 0 ? Received.ERROR : Received.FRAME;
  }

  AVFrame frame() {
    return frame;
  }

  void release() {
    av_frame_unref(frame);
  }

  /** Whether the decoder found the frame damaged. */
  boolean damaged() {
    return (frame.flags() & AV_FRAME_FLAG_CORRUPT) != 0 || frame.decode_error_flags() != 0;
  }

  /** Whether the frame was put together from two fields. */
  boolean interlaced() {
    return (frame.flags() & AV_FRAME_FLAG_INTERLACED) != 0;
  }

  /** Forgets what came before, to begin at a key frame. */
  void flush() {
    avcodec_flush_buffers(context);
  }

  @Override
  public void close() {
    av_frame_free(frame);
    avcodec_free_context(context);
  }
}
