package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_GLOBAL_HEADER;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_DISPLAYMATRIX;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_rescale_ts;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_side_data_new;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_encoder_by_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_from_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_packet;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_frame;
import static org.bytedeco.ffmpeg.global.avformat.AVFMT_GLOBALHEADER;
import static org.bytedeco.ffmpeg.global.avformat.AVIO_FLAG_WRITE;
import static org.bytedeco.ffmpeg.global.avformat.av_interleaved_write_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_write_trailer;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_output_context2;
import static org.bytedeco.ffmpeg.global.avformat.avformat_free_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_new_stream;
import static org.bytedeco.ffmpeg.global.avformat.avformat_write_header;
import static org.bytedeco.ffmpeg.global.avformat.avio_closep;
import static org.bytedeco.ffmpeg.global.avformat.avio_open;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_MPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_SMPTE170M;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EAGAIN;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_NONE;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_free;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_set;
import static org.bytedeco.ffmpeg.global.avutil.av_display_rotation_set;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_make_writable;
import static org.bytedeco.ffmpeg.global.avutil.av_get_pix_fmt;
import static org.bytedeco.ffmpeg.global.swscale.SWS_ACCURATE_RND;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BICUBIC;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_DEFAULT;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_ITU709;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_getContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avcodec.AVPacketSideData;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;

/**
 * Writes a video file from RGB pictures. The container follows the file's suffix. One thread; close
 * it to finish the file.
 *
 * <p>Encoders of this FFmpeg build that are of use, all on the CPU: {@code mpeg4}, {@code
 * libopenh264} (H.264 baseline, no B-frames), {@code libvpx} (VP8), {@code libvpx-vp9}, {@code
 * libaom-av1} and {@code libsvtav1} (AV1), {@code mpeg1video}, {@code mpeg2video}, {@code mjpeg},
 * {@code ffv1} (lossless), {@code h263p}, {@code flv}, {@code wmv2}, {@code msmpeg4}, {@code
 * prores_ks}. There is none for HEVC, Theora or VVC.
 */
