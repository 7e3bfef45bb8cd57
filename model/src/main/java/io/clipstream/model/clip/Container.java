package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avformat.AVFMT_TS_DISCONT;
import static org.bytedeco.ffmpeg.global.avformat.AVIO_FLAG_READ;
import static org.bytedeco.ffmpeg.global.avformat.AVPROBE_SCORE_RETRY;
import static org.bytedeco.ffmpeg.global.avformat.av_find_input_format;
import static org.bytedeco.ffmpeg.global.avformat.av_probe_input_buffer2;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_close_input;
import static org.bytedeco.ffmpeg.global.avformat.avformat_find_stream_info;
import static org.bytedeco.ffmpeg.global.avformat.avformat_open_input;
import static org.bytedeco.ffmpeg.global.avformat.avio_closep;
import static org.bytedeco.ffmpeg.global.avformat.avio_open2;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_free;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_get;
import static org.bytedeco.ffmpeg.global.avutil.av_dict_set;

import io.clipstream.model.FileKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVIOInterruptCB;
import org.bytedeco.ffmpeg.avformat.AVInputFormat;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVDictionaryEntry;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * An open file and what FFmpeg makes of it. The file is opened here and handed to FFmpeg as bytes:
 * FFmpeg sees neither its name nor any other file or address, the container is told by content
 * alone and has to be one of those of {@link ContainerFormat}. Owns the native memory. One thread,
 * under a {@link Deadline}.
 */
final class Container implements AutoCloseable {
  private static final int MAX_STREAMS = 256;

  /** Other content gives FFmpeg's probes as much. */
  private static final int UNSURE = AVPROBE_SCORE_RETRY + 1;

  private static final Interrupt INTERRUPT = new Interrupt();

  private AVIOContext bytes;
  private AVFormatContext context;
  private ContainerFormat format;
  private UnusableVideoException tooLarge;

  private Container() {}

