package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_MPEG;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ420P;

import java.util.Optional;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avutil.AVRational;

/**
 * A track of which the container's header says all that FFmpeg would decode pictures for: of H.264
 * it decodes up to twenty, tens of milliseconds, to learn the pixel format and by how many pictures
 * they are reordered.
 */
final class KnownTrack {
  private final AVCodecParameters parameters;
  private final H264Sequence sequence;

  private KnownTrack(AVCodecParameters parameters, H264Sequence sequence) {
    this.parameters = parameters;
    this.sequence = sequence;
  }

  /**
   * Of H.264 in MP4, MOV and their kin, whose index tells when each picture is shown, so that
   * FFmpeg knows the reordering from it; or whose parameters say that there is none.
   *
   * @param parameters as the container's header left them
   * @return empty if only decoding tells
   */
  static Optional<KnownTrack> of(AVCodecParameters parameters) {
    if (parameters.codec_id() != AV_CODEC_ID_H264) {
      return Optional.empty();
    }
    return H264Sequence.only(VideoTrack.header(parameters))
        .filter(sequence -> sequence.chroma() == 1 && sequence.bits() == 8)
        .filter(sequence -> sequence.width() == parameters.width())
        .filter(sequence -> sequence.height() == parameters.height())
        .filter(
            sequence -> parameters.video_delay() > 0 || sequence.reordered().equals(Optional.of(0)))
        .map(sequence -> new KnownTrack(parameters, sequence));
  }

  /** Adds what a decoder would have told. */
  void complete() {
    // A decoder that is kept would begin anew if it were told another than its stream tells.
    AVRational aspect = new AVRational();
    aspect.num(sequence.pixelAspect().numerator()).den(sequence.pixelAspect().denominator());
    parameters.sample_aspect_ratio(aspect);
    sequence
        .fullRange()
        .ifPresent(full -> parameters.color_range(full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG));
    sequence
        .colours()
        .ifPresent(
            colours -> {
              parameters.color_primaries(colours.primaries());
              parameters.color_trc(colours.transfer());
              parameters.color_space(colours.matrix());
            });
    parameters.video_delay(Math.max(parameters.video_delay(), sequence.reordered().orElse(0)));
    parameters.format(
        parameters.color_range() == AVCOL_RANGE_JPEG ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P);
  }
}
