package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_DISPLAYMATRIX;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_rescale_ts;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_side_data_new;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_from_context;
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
import static org.bytedeco.ffmpeg.global.avutil.av_dict_free;
import static org.bytedeco.ffmpeg.global.avutil.av_display_rotation_set;

import io.clipstream.model.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avcodec.AVPacketSideData;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;

/** A file that is being written, with one video track. Owns native memory. One thread. */
final class EncodedFile implements AutoCloseable {
  private final Path file;
  private final AVFormatContext format = new AVFormatContext(null);
  private AVStream stream;

  /**
   * Chooses the container by the file's suffix; nothing is written yet.
   *
   * @throws UserError if no container has the suffix
   */
  EncodedFile(Path file) {
    this.file = file;
    byte[] url = ("file:" + file.toAbsolutePath()).getBytes(StandardCharsets.UTF_8);
    int error;
    try (BytePointer name = new BytePointer(Arrays.copyOf(url, url.length + 1))) {
      error = avformat_alloc_output_context2(format, null, null, name);
    }
    if (error < 0) {
      throw new UserError(
          "no container has the suffix of " + file.getFileName() + ": " + Ffmpeg.message(error));
    }
  }

  /** Whether the encoder's header goes into the container's. */
  boolean wantsGlobalHeader() {
    return (format.oformat().flags() & AVFMT_GLOBALHEADER) != 0;
  }

  /**
   * Creates the file and writes its header.
   *
   * @param codec the open encoder
   * @throws IOException if the file cannot be written
   * @throws UserError if the container refuses what the encoder makes
   */
  void begin(AVCodecContext codec, VideoEncoder.Settings settings) throws IOException {
    stream = avformat_new_stream(format, null);
    stream.time_base(codec.time_base());
    stream.avg_frame_rate(codec.framerate());
    stream.sample_aspect_ratio(codec.sample_aspect_ratio());
    if (avcodec_parameters_from_context(stream.codecpar(), codec) < 0) {
      throw new OutOfMemoryError("no native memory for the codec's parameters");
    }
    if (settings.rotation() != 0) {
      addRotation(stream.codecpar(), settings.rotation());
    }
    writeHeader(settings.formatOptions(), settings.toString());
  }

  /**
   * The same for packets that no encoder here made.
   *
   * @param timeBase of their times
   * @param describe says what is in them
   */
  void begin(AVRational timeBase, Consumer<AVCodecParameters> describe) throws IOException {
    stream = avformat_new_stream(format, null);
    stream.time_base(timeBase);
    describe.accept(stream.codecpar());
    writeHeader(Map.of(), "packets as they are");
  }

  private void writeHeader(Map<String, String> formatOptions, String what) throws IOException {
    AVIOContext bytes = new AVIOContext(null);
    int error = avio_open(bytes, format.url(), AVIO_FLAG_WRITE);
    if (error < 0) {
      throw new IOException(file + " cannot be written: " + Ffmpeg.message(error));
    }
    format.pb(bytes);
    AVDictionary options = Ffmpeg.dictionary(formatOptions);
    error = avformat_write_header(format, options);
    av_dict_free(options);
    if (bytes.error() < 0) { // no room, say: the container refuses nothing then
      throw new IOException(file + " cannot be written: " + Ffmpeg.message(bytes.error()));
    }
    if (error < 0) {
      throw new UserError(
          "container "
              + format.oformat().name().getString()
              + " refuses "
              + what
              + ": "
              + Ffmpeg.message(error));
    }
  }

  private static void addRotation(AVCodecParameters parameters, int degrees) {
    try (AVPacketSideData list = new AVPacketSideData(parameters.coded_side_data());
        IntPointer count = new IntPointer(1)) {
      count.put(parameters.nb_coded_side_data());
      AVPacketSideData added =
          av_packet_side_data_new(list, count, AV_PKT_DATA_DISPLAYMATRIX, 36, 0);
      if (added == null) {
        throw new OutOfMemoryError("no native memory for the display matrix");
      }
      // libavutil counts counter-clockwise, and its getter's sign is the setter's turned round.
      av_display_rotation_set(new IntPointer(added.data()), degrees);
      parameters.coded_side_data(list);
      parameters.nb_coded_side_data(count.get());
    }
  }

  /**
   * Writes a packet, which is empty then.
   *
   * @param timeBase of its times
   */
  void write(AVPacket packet, AVRational timeBase) throws IOException {
    packet.stream_index(stream.index());
    if (packet.duration() == 0) {
      packet.duration(1);
    }
    av_packet_rescale_ts(packet, timeBase, stream.time_base());
    int written = av_interleaved_write_frame(format, packet);
    av_packet_unref(packet);
    if (written < 0) {
      throw new IOException(file + " cannot be written: " + Ffmpeg.message(written));
    }
  }

  /** Writes what comes after the last packet. */
  void finish() throws IOException {
    int error = av_write_trailer(format);
    if (error < 0) {
      throw new IOException(file + " cannot be finished: " + Ffmpeg.message(error));
    }
  }

  @Override
  public void close() {
    if (format.pb() != null) {
      avio_closep(format.pb());
      format.pb(null);
    }
    avformat_free_context(format);
  }
}
