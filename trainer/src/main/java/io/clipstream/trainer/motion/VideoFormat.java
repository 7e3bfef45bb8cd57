package io.clipstream.trainer.motion;

import io.clipstream.model.UserError;
import io.clipstream.model.clip.VideoEncoder;
import java.util.Map;

/**
 * How a video is encoded.
 *
 * @param container file name extension, such as {@code mp4}
 * @param codec FFmpeg's name of the encoder, such as {@code libopenh264}
 */
public record VideoFormat(String container, String codec) {
  /** Reads {@code container/codec}. */
  public static VideoFormat parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 1 || slash == text.length() - 1) {
      throw new UserError(
          "video format is " + text + ", expected container/codec such as mp4/libopenh264");
    }
    VideoFormat format = new VideoFormat(text.substring(0, slash), text.substring(slash + 1));
    if (!VideoEncoder.isAvailable(format.container, format.codec)) {
      throw new UserError(
          "FFmpeg here has no container "
              + format.container
              + " or no encoder "
              + format.codec
              + ", expected such as mp4/libopenh264");
    }
    return format;
  }

  /**
   * The encoder's settings: a key frame every 2 s, as fast as the encoder can.
   *
   * @param framesPerSecond kept to 1/1000
   * @param bitsPerPixel asked of the encoder per pixel and frame; sets MJPEG's quantiser instead,
   *     which has no rate control
   */
  VideoEncoder.Settings settings(
      int width, int height, double framesPerSecond, double bitsPerPixel) {
    VideoEncoder.Settings settings =
        VideoEncoder.Settings.of(codec, width, height, 1)
            .withRate((int) Math.round(framesPerSecond * 1000), 1000)
            .withKeyInterval((int) Math.round(framesPerSecond * 2))
            .withBitRate(Math.round(bitsPerPixel * width * height * framesPerSecond));
    return switch (codec) {
      case "mjpeg" -> {
        int quantiser = (int) Math.round(Math.max(2, Math.min(24, 2.5 / bitsPerPixel)));
        yield settings
            .withBitRate(0)
            .withCodecOptions(
                Map.of("qmin", String.valueOf(quantiser), "qmax", String.valueOf(quantiser)));
      }
      case "libvpx", "libvpx-vp9" ->
          settings.withCodecOptions(Map.of("deadline", "realtime", "cpu-used", "8"));
      default -> settings;
    };
  }

  @Override
  public String toString() {
    return container + "/" + codec;
  }
}
