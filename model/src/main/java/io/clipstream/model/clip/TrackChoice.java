package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_NONE;
import static org.bytedeco.ffmpeg.global.avformat.AV_DISPOSITION_ATTACHED_PIC;
import static org.bytedeco.ffmpeg.global.avformat.AV_DISPOSITION_DEFAULT;
import static org.bytedeco.ffmpeg.global.avformat.AV_DISPOSITION_STILL_IMAGE;
import static org.bytedeco.ffmpeg.global.avformat.AV_DISPOSITION_TIMED_THUMBNAILS;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_AUDIO;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_DATA;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_UNKNOWN;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_VIDEO;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVStream;

/** Which of a container's tracks are video, in the order in which they come into question. */
final class TrackChoice {
  private TrackChoice() {}

  /**
   * The video tracks, the one marked as default first, the larger before the smaller.
   *
   * @param containerName for messages
   * @throws UnusableVideoException if there is no video track
   */
  static List<VideoTrack> candidates(AVFormatContext context, String containerName)
      throws UnusableVideoException {
    List<AVStream> streams = new ArrayList<>();
    for (int i = 0; i < context.nb_streams(); i++) {
      if (isVideo(context.streams(i))) {
        streams.add(context.streams(i));
      }
    }
    if (streams.isEmpty()) {
      throw none(context, containerName);
    }
    streams.sort(
        Comparator.comparing((AVStream s) -> (s.disposition() & AV_DISPOSITION_DEFAULT) == 0)
            .thenComparing(s -> -(long) s.codecpar().width() * s.codecpar().height()));
    return streams.stream().map(stream -> new VideoTrack(context, stream)).toList();
  }

  private static UnusableVideoException none(AVFormatContext context, String containerName) {
    if (!anyDescribed(context)) {
      return new UnusableVideoException(
          DecodeReason.CORRUPT,
          "its "
              + containerName
              + " header is cut off or damaged: it describes "
              + (context.nb_streams() == 0 ? "no streams" : "none of its streams"));
    }
    Set<String> others = new TreeSet<>();
    for (int i = 0; i < context.nb_streams(); i++) {
      int type = context.streams(i).codecpar().codec_type();
      others.add(
          type == AVMEDIA_TYPE_AUDIO
              ? "sound"
              : type == AVMEDIA_TYPE_VIDEO ? "a still picture" : "other data");
    }
    return new UnusableVideoException(
        DecodeReason.NO_VIDEO_STREAM, "it holds " + String.join(" and ", others) + " but no video");
  }

  /** Whether the header says of any stream what is in it: not if it was cut off before that. */
  private static boolean anyDescribed(AVFormatContext context) {
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

  /** Whether a stream holds moving pictures, not a cover or a thumbnail. */
  static boolean isVideo(AVStream stream) {
    int still =
        AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS | AV_DISPOSITION_STILL_IMAGE;
    return stream.codecpar().codec_type() == AVMEDIA_TYPE_VIDEO
        && (stream.disposition() & still) == 0;
  }
}