public final class VideoEncoder implements AutoCloseable {
  /**
   * How a video is encoded.
   *
   * @param codec name of the encoder
   * @param width pixels; most encoders want even numbers
   * @param height pixels
   * @param rateNumerator frames a second, or with own times ticks a second: numerator
   * @param rateDenominator and denominator
   * @param bitRate bits a second; 0: the encoder's default, or its options decide
   * @param keyInterval most frames from one key frame to the next; 0: the encoder's default
   * @param bFrames between two others, where the encoder can
   * @param pixelFormat FFmpeg's name, such as {@code yuv420p}
   * @param rotation degrees clockwise that a player shall turn the pictures by; mov and mp4 keep it
   * @param aspectNumerator width of a pixel to its height: numerator
   * @param aspectDenominator and denominator
   * @param codecOptions FFmpeg's, such as {@code crf}, {@code cpu-used}
   * @param formatOptions the container's, such as {@code movflags}
   */
  public record Settings(
      String codec,
      int width,
      int height,
      int rateNumerator,
      int rateDenominator,
      long bitRate,
      int keyInterval,
      int bFrames,
      String pixelFormat,
      int rotation,
      int aspectNumerator,
      int aspectDenominator,
      Map<String, String> codecOptions,
      Map<String, String> formatOptions) {

    public Settings {
      codecOptions = Map.copyOf(codecOptions);
      formatOptions = Map.copyOf(formatOptions);
    }

    /** Square pixels, 4:2:0, no rotation, the encoder's defaults. */
    public static Settings of(String codec, int width, int height, int framesPerSecond) {
      return new Settings(
          codec,
          width,
          height,
          framesPerSecond,
          1,
          0,
          0,
          0,
          "yuv420p",
          0,
          1,
          1,
          Map.of(),
          Map.of());
    }

    public Settings withBitRate(long bits) {
      return new Settings(
          codec,
          width,
          height,
          rateNumerator,
          rateDenominator,
          bits,
          keyInterval,
          bFrames,
          pixelFormat,
          rotation,
          aspectNumerator,
          aspectDenominator,
          codecOptions,
          formatOptions);
    }

    public Settings withKeyInterval(int frames) {
      return new Settings(
          codec,
          width,
          height,
          rateNumerator,
          rateDenominator,
          bitRate,
          frames,
          bFrames,
          pixelFormat,
          rotation,
          aspectNumerator,
          aspectDenominator,
          codecOptions,
          formatOptions);
    }

    public Settings withBFrames(int frames) {
      return new Settings(
          codec,
          width,
          height,
          rateNumerator,
          rateDenominator,
          bitRate,
          keyInterval,
          frames,
          pixelFormat,
          rotation,
          aspectNumerator,
          aspectDenominator,
          codecOptions,
          formatOptions);
    }

    public Settings withRate(int numerator, int denominator) {
      return new Settings(
          codec,
          width,
          height,
          numerator,
          denominator,
          bitRate,
          keyInterval,
          bFrames,
          pixelFormat,
          rotation,
          aspectNumerator,
          aspectDenominator,
          codecOptions,
          formatOptions);
    }

    public Settings withPixelFormat(String format) {
      return new Settings(
          codec,
          width,
          height,
          rateNumerator,
          rateDenominator,
          bitRate,
          keyInterval,
          bFrames,
          format,
          rotation,
          aspectNumerator,
          aspectDenominator,
          codecOptions,
          formatOptions);
    }

    public Settings withRotation(int degreesClockwise) {
      return new Settings(
          codec,
          width,
          height,
          rateNumerator,
          rateDenominator,
          bitRate,
          keyInterval,
          bFrames,
          pixelFormat,
          degreesClockwise,
          aspectNumerator,
          aspectDenominator,
          codecOptions,
          formatOptions);
    }

    public Settings withPixelAspect(int numerator, int denominator) {
      return new Settings(
          codec,
          width,
          height,
          rateNumerator,
          rateDenominator,
          bitRate,
          keyInterval,
          bFrames,
          pixelFormat,
          rotation,
          numerator,
          denominator,
          codecOptions,
          formatOptions);
    }

    public Settings withCodecOptions(Map<String, String> options) {
      return new Settings(
          codec,
          width,
          height,
          rateNumerator,
          rateDenominator,
          bitRate,
          keyInterval,
          bFrames,
          pixelFormat,
          rotation,
          aspectNumerator,
          aspectDenominator,
          options,
          formatOptions);
    }

    public Settings withFormatOptions(Map<String, String> options) {
      return new Settings(
          codec,
          width,
          height,
          rateNumerator,
          rateDenominator,
          bitRate,
          keyInterval,
          bFrames,
          pixelFormat,
          rotation,
          aspectNumerator,
          aspectDenominator,
          codecOptions,
          options);
    }
  }

  private final Settings settings;
  private final Path file;
  private AVFormatContext format;
  private AVCodecContext codec;
  private AVStream stream;
  private AVFrame picture;
  private AVFrame rgb;
  private SwsContext scaler;
  private AVPacket packet;
  private long nextTime;

  /**
   * Opens the file and writes its header.
   *
   * @throws IOException if the file cannot be written
   * @throws IllegalArgumentException if the encoder or the container refuses the settings
   */
  public VideoEncoder(Path file, Settings settings) throws IOException {
    Ffmpeg.load();
    this.settings = settings;
    this.file = file;
    try {
      open();
    } catch (Throwable e) {
      free();
      throw e;
    }
  }

