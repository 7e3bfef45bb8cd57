package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.av_parser_close;
import static org.bytedeco.ffmpeg.global.avcodec.av_parser_init;
import static org.bytedeco.ffmpeg.global.avcodec.av_parser_parse2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_to_context;

import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParserContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;

/** The size of pictures that the packets themselves announce. */
final class AnnouncedSize {
  /** A macro of libavcodec/avcodec.h that the Java presets leave out. */
  private static final int PARSER_FLAG_COMPLETE_FRAMES = 1;

  private static final int PACKETS = 16;

  private AnnouncedSize() {}

  /**
   * Throws if the first packets announce pictures larger than allowed: the reason why a decoder
   * refuses them, in codecs whose containers leave the size out. Reads from the start of the file.
   */
  static void check(VideoSource source, DecodeLimits limits)
      throws UnusableVideoException, InterruptedException {
    source.restart();
    AVCodecParserContext parser = av_parser_init(source.track().codecId());
    if (parser == null) {
      return;
    }
    AVCodecContext scratch = avcodec_alloc_context3(null);
    try (PointerPointer<BytePointer> out = new PointerPointer<>(1);
        IntPointer outSize = new IntPointer(1)) {
      parser.flags(PARSER_FLAG_COMPLETE_FRAMES);
      avcodec_parameters_to_context(scratch, source.track().parameters());
      for (int i = 0; i < PACKETS && source.next(); i++) {
        AVPacket packet = source.packet();
        av_parser_parse2(
            parser, scratch, out, outSize, packet.data(), packet.size(), 0, 0, packet.pos());
        limits.checkPicture(parser.width(), parser.height());
        limits.checkPicture(scratch.width(), scratch.height());
      }
    } finally {
      av_parser_close(parser);
      avcodec_free_context(scratch);
    }
  }
}
