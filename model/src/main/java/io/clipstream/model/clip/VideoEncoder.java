package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_FLAG_GLOBAL_HEADER;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_encoder_by_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_packet;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_guess_format;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_MPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_SMPTE170M;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EAGAIN;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_NONE;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_free;
import static org.bytedeco.ffmpeg.global.avutil.av_get_pix_fmt;

import io.clipstream.model.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;

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
   * How a video is encoded: {@link #of} and what differs from it. Immutable; each {@code with}
   * gives another.
   */
  public static final class Settings {
    private final String codec;
    private final int width;
    private final int height;
    private int rateNumerator;
    private int rateDenominator = 1;
    private long bitRate;
    private int keyInterval;
    private int bFrames;
    private String pixelFormat = "yuv420p";
    private int rotation;
    private int aspectNumerator = 1;
    private int aspectDenominator = 1;
    private Map<String, String> codecOptions = Map.of();
    private Map<String, String> formatOptions = Map.of();

    private Settings(String codec, int width, int height) {
      this.codec = codec;
      this.width = width;
      this.height = height;
    }

    /**
     * Square pixels, 4:2:0, no rotation, the encoder's defaults.
     *
     * @param codec name of the encoder
     * @param width pixels; most encoders want even numbers
     * @param height pixels
     */
    public static Settings of(String codec, int width, int height, int framesPerSecond) {
      return new Settings(codec, width, height).withRate(framesPerSecond, 1);
    }

    private Settings with(Consumer<Settings> change) {
      Settings copy = new Settings(codec, width, height);
      copy.rateNumerator = rateNumerator;
      copy.rateDenominator = rateDenominator;
      copy.bitRate = bitRate;
      copy.keyInterval = keyInterval;
      copy.bFrames = bFrames;
      copy.pixelFormat = pixelFormat;
      copy.rotation = rotation;
      copy.aspectNumerator = aspectNumerator;
      copy.aspectDenominator = aspectDenominator;
      copy.codecOptions = codecOptions;
      copy.formatOptions = formatOptions;
      change.accept(copy);
      return copy;
    }

    /** Frames a second, or for pictures with times of their own ticks a second. */
    public Settings withRate(int numerator, int denominator) {
      return with(
          copy -> {
            copy.rateNumerator = numerator;
            copy.rateDenominator = denominator;
          });
    }

    /** Bits a second; 0: the encoder's default, or its options decide. */
    public Settings withBitRate(long bits) {
      return with(copy -> copy.bitRate = bits);
    }

    /** Most frames from one key frame to the next; 0: the encoder's default. */
    public Settings withKeyInterval(int frames) {
      return with(copy -> copy.keyInterval = frames);
    }

    /** B-frames between two others, where the encoder can. */
    public Settings withBFrames(int frames) {
      return with(copy -> copy.bFrames = frames);
    }

    /** FFmpeg's name, such as {@code yuv420p}. */
    public Settings withPixelFormat(String format) {
      return with(copy -> copy.pixelFormat = format);
    }

    /** How a player shall turn the pictures; mov and mp4 keep it. */
    public Settings withRotation(int degreesClockwise) {
      return with(copy -> copy.rotation = degreesClockwise);
    }

    /** Width of a pixel to its height. */
    public Settings withPixelAspect(int numerator, int denominator) {
      return with(
          copy -> {
            copy.aspectNumerator = numerator;
            copy.aspectDenominator = denominator;
          });
    }

    /** FFmpeg's, such as {@code crf}, {@code cpu-used}. */
    public Settings withCodecOptions(Map<String, String> options) {
      return with(copy -> copy.codecOptions = Map.copyOf(options));
    }

    /** The container's, such as {@code movflags}. */
    public Settings withFormatOptions(Map<String, String> options) {
      return with(copy -> copy.formatOptions = Map.copyOf(options));
    }

    public int width() {
      return width;
    }

    public int height() {
      return height;
    }

    public int rotation() {
      return rotation;
    }

    public int aspectNumerator() {
      return aspectNumerator;
    }

    public int aspectDenominator() {
      return aspectDenominator;
    }

    public Map<String, String> formatOptions() {
      return formatOptions;
    }

    @Override
    public String toString() {
      return "%s %d x %d, %d/%d frames a second, %d bits a second, key interval %d, %d B-frames, %s"
              .formatted(
                  codec,
                  width,
                  height,
                  rateNumerator,
                  rateDenominator,
                  bitRate,
                  keyInterval,
                  bFrames,
                  pixelFormat)
          + ", turned by %d, pixels %d:%d, %s, %s"
              .formatted(rotation, aspectNumerator, aspectDenominator, codecOptions, formatOptions);
    }
  }

  private final Settings settings;
  private final Path file;
  private AVCodecContext codec;
  private EncodedFile encoded;
  private EncodedPicture picture;
  private AVPacket packet;
  private long nextTime;
  private boolean closed;

  /**
   * Whether FFmpeg, as it is here, writes such files.
   *
   * @param container suffix of the file's name
   * @param codec FFmpeg's name of the encoder
   */
  public static boolean isAvailable(String container, String codec) {
    Ffmpeg.load();
    return avcodec_find_encoder_by_name(codec) != null
        && av_guess_format(null, "file." + container, null) != null;
  }

  /**
   * Opens the file and writes its header.
   *
   * @throws IOException if the file cannot be written
   * @throws UserError if the encoder or the container refuses the settings
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
    AVCodec encoder = avcodec_find_encoder_by_name(settings.codec);
    if (encoder == null) {
      throw new UserError("there is no encoder named " + settings.codec);
    }
    int pixelFormat = av_get_pix_fmt(settings.pixelFormat);
    if (pixelFormat == AV_PIX_FMT_NONE) {
      throw new UserError("no pixel format is named " + settings.pixelFormat);
    }
    encoded = new EncodedFile(file);
    openCodec(encoder, pixelFormat);
    encoded.begin(codec, settings);
    packet = av_packet_alloc();
    picture = new EncodedPicture(codec);
  }

  private void openCodec(AVCodec encoder, int pixelFormat) {
    boolean full = settings.codec.equals("mjpeg");
    boolean hd = settings.width() >= 1280 || settings.height() > 576;
    codec = avcodec_alloc_context3(encoder);
    codec.width(settings.width()).height(settings.height()).pix_fmt(pixelFormat);
    codec.time_base().num(settings.rateDenominator).den(settings.rateNumerator);
    codec.framerate().num(settings.rateNumerator).den(settings.rateDenominator);
    codec.sample_aspect_ratio().num(settings.aspectNumerator()).den(settings.aspectDenominator());
    codec.color_range(full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG);
    codec.colorspace(hd ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M);
    codec.thread_count(1);
    codec.max_b_frames(settings.bFrames);
    if (settings.bitRate > 0) {
      codec.bit_rate(settings.bitRate);
    }
    if (settings.keyInterval > 0) {
      codec.gop_size(settings.keyInterval);
    }
    if (encoded.wantsGlobalHeader()) {
      codec.flags(codec.flags() | AV_CODEC_FLAG_GLOBAL_HEADER);
    }
    AVDictionary options = Ffmpeg.dictionary(settings.codecOptions);
    int error = avcodec_open2(codec, encoder, options);
    av_dict_free(options);
    if (error < 0) {
      throw new UserError(
          "encoder " + settings.codec + " refuses " + settings + ": " + Ffmpeg.message(error));
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
    AVFrame frame = picture.of(pixels);
    frame.pts(time);
    nextTime = time + 1;
    send(frame);
  }

  private void send(AVFrame frame) throws IOException {
    int error = avcodec_send_frame(codec, frame);
    if (error < 0) {
      throw new IOException(file + " cannot be encoded: " + Ffmpeg.message(error));
    }
    while ((error = avcodec_receive_packet(codec, packet)) >= 0) {
      encoded.write(packet, codec.time_base());
    }
    if (error != AVERROR_EAGAIN() && error != AVERROR_EOF) {
      throw new IOException(file + " cannot be encoded: " + Ffmpeg.message(error));
    }
  }

  /** Finishes the file. */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    try {
      send(null);
      encoded.finish();
    } finally {
      free();
    }
  }

  private void free() {
    closed = true;
    if (picture != null) {
      picture.close();
    }
    if (packet != null) {
      av_packet_free(packet);
    }
    if (codec != null) {
      avcodec_free_context(codec);
    }
    if (encoded != null) {
      encoded.close();
    }
  }
}