  /**
   * Opens a file and looks into its first packets for what the header leaves out.
   *
   * @throws UncheckedIOException if the file is missing or cannot be read
   */
  static Container open(Path file, DecodeLimits limits)
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
    Container container = new Container();
    try {
      container.openBytes(file);
      container.readHeader(container.probe(file));
      container.forgetLargeSizes(limits); // before a decoder looks at a picture
      container.findStreamInfo(limits);
      return container;
    } catch (Throwable e) {
      container.close();
      throw e;
    }
  }

  private void openBytes(Path file) throws UnusableVideoException, InterruptedException {
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
      Deadline.check();
      throw new UncheckedIOException(
          new IOException(file + " cannot be read: " + Ffmpeg.message(error)));
    }
  }

  /** Tells the container by the file's content. */
  private AVInputFormat probe(Path file) throws UnusableVideoException, InterruptedException {
    AVInputFormat format = new AVInputFormat(null);
    int score = av_probe_input_buffer2(bytes, format, "", null, 0, 0);
    // What MPEG-TS carries looks like a program stream that begins somewhere.
    if (score < UNSURE || format.name().getString().equals("mpeg")) {
      Deadline.check();
      String name = UnprobedFormat.of(file);
      if (!name.isEmpty()) {
        return av_find_input_format(name);
      }
    }
    if (score < 0 || format.isNull()) {
      String kind = kind(file);
      throw new UnusableVideoException(
          DecodeReason.NOT_A_VIDEO,
          kind.isEmpty() ? "its content is in no known container" : "it is " + kind);
    }
    String name = format.name().getString();
    if (name.equals("jpeg_pipe")) { // Motion JPEG of pictures with a header as files have it
      return av_find_input_format("mjpeg");
    }
    if (!ContainerFormat.isRead(name)) {
      throw new UnusableVideoException(
          DecodeReason.NOT_A_VIDEO,
          "its content looks like "
              + name
              + ", expected a video container such as mp4, mov, mkv, webm, avi or mpg");
    }
    return format;
  }

  private static String kind(Path file) {
    try (FileChannel channel = FileChannel.open(file)) {
      return FileKind.of(channel);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void readHeader(AVInputFormat format)
      throws UnusableVideoException, InterruptedException {
    String name = format.name().getString();
    this.format = new ContainerFormat(name, (format.flags() & AVFMT_TS_DISCONT) != 0);
    context = avformat_alloc_context();
    context.pb(bytes);
    context.interrupt_callback().callback(INTERRUPT);
    AVDictionary options = new AVDictionary(null);
    av_dict_set(options, "format_whitelist", name, 0);
    // The bytes are open; nothing else may be.
    av_dict_set(options, "protocol_whitelist", "none", 0);
    av_dict_set(options, "max_streams", Integer.toString(MAX_STREAMS), 0);
    av_dict_set(options, "probesize", "5000000", 0);
    av_dict_set(options, "analyzeduration", "5000000", 0);
    int error = avformat_open_input(context, (String) null, format, options);
    av_dict_free(options);
    if (error < 0) {
      context = null; // freed by the call
      Deadline.check();
      throw new UnusableVideoException(
          DecodeReason.CORRUPT,
          "its "
              + this.format.name()
              + " header is missing, cut off or damaged: "
              + Ffmpeg.message(error));
    }
  }

  /** Looks into the first packets for what the header leaves out, within the limits on pictures. */
  private void findStreamInfo(DecodeLimits limits)
      throws UnusableVideoException, InterruptedException {
    int streams = context.nb_streams();
    List<KnownTrack> known = new ArrayList<>();
    int error;
    try (PointerPointer<AVDictionary> options = new PointerPointer<>(Math.max(1, streams))) {
      for (int i = 0; i < streams; i++) {
        AVDictionary dictionary = new AVDictionary(null);
        av_dict_set(dictionary, "max_pixels", Long.toString(limits.maxPicturePixels()), 0);
        av_dict_set(dictionary, "threads", "1", 0);
        // Up to 20 pictures are decoded for what is known of them, and nobody sees them.
        av_dict_set(dictionary, "skip_loop_filter", "all", 0);
        Optional<KnownTrack> track =
            format.isMov() ? KnownTrack.of(context.streams(i).codecpar()) : Optional.empty();
        if (track.isPresent()) {
          known.add(track.get());
          av_dict_set(dictionary, "codec_whitelist", "none", 0); // no decoder has to look
        }
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
      Deadline.check();
      throw new UnusableVideoException(
          DecodeReason.CORRUPT, "its streams cannot be read: " + Ffmpeg.message(error));
    }
    known.forEach(KnownTrack::complete);
  }

  /**
   * Forgets sizes by the header that are larger than allowed, and remembers the first in case that
   * no decoder finds another: headers lie.
   */
  private void forgetLargeSizes(DecodeLimits limits) {
    for (int i = 0; i < context.nb_streams(); i++) {
      AVCodecParameters parameters = context.streams(i).codecpar();
      try {
        limits.checkPicture(parameters.width(), parameters.height());
      } catch (UnusableVideoException e) {
        tooLarge = tooLarge == null && TrackChoice.isVideo(context.streams(i)) ? e : tooLarge;
        parameters.width(0);
        parameters.height(0);
      }
    }
  }

  /**
   * What to say of a video that gave no picture.
   *
   * @param otherwise what to say if its header did not promise larger pictures than allowed
   */
  UnusableVideoException noPicture(UnusableVideoException otherwise) {
    return tooLarge == null ? otherwise : tooLarge;
  }

  AVFormatContext context() {
    return context;
  }

  /** Short name, such as {@code mp4} or {@code matroska}. */
  String name() {
    if (!format.isMov()) {
      return format.name();
    }
    AVDictionaryEntry brand = av_dict_get(context.metadata(), "major_brand", null, 0);
    String major = brand == null ? "qt" : brand.value().getString().strip();
    return major.equals("qt") ? "mov" : major.startsWith("3g") ? "3gp" : "mp4";
  }

  ContainerFormat format() {
    return format;
  }

  @Override
  public void close() {
    if (context != null) {
      avformat_close_input(context);
      context = null;
    }
    if (bytes != null) {
      avio_closep(bytes);
      bytes = null;
    }
  }

  private static final class Interrupt extends AVIOInterruptCB.Callback_Pointer {
    @Override
    public int call(Pointer opaque) {
      return Deadline.reached() ? 1 : 0;
    }
  }
}