  private void open() throws IOException {
    AVCodec encoder = avcodec_find_encoder_by_name(settings.codec());
    if (encoder == null) {
      throw new IllegalArgumentException("there is no encoder named " + settings.codec());
    }
    int pixelFormat = av_get_pix_fmt(settings.pixelFormat());
    if (pixelFormat == AV_PIX_FMT_NONE) {
      throw new IllegalArgumentException("no pixel format is named " + settings.pixelFormat());
    }
    format = new AVFormatContext(null);
    byte[] url = ("file:" + file.toAbsolutePath()).getBytes(StandardCharsets.UTF_8);
    try (BytePointer name = new BytePointer(Arrays.copyOf(url, url.length + 1))) {
      check(
          avformat_alloc_output_context2(format, null, null, name),
          "no container has the suffix of " + file.getFileName());
    }
    boolean full = settings.codec().equals("mjpeg");
    boolean hd = settings.width() >= 1280 || settings.height() > 576;

    codec = avcodec_alloc_context3(encoder);
    codec.width(settings.width()).height(settings.height()).pix_fmt(pixelFormat);
    codec.time_base().num(settings.rateDenominator()).den(settings.rateNumerator());
    codec.framerate().num(settings.rateNumerator()).den(settings.rateDenominator());
    codec.sample_aspect_ratio().num(settings.aspectNumerator()).den(settings.aspectDenominator());
    codec.color_range(full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG);
    codec.colorspace(hd ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M);
    codec.thread_count(1);
    codec.max_b_frames(settings.bFrames());
    if (settings.bitRate() > 0) {
      codec.bit_rate(settings.bitRate());
    }
    if (settings.keyInterval() > 0) {
      codec.gop_size(settings.keyInterval());
    }
    if ((format.oformat().flags() & AVFMT_GLOBALHEADER) != 0) {
      codec.flags(codec.flags() | AV_CODEC_FLAG_GLOBAL_HEADER);
    }
    AVDictionary options = dictionary(settings.codecOptions());
    int error = avcodec_open2(codec, encoder, options);
    av_dict_free(options);
    check(error, "encoder " + settings.codec() + " refuses " + settings);

    stream = avformat_new_stream(format, null);
    stream.time_base(codec.time_base());
    stream.avg_frame_rate(codec.framerate());
    stream.sample_aspect_ratio(codec.sample_aspect_ratio());
    check(avcodec_parameters_from_context(stream.codecpar(), codec), "no memory");
    if (settings.rotation() != 0) {
      addRotation(stream.codecpar());
    }

    AVIOContext bytes = new AVIOContext(null);
    error = avio_open(bytes, format.url(), AVIO_FLAG_WRITE);
    if (error < 0) {
      throw new IOException(file + " cannot be written: " + Ffmpeg.message(error));
    }
    format.pb(bytes);
    options = dictionary(settings.formatOptions());
    error = avformat_write_header(format, options);
    av_dict_free(options);
    check(error, "container " + format.oformat().name().getString() + " refuses " + settings);

    packet = av_packet_alloc();
    picture = frame(pixelFormat);
    picture.color_range(codec.color_range());
    picture.colorspace(codec.colorspace());
    rgb = frame(AV_PIX_FMT_RGB24);
    scaler =
        sws_getContext(
            settings.width(),
            settings.height(),
            AV_PIX_FMT_RGB24,
            settings.width(),
            settings.height(),
            pixelFormat,
            SWS_BICUBIC | SWS_ACCURATE_RND,
            null,
            null,
            (DoublePointer) null);
    if (scaler == null) {
      throw new IllegalArgumentException("RGB cannot become " + settings.pixelFormat());
    }
    sws_setColorspaceDetails(
        scaler,
        sws_getCoefficients(SWS_CS_DEFAULT),
        1,
        sws_getCoefficients(hd ? SWS_CS_ITU709 : SWS_CS_DEFAULT),
        full ? 1 : 0,
        0,
        1 << 16,
        1 << 16);
  }

  private AVFrame frame(int pixelFormat) {
    AVFrame made = av_frame_alloc();
    made.format(pixelFormat).width(settings.width()).height(settings.height());
    check(av_frame_get_buffer(made, 0), "no native memory for a picture");
    return made;
  }

