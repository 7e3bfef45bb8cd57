package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AVDISCARD_DEFAULT;
import static org.bytedeco.ffmpeg.global.avcodec.AVDISCARD_NONREF;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_COPY_OPAQUE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_UNALIGNED;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MJPEG;
import static org.bytedeco.ffmpeg.global.avcodec.AV_EF_EXPLODE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_NEW_EXTRADATA;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_new_side_data;
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
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_INVALIDDATA;
import static org.bytedeco.ffmpeg.global.avutil.av_buffer_ref;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_unref;

import java.util.function.Consumer;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVBufferRef;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.BytePointer;

/**
 * A decoder of FFmpeg's, for the pictures of one track. Owns the context and the frame. One thread,
 * and no other thread beside it.
 *
 * <p>A new one comes from {@link #open} and ends with {@link #close}; one of a {@link CodecPool}
 * goes back there.
 */
final class Codec implements AutoCloseable {
  // Macros of libavutil/frame.h that the Java presets leave out.
  private static final int AV_FRAME_FLAG_CORRUPT = 1;
  private static final int AV_FRAME_FLAG_INTERLACED = 1 << 3;

  /** A decoder that gives more of them, and no picture, gives them for ever. */
  private static final int MOST_ERRORS = 100;

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
  private final Consumer<Codec> end;
  private byte[] header; // of another video than the last, for the first packet; null if sent
  private final boolean strict; // says once that a picture is damaged, and then decodes it
  private boolean told; // that the picture of the last packet is
  private boolean used;
  private boolean failed;
  private boolean done;
  private boolean closed;

  /**
   * @param header for the decoder to learn before the first packet; null if it knows it
   * @param end takes this when it is closed, and frees or keeps the context
   */
  Codec(AVCodecContext context, byte[] header, Consumer<Codec> end) {
    this.context = context;
    this.header = header == null || header.length == 0 ? null : header;
    this.end = end;
    // FFmpeg shows damaged ones of Motion JPEG, and tells nobody unless damage is to be an error.
    // As each stands alone, it can be given to the decoder once more.
    this.strict = context.codec_id() == AV_CODEC_ID_MJPEG;
    if (strict) {
      context.err_recognition(context.err_recognition() | AV_EF_EXPLODE);
    }
  }

  /**
   * A new decoder for a track.
   *
   * @throws UnusableVideoException if there is none for its codec, or it refuses the track
   */
  static Codec open(VideoTrack track, DecodeLimits limits) throws UnusableVideoException {
    return new Codec(openContext(track, limits, null), null, Codec::free);
  }

  /**
   * The same without what is around it, to be freed by the caller.
   *
   * @param device of FFmpeg's that decodes, if it can; null: the CPU
   */
  static AVCodecContext openContext(VideoTrack track, DecodeLimits limits, AVBufferRef device)
      throws UnusableVideoException {
    AVCodec codec = find(track);
    AVCodecContext context = avcodec_alloc_context3(codec);
    int error = avcodec_parameters_to_context(context, track.parameters());
    context.thread_count(1);
    // Else what is to be cut off on the left stays, up to where memory is aligned.
    context.flags(context.flags() | AV_CODEC_FLAG_UNALIGNED | AV_CODEC_FLAG_COPY_OPAQUE);
    context.max_pixels(limits.maxPicturePixels());
    context.pkt_timebase(track.timeBase());
    if (device != null) {
      context.hw_device_ctx(av_buffer_ref(device));
    }
    if (error >= 0) {
      error = avcodec_open2(context, codec, (AVDictionary) null);
    }
    if (error < 0) {
      avcodec_free_context(context);
      throw new UnusableVideoException(
          DecodeReason.CORRUPT,
          "its " + track.codecName() + " stream cannot be opened: " + Ffmpeg.message(error));
    }
    return context;
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

  /** Gives a packet to the decoder, as {@link #send(AVPacket, boolean, boolean)}. */
  boolean send(AVPacket packet) {
    return send(packet, true, true);
  }

  /**
   * Gives a packet to the decoder.
   *
   * @param needed false if its picture may be skipped where no other picture needs it
   * @param sound false if its picture is damaged, whatever the decoder says
   * @return false if the decoder refuses it
   */
  boolean send(AVPacket packet, boolean needed, boolean sound) {
    used = true;
    packet.opaque(sound ? null : packet); // comes out with the picture
    if (header != null) {
      BytePointer data = av_packet_new_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, header.length);
      data.capacity(header.length).put(header);
      header = null;
    }
    context.skip_frame(needed ? AVDISCARD_DEFAULT : AVDISCARD_NONREF);
    int error = avcodec_send_packet(context, packet);
    told = strict && error == AVERROR_INVALIDDATA;
    if (told) {
      context.err_recognition(context.err_recognition() & ~AV_EF_EXPLODE);
      error = avcodec_send_packet(context, packet);
      context.err_recognition(context.err_recognition() | AV_EF_EXPLODE);
    }
    boolean taken = error >= 0 || error == AVERROR_EAGAIN();
    failed |= !taken;
    return taken;
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
    failed |= error < 0;
    return error < 0 ? Received.ERROR : Received.FRAME;
  }

  /**
   * As {@link #receive}, for the pictures behind one that cannot be decoded, too.
   *
   * @return false if there is no frame until more packets were sent
   */
  boolean receiveNext() {
    Received received = receive();
    for (int errors = 0; received == Received.ERROR && errors < MOST_ERRORS; errors++) {
      received = receive();
    }
    return received == Received.FRAME;
  }

  AVFrame frame() {
    return frame;
  }

  void release() {
    av_frame_unref(frame);
  }

  /** Whether the frame is damaged, by its packet or by what the decoder found. */
  boolean damaged() {
    return told
        || frame.opaque() != null
        || (frame.flags() & AV_FRAME_FLAG_CORRUPT) != 0
        || frame.decode_error_flags() != 0;
  }

  /** Whether the frame was put together from two fields. */
  boolean interlaced() {
    return (frame.flags() & AV_FRAME_FLAG_INTERLACED) != 0;
  }

  /** Forgets what came before, to begin at a key frame. */
  void flush() {
    // FFmpeg's HEVC decoder keeps the pictures that it has not given out over a flush, and gives
    // them out behind it.
    while (receiveNext()) {
      release();
    }
    avcodec_flush_buffers(context);
  }

  /** Says that a video was read with it as far as was wanted. */
  void done() {
    done = true;
  }

  /** Whether it may decode another video: it was used to the end and met with no error. */
  boolean isSound() {
    return done && !failed;
  }

  AVCodecContext context() {
    return context;
  }

  private void free() {
    avcodec_free_context(context);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      release();
      end.accept(this);
      av_frame_free(frame);
    }
  }
}
