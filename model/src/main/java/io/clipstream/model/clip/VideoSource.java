package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AVDISCARD_ALL;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_NONE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP8;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_DISPLAYMATRIX;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_CORRUPT;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_DISCARD;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_side_data_get;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avcodec.av_parser_close;
import static org.bytedeco.ffmpeg.global.avcodec.av_parser_init;
import static org.bytedeco.ffmpeg.global.avcodec.av_parser_parse2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_get_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_to_context;
import static org.bytedeco.ffmpeg.global.avformat.AVFMT_DURATION_FROM_STREAM;
import static org.bytedeco.ffmpeg.global.avformat.AVFMT_TS_DISCONT;
import static org.bytedeco.ffmpeg.global.avformat.AVIO_FLAG_READ;
import static org.bytedeco.ffmpeg.global.avformat.AVSEEK_FLAG_BACKWARD;
import static org.bytedeco.ffmpeg.global.avformat.AV_DISPOSITION_ATTACHED_PIC;
import static org.bytedeco.ffmpeg.global.avformat.AV_DISPOSITION_DEFAULT;
import static org.bytedeco.ffmpeg.global.avformat.AV_DISPOSITION_STILL_IMAGE;
import static org.bytedeco.ffmpeg.global.avformat.AV_DISPOSITION_TIMED_THUMBNAILS;
import static org.bytedeco.ffmpeg.global.avformat.av_guess_sample_aspect_ratio;
import static org.bytedeco.ffmpeg.global.avformat.av_probe_input_buffer2;
import static org.bytedeco.ffmpeg.global.avformat.av_read_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_seek_frame;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_close_input;
import static org.bytedeco.ffmpeg.global.avformat.avformat_find_stream_info;
import static org.bytedeco.ffmpeg.global.avformat.avformat_open_input;
import static org.bytedeco.ffmpeg.global.avformat.avio_closep;
import static org.bytedeco.ffmpeg.global.avformat.avio_open2;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_AUDIO;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_DATA;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_UNKNOWN;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_VIDEO;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_free;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_set;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVCodecParserContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avcodec.AVPacketSideData;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVIOInterruptCB;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVDictionaryEntry;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * The packets of a file's video stream. The file is opened here and handed to FFmpeg as bytes:
 * FFmpeg sees neither its name nor any other file or address, the container is told by content
 * alone and has to be one of {@link #CONTAINERS}. One thread, under a {@link Deadline}.
 */
final class VideoSource implements AutoCloseable {
  /** FFmpeg's names of the containers that are read; playlists and stills are not among them. */
  static final Set<String> CONTAINERS =
      Set.of(
          "mov",
          "matroska",
          "avi",
          "flv",
          "asf",
          "mpegts",
          "mpeg",
          "mpegvideo",
          "ogg",
          "rm",
          "mxf",
          "nut",
          "ivf",
          "dv",
          "gxf",
          "yuv4mpegpipe",
          "h264",
          "hevc",
          "m4v",
          "wtv");

  private static final int MAX_STREAMS = 256;

  /** A macro of libavcodec/avcodec.h that the Java presets leave out. */
  private static final int PARSER_FLAG_COMPLETE_FRAMES = 1;

  private static final Interrupt INTERRUPT = new Interrupt();

  private final Path file;
  private final DecodeLimits limits;
  private final AVPacket packet = av_packet_alloc();
  private AVIOContext bytes;
  private AVFormatContext context;
  private AVStream stream;
  private int streamIndex;
  private boolean firstSeek = true;

  /** What the scan found wrong with the file; empty if nothing. */
  private String fault = "";

  private boolean broken;

  private int hiddenFrames;

  private VideoSource(Path file, DecodeLimits limits) {
    this.file = file;
    this.limits = limits;
  }

  static VideoSource open(Path file, DecodeLimits limits)
      throws UnusableVideoException, InterruptedException {
    try {
      if (!Files.isRegularFile(file) && Files.exists(file)) {
        throw new UnusableVideoException(DecodeReason.NOT_A_VIDEO, "it is not a regular file");
      }
      if (Files.size(file) == 0) {
        throw new UnusableVideoException(DecodeReason.EMPTY_FILE, "the file has no bytes");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    VideoSource source = new VideoSource(file, limits);
    try {
      source.open();
      return source;
    } catch (Throwable e) {
      source.close();
      throw e;
    }
  }

  private void open() throws UnusableVideoException, InterruptedException {
    bytes = new AVIOContext(null);
    int error;
    try (BytePointer name =
            new BytePointer("file:" + file.toAbsolutePath(), StandardCharsets.UTF_8);
        AVIOInterruptCB interrupt = new AVIOInterruptCB()) {
      interrupt.callback(INTERRUPT);
      AVDictionary options = new AVDictionary(null);
      av_dict_set(options, "protocol_whitelist", "file", 0);
      error = avio_open2(bytes, name, AVIO_FLAG_READ, interrupt, options);
      av_dict_free(options);
    }
    if (error < 0) {
      bytes = null;
      checkDeadline();
      throw new UncheckedIOException(
          new IOException(file + " cannot be read: " + Ffmpeg.message(error)));
    }

    AVInputFormat format = new AVInputFormat(null);
    error = av_probe_input_buffer2(bytes, format, "", null, 0, 0);
    if (error < 0 || format.isNull()) {
      checkDeadline();
      throw new UnusableVideoException(
          DecodeReason.NOT_A_VIDEO, "its content is in no known container");
    }
    String name = format.name().getString();
    if (Arrays.stream(name.split(",", -1)).noneMatch(CONTAINERS::contains)) {
      throw new UnusableVideoException(
          DecodeReason.NOT_A_VIDEO,
          "its content looks like "
              + name
              + ", expected a video container such as mp4, mov, mkv, webm, avi or mpg");
    }

    context = avformat_alloc_context();
    context.pb(bytes);
    context.interrupt_callback().callback(INTERRUPT);
    AVDictionary options = new AVDictionary(null);
    av_dict_set(options, "format_whitelist", name, 0);
    av_dict_set(
        options, "protocol_whitelist", "none", 0); // the bytes are open; nothing else may be
    av_dict_set(options, "max_streams", Integer.toString(MAX_STREAMS), 0);
    av_dict_set(options, "probesize", "5000000", 0);
    av_dict_set(options, "analyzeduration", "5000000", 0);
    error = avformat_open_input(context, (String) null, format, options);
    av_dict_free(options);
    if (error < 0) {
      context = null; // freed by the call
      checkDeadline();
      throw new UnusableVideoException(
          DecodeReason.CORRUPT,
          "its "
              + shortName(name)
              + " header is missing, cut off or damaged: "
              + Ffmpeg.message(error));
    }
    checkSizes(); // before a decoder looks at a picture
    findStreamInfo();
    stream = chooseStream();
    streamIndex = stream.index();
    checkSizes();
  }

  /** Looks into the first packets for what the header leaves out, within the limits on pictures. */
  private void findStreamInfo() throws UnusableVideoException, InterruptedException {
    int streams = context.nb_streams();
    int error;
    try (PointerPointer<AVDictionary> options = new PointerPointer<>(Math.max(1, streams))) {
      for (int i = 0; i < streams; i++) {
        AVDictionary dictionary = new AVDictionary(null);
        av_dict_set(dictionary, "max_pixels", Long.toString(limits.maxPicturePixels()), 0);
        av_dict_set(dictionary, "threads", "1", 0);
        options.put(i, dictionary);
      }
      error = avformat_find_stream_info(context, streams == 0 ? null : options);
      for (int i = 0; i < streams; i++) {
        AVDictionary dictionary = new AVDictionary(options.get(i));
        if (!dictionary.isNull()) {
          av_dict_free(dictionary);
        }
      }
    }
    if (error < 0) {
      checkDeadline();
      throw new UnusableVideoException(
          DecodeReason.CORRUPT, "its streams cannot be read: " + Ffmpeg.message(error));
    }
  }

  private AVStream chooseStream() throws UnusableVideoException {
    AVStream best = null;
    long bestScore = -1;
    Set<String> others = new TreeSet<>();
    for (int i = 0; i < context.nb_streams(); i++) {
      AVStream candidate = context.streams(i);
      AVCodecParameters parameters = candidate.codecpar();
      if (!isVideo(candidate)) {
        others.add(
            parameters.codec_type() == AVMEDIA_TYPE_AUDIO
                ? "sound"
                : parameters.codec_type() == AVMEDIA_TYPE_VIDEO ? "a still picture" : "other data");
        continue;
      }
      long score =
          (long) parameters.width() * parameters.height()
              + ((candidate.disposition() & AV_DISPOSITION_DEFAULT) != 0 ? 1L << 62 : 0);
      if (score > bestScore) {
        best = candidate;
        bestScore = score;
      }
    }
    if (best == null && !anyDescribed()) {
      throw new UnusableVideoException(
          DecodeReason.CORRUPT,
          "its "
              + containerName()
              + " header is cut off or damaged: it describes "
              + (context.nb_streams() == 0 ? "no streams" : "none of its streams"));
    }
    if (best == null) {
      throw new UnusableVideoException(
          DecodeReason.NO_VIDEO_STREAM,
          "it holds " + String.join(" and ", others) + " but no video");
    }
    return best;
  }

  /** Whether the header says of any stream what is in it: not if it was cut off before that. */
  private boolean anyDescribed() {
    for (int i = 0; i < context.nb_streams(); i++) {
      AVCodecParameters parameters = context.streams(i).codecpar();
      boolean typed =
          parameters.codec_type() != AVMEDIA_TYPE_UNKNOWN
              && parameters.codec_type() != AVMEDIA_TYPE_DATA;
      if (typed || parameters.codec_id() != AV_CODEC_ID_NONE || parameters.codec_tag() != 0) {
        return true;
      }
    }
    return false;
  }

  private static boolean isVideo(AVStream stream) {
    int still =
        AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS | AV_DISPOSITION_STILL_IMAGE;
    return stream.codecpar().codec_type() == AVMEDIA_TYPE_VIDEO
        && (stream.disposition() & still) == 0;
  }

  private void checkSizes() throws UnusableVideoException {
    for (int i = 0; i < context.nb_streams(); i++) {
      if (isVideo(context.streams(i))) {
        AVCodecParameters parameters = context.streams(i).codecpar();
        checkSize(parameters.width(), parameters.height());
      }
    }
  }

  void checkSize(int width, int height) throws UnusableVideoException {
    if (width > limits.maxPictureSide()
        || height > limits.maxPictureSide()
        || (long) width * height > limits.maxPicturePixels()) {
      throw new UnusableVideoException(
          DecodeReason.PICTURE_TOO_LARGE,
          String.format(
              Locale.ROOT,
              "its pictures are %d x %d, allowed are %d along a side and %d pixels",
              width,
              height,
              limits.maxPictureSide(),
              limits.maxPicturePixels()));
    }
  }

  /** Reads all packets, decoding none, and works out when each frame is shown. */
  Timeline scan() throws UnusableVideoException, InterruptedException {
    AVRational base = stream.time_base();
    double tick = base.den() > 0 ? base.num() / (double) base.den() : 0;
    Timeline.Builder builder = new Timeline.Builder(tick, headerRate(), mayJump());
    boolean vp8 = stream.codecpar().codec_id() == AV_CODEC_ID_VP8;
    long damaged = 0;
    double lastEnd = 0;
    int error;
    while ((error = av_read_frame(context, packet)) >= 0) {
      lastEnd = Math.max(lastEnd, endSeconds(packet));
      if (packet.stream_index() == streamIndex) {
        if ((packet.flags() & AV_PKT_FLAG_CORRUPT) != 0) {
          damaged++;
        }
        boolean shown = isShown(vp8);
        hiddenFrames += shown ? 0 : 1;
        builder.add(packet.pts(), packet.dts(), (packet.flags() & AV_PKT_FLAG_KEY) != 0, shown);
        if (builder.frames() > limits.maxFrames()) {
          throw new UnusableVideoException(
              DecodeReason.TOO_LONG,
              "it has more than " + limits.maxFrames() + " frames, the most allowed");
        }
      }
      av_packet_unref(packet);
      checkDeadline();
    }
    checkDeadline();
    broken = error != AVERROR_EOF || damaged > 0;
    if (error != AVERROR_EOF) {
      fault = "the file breaks off or is damaged (" + Ffmpeg.message(error) + ")";
    } else if (damaged > 0) {
      fault = damaged + (damaged == 1 ? " packet is" : " packets are") + " cut off or damaged";
    } else if (context.duration_estimation_method() == AVFMT_DURATION_FROM_STREAM) {
      double promised = context.duration() / (double) avutil.AV_TIME_BASE;
      if (promised > lastEnd + 0.2 + 0.02 * promised) {
        fault =
            String.format(
                Locale.ROOT, "its header says %.1f s, its data ends at %.1f s", promised, lastEnd);
      }
    }
    return builder.build();
  }

  /** Whether the packet that was just read yields a picture of its own. */
  private boolean isShown(boolean vp8) {
    if ((packet.flags() & AV_PKT_FLAG_DISCARD) != 0 || packet.size() == 0) {
      return false; // cut away by an edit list
    }
    // VP8 stores hidden reference frames as packets: show_frame is bit 4 (RFC 6386, 9.1).
    return !vp8 || (packet.data().get() & 0x10) != 0;
  }

  private double endSeconds(AVPacket packet) {
    long time = packet.pts() != Timeline.MISSING ? packet.pts() : packet.dts();
    if (time == Timeline.MISSING) {
      return 0;
    }
    AVRational base = context.streams(packet.stream_index()).time_base();
    // Some containers count their length from zero, others from their first time stamp.
    double start = context.start_time() == Timeline.MISSING ? 0 : context.start_time() / 1e6;
    return (time + (double) packet.duration()) * base.num() / Math.max(1, base.den())
        - Math.min(0, start);
  }

  /** Packets that the scan found not to show a picture. */
  int hiddenFrames() {
    return hiddenFrames;
  }

  /** What the scan found wrong; empty if nothing. */
  String fault() {
    return fault;
  }

  /** Whether packets are damaged or cut off, or reading them failed: then fault() says so. */
  boolean broken() {
    return broken;
  }

  /** Frames that the header promises; 0 if it does not say. */
  long promisedFrames() {
    return stream.nb_frames();
  }

  private double headerRate() {
    AVRational average = stream.avg_frame_rate();
    double rate = average.den() > 0 ? average.num() / (double) average.den() : 0;
    if (!(rate > 0)) {
      AVRational real = stream.r_frame_rate();
      rate = real.den() > 0 ? real.num() / (double) real.den() : 0;
    }
    return rate;
  }

  /**
   * Reads the next packet of the video stream, which {@link #packet()} then is until the next call.
   *
   * @return false at the end of what can be read
   */
  boolean next() throws UnusableVideoException, InterruptedException {
    while (true) {
      checkDeadline();
      av_packet_unref(packet);
      if (av_read_frame(context, packet) < 0) {
        checkDeadline();
        return false;
      }
      if (packet.stream_index() == streamIndex) {
        return true;
      }
    }
  }

  AVPacket packet() {
    return packet;
  }

  /** Whether the packet is one that a decoder outputs a picture for. */
  boolean shown() {
    return isShown(stream.codecpar().codec_id() == AV_CODEC_ID_VP8);
  }

  /**
   * Goes to a key frame or, in containers that cannot tell, some way before it.
   *
   * @param pts when it is shown
   * @param dts when it is decoded
   */
  boolean seek(long pts, long dts) {
    if (firstSeek) {
      for (int i = 0; i < context.nb_streams(); i++) {
        if (i != streamIndex) {
          context.streams(i).discard(AVDISCARD_ALL);
        }
      }
      firstSeek = false;
    }
    // MPEG streams have no index: FFmpeg bisects them by times of decoding, which a key frame has
    // before it is shown. By when it is shown it would land behind it.
    long time = mayJump() ? dts : pts;
    return av_seek_frame(context, streamIndex, time, AVSEEK_FLAG_BACKWARD) >= 0;
  }

  /** Whether the container is one in which times may jump: MPEG streams and Ogg. */
  private boolean mayJump() {
    return (context.iformat().flags() & AVFMT_TS_DISCONT) != 0;
  }

  /** Starts again with the first packet, by opening the file anew: seeking there is less sure. */
  void restart() throws UnusableVideoException, InterruptedException {
    int before = streamIndex;
    closeFile();
    firstSeek = true;
    open();
    if (streamIndex != before) {
      throw new UnusableVideoException(DecodeReason.CORRUPT, "its streams changed while reading");
    }
  }

  /**
   * Throws if the first packets announce pictures larger than allowed: the reason why a decoder
   * refuses them, in codecs whose containers leave the size out. Reads from the start of the file.
   */
  void checkAnnouncedSize() throws UnusableVideoException, InterruptedException {
    restart();
    int codec = stream.codecpar().codec_id();
    AVCodecParserContext parser = av_parser_init(codec);
    if (parser == null) {
      return;
    }
    AVCodecContext scratch = avcodec_alloc_context3(null);
    try (PointerPointer<BytePointer> out = new PointerPointer<>(1);
        IntPointer outSize = new IntPointer(1)) {
      parser.flags(PARSER_FLAG_COMPLETE_FRAMES);
      avcodec_parameters_to_context(scratch, stream.codecpar());
      for (int i = 0; i < 16 && next(); i++) {
        av_parser_parse2(
            parser, scratch, out, outSize, packet.data(), packet.size(), 0, 0, packet.pos());
        checkSize(parser.width(), parser.height());
        checkSize(scratch.width(), scratch.height());
      }
    } finally {
      av_parser_close(parser);
      avcodec_free_context(scratch);
    }
  }

  AVStream stream() {
    return stream;
  }

  String codecName() {
    return avcodec_get_name(stream.codecpar().codec_id()).getString();
  }

  /** The four characters that a file tells its codec by; unprintable ones as ?, empty if none. */
  String codecTag() {
    int tag = stream.codecpar().codec_tag();
    StringBuilder text = new StringBuilder();
    for (int i = 0; tag != 0 && i < 4; i++) {
      int character = tag >>> 8 * i & 0xff;
      text.append(character >= ' ' && character <= '~' ? (char) character : '?');
    }
    return text.toString();
  }

  String containerName() {
    String name = context.iformat().name().getString();
    if (!name.startsWith("mov,")) {
      return shortName(name);
    }
    AVDictionaryEntry brand = avutil.av_dict_get(context.metadata(), "major_brand", null, 0);
    String major = brand == null ? "qt" : brand.value().getString().strip();
    return major.equals("qt") ? "mov" : major.startsWith("3g") ? "3gp" : "mp4";
  }

  private static String shortName(String name) {
    return name.startsWith("mov,") ? "mp4" : name.split(",", -1)[0];
  }

  /** Width of a pixel over its height; 1 where the file says nothing sensible. */
  double pixelAspect(AVFrame frame) {
    AVRational aspect = av_guess_sample_aspect_ratio(context, stream, frame);
    double ratio = aspect.num() / (double) Math.max(1, aspect.den());
    return ratio >= 0.05 && ratio <= 20 ? ratio : 1;
  }

  /** How pictures are turned, by the stream's or, for H.264 and HEVC, the picture's own matrix. */
  Orientation orientation(AVFrame frame) {
    AVCodecParameters parameters = stream.codecpar();
    BytePointer matrix = null;
    AVPacketSideData ofStream =
        av_packet_side_data_get(
            parameters.coded_side_data(),
            parameters.nb_coded_side_data(),
            AV_PKT_DATA_DISPLAYMATRIX);
    if (ofStream != null && ofStream.size() >= 36) {
      matrix = ofStream.data();
    } else {
      var ofFrame = avutil.av_frame_get_side_data(frame, avutil.AV_FRAME_DATA_DISPLAYMATRIX);
      if (ofFrame != null && ofFrame.size() >= 36) {
        matrix = ofFrame.data();
      }
    }
    if (matrix == null) {
      return Orientation.UPRIGHT;
    }
    IntPointer m = new IntPointer(matrix);
    return Orientation.of(m.get(0), m.get(1), m.get(3), m.get(4));
  }

  /** Throws if the thread was interrupted or the time is up. */
  static void checkDeadline() throws UnusableVideoException, InterruptedException {
    if (Deadline.reached()) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      throw new UnusableVideoException(
          DecodeReason.DECODE_TIMEOUT, "decoding took longer than allowed");
    }
  }

  private void closeFile() {
    if (context != null) {
      avformat_close_input(context);
      context = null;
    }
    if (bytes != null) {
      avio_closep(bytes);
      bytes = null;
    }
  }

  @Override
  public void close() {
    closeFile();
    av_packet_free(packet);
  }

  private static final class Interrupt extends AVIOInterruptCB.Callback_Pointer {
    @Override
    public int call(Pointer opaque) {
      return Deadline.reached() ? 1 : 0;
    }
  }
}