  private void addRotation(AVCodecParameters parameters) {
    try (AVPacketSideData list = new AVPacketSideData(parameters.coded_side_data());
        IntPointer count = new IntPointer(1)) {
      count.put(parameters.nb_coded_side_data());
      AVPacketSideData added =
          av_packet_side_data_new(list, count, AV_PKT_DATA_DISPLAYMATRIX, 36, 0);
      if (added == null) {
        throw new OutOfMemoryError("no native memory for the display matrix");
      }
      // libavutil counts counter-clockwise, and its getter's sign is the setter's turned round.
      av_display_rotation_set(new IntPointer(added.data()), settings.rotation());
      parameters.coded_side_data(list);
      parameters.nb_coded_side_data(count.get());
    }
  }

  /**
   * Adds a picture, one frame after the last.
   *
   * @param pixels RGB uint8 {@code [height, width, 3]} from index 0; position and limit stay
   */
  public void add(ByteBuffer pixels) throws IOException {
    add(pixels, nextTime);
  }

  /**
   * Adds a picture at a time of its own.
   *
   * @param pixels RGB uint8 {@code [height, width, 3]} from index 0; position and limit stay
   * @param time in ticks of the rate, later than the last picture's
   */
  public void add(ByteBuffer pixels, long time) throws IOException {
    int row = settings.width() * 3;
    if (pixels.capacity() < row * settings.height()) {
      throw new IllegalArgumentException(
          "the picture has " + pixels.capacity() + " bytes, expected " + row * settings.height());
    }
    int stride = rgb.linesize(0);
    ByteBuffer to =
        new BytePointer(rgb.data(0)).capacity((long) stride * settings.height()).asByteBuffer();
    ByteBuffer all = pixels.duplicate().clear();
    for (int y = 0; y < settings.height(); y++) {
      to.put(y * stride, all, y * row, row);
    }
    check(av_frame_make_writable(picture), "no native memory for a picture");
    sws_scale(
        scaler,
        rgb.data(),
        rgb.linesize(),
        0,
        settings.height(),
        picture.data(),
        picture.linesize());
    picture.pts(time);
    nextTime = time + 1;
    send(picture);
  }

  private void send(AVFrame frame) throws IOException {
    int error = avcodec_send_frame(codec, frame);
    if (error < 0) {
      throw new IOException(file + " cannot be encoded: " + Ffmpeg.message(error));
    }
    while ((error = avcodec_receive_packet(codec, packet)) >= 0) {
      packet.stream_index(stream.index());
      if (packet.duration() == 0) {
        packet.duration(1);
      }
      av_packet_rescale_ts(packet, codec.time_base(), stream.time_base());
      int written = av_interleaved_write_frame(format, packet);
      av_packet_unref(packet);
      if (written < 0) {
        throw new IOException(file + " cannot be written: " + Ffmpeg.message(written));
      }
    }
    if (error != AVERROR_EAGAIN() && error != AVERROR_EOF) {
      throw new IOException(file + " cannot be encoded: " + Ffmpeg.message(error));
    }
  }

  /** Finishes the file. */
  @Override
  public void close() throws IOException {
    if (format == null) {
      return;
    }
    try {
      send(null);
      int error = av_write_trailer(format);
      if (error < 0) {
        throw new IOException(file + " cannot be finished: " + Ffmpeg.message(error));
      }
    } finally {
      free();
    }
  }

  private void free() {
    if (scaler != null) {
      sws_freeContext(scaler);
      scaler = null;
    }
    for (AVFrame frame : new AVFrame[] {picture, rgb}) {
      if (frame != null) {
        av_frame_free(frame);
      }
    }
    if (packet != null) {
      av_packet_free(packet);
    }
    if (codec != null) {
      avcodec_free_context(codec);
    }
    if (format != null && !format.isNull()) {
      if (format.pb() != null) {
        avio_closep(format.pb());
        format.pb(null);
      }
      avformat_free_context(format);
    }
    format = null;
  }

  private static void check(int error, String what) {
    if (error < 0) {
      throw new IllegalArgumentException(what + ": " + Ffmpeg.message(error));
    }
  }

  private static AVDictionary dictionary(Map<String, String> entries) {
    AVDictionary dictionary = new AVDictionary(null);
    entries.forEach((key, value) -> av_dict_set(dictionary, key, value, 0));
    return dictionary;
  }
}
