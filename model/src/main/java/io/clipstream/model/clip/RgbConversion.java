package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_get_pix_fmt_name;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BILINEAR;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_DEFAULT;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_getContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;

/**
 * Converts pictures of one format to RGB of the same size, with swscale. Owns the RGB picture. One
 * thread.
 */
final class RgbConversion implements AutoCloseable {
  private final int height;
  private final SwsContext context;
  private final AVFrame rgb = av_frame_alloc();
  private final ByteBuffer pixels;
  private final int stride;

  RgbConversion(PictureFormat format) throws UnusableVideoException {
    int width = format.width();
    height = format.height();
    // swscale writes whole vectors, past the end of a row that is not a multiple of them: it gets
    // a padded picture of its own, never a clip's memory.
    rgb.format(AV_PIX_FMT_RGB24).width(width).height(height);
    if (av_frame_get_buffer(rgb, 64) < 0) {
      av_frame_free(rgb);
      throw new OutOfMemoryError("no native memory for a picture of " + width + " x " + height);
    }
    stride = rgb.linesize(0);
    pixels = new BytePointer(rgb.data(0)).capacity((long) stride * height).asByteBuffer();
    context =
        sws_getContext(
            width,
            height,
            format.pixelFormat(),
            width,
            height,
            AV_PIX_FMT_RGB24,
            SWS_BILINEAR,
            null,
            null,
            (DoublePointer) null);
    if (context == null) {
      av_frame_free(rgb);
      throw new UnusableVideoException(
          DecodeReason.UNSUPPORTED_CODEC,
          "pictures of pixel format "
              + av_get_pix_fmt_name(format.pixelFormat()).getString()
              + " cannot be converted to RGB");
    }
    sws_setColorspaceDetails(
        context,
        sws_getCoefficients(format.colorSpace()),
        format.fullRange() ? 1 : 0,
        sws_getCoefficients(SWS_CS_DEFAULT),
        1,
        0,
        1 << 16,
        1 << 16);
  }

  /** Converts a picture of the size and format that this was made for. */
  void convert(AVFrame picture) throws UnusableVideoException {
    if (sws_scale(
            context, picture.data(), picture.linesize(), 0, height, rgb.data(), rgb.linesize())
        != height) {
      throw new UnusableVideoException(
          DecodeReason.CORRUPT, "a picture cannot be converted to RGB");
    }
  }

  /** Copies {@code count} pixels of row {@code y} from column {@code x} on: three bytes each. */
  void copy(int x, int y, int count, byte[] to) {
    pixels.get(y * stride + 3 * x, to, 0, 3 * count);
  }

  @Override
  public void close() {
    sws_freeContext(context);
    av_frame_free(rgb);
  }
}
