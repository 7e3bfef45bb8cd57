package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_GRAY8;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV422P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ422P;
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
import org.bytedeco.javacpp.PointerPointer;

/**
 * Converts pictures of one format to RGB of the same size, with swscale: an area of them, if that
 * gives the same pixels as the whole. Owns the RGB picture. One thread.
 */
final class RgbConversion implements AutoCloseable {
  private final PictureArea area; // what is converted
  private final boolean halfRows; // a row of chroma for two of luma
  private final SwsContext context;
  private final AVFrame rgb = av_frame_alloc();
  private final PointerPointer<BytePointer> planes; // of the area; null if it is the whole
  private final BytePointer start;
  private final ByteBuffer pixels;
  private final int stride;
  private final byte[] levels; // what each value of grey is shown as; null where it stays

  /**
   * @param needed what will be asked for
   */
  RgbConversion(PictureFormat format, PictureArea needed) throws UnusableVideoException {
    boolean whole = !convertsEachPixelAlone(format);
    area =
        whole
            ? new PictureArea(0, 0, format.width(), format.height())
            : needed.even(format.width(), format.height());
    int pixelFormat = format.pixelFormat();
    levels = pixelFormat == AV_PIX_FMT_GRAY8 && !format.fullRange() ? levels() : null;
    halfRows = pixelFormat == AV_PIX_FMT_YUV420P || pixelFormat == AV_PIX_FMT_YUVJ420P;
    // swscale writes whole vectors, past the end of a row that is not a multiple of them: it gets
    // a padded picture of its own, never a clip's memory.
    rgb.format(AV_PIX_FMT_RGB24).width(area.width()).height(area.height());
    if (av_frame_get_buffer(rgb, 64) < 0) {
      av_frame_free(rgb);
      throw new OutOfMemoryError(
          "no native memory for a picture of " + area.width() + " x " + area.height());
    }
    stride = rgb.linesize(0);
    start = rgb.data(0);
    pixels = start.capacity((long) stride * area.height()).asByteBuffer();
    context =
        sws_getContext(
            area.width(),
            area.height(),
            pixelFormat,
            area.width(),
            area.height(),
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
              + av_get_pix_fmt_name(pixelFormat).getString()
              + " cannot be converted to RGB");
    }
    planes = whole ? null : new PointerPointer<>(4L);
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

  /**
   * Whether swscale makes a pixel of its luma and of the chroma that it shares with its neighbours,
   * and of nothing else: then it does not matter what is around it. Of an odd height it
   * interpolates chroma.
   */
  private static boolean convertsEachPixelAlone(PictureFormat format) {
    int pixels = format.pixelFormat();
    boolean halved =
        pixels == AV_PIX_FMT_YUV420P
            || pixels == AV_PIX_FMT_YUVJ420P
            || pixels == AV_PIX_FMT_YUV422P
            || pixels == AV_PIX_FMT_YUVJ422P;
    return halved && format.height() % 2 == 0;
  }

  /** Converts a picture of the size and format that this was made for. */
  void convert(AVFrame picture) throws UnusableVideoException {
    PointerPointer<?> from = picture.data();
    if (planes != null) {
      place(picture, 0, area.x(), area.y());
      place(picture, 1, area.x() / 2, halfRows ? area.y() / 2 : area.y());
      place(picture, 2, area.x() / 2, halfRows ? area.y() / 2 : area.y());
      from = planes;
    }
    if (sws_scale(context, from, picture.linesize(), 0, area.height(), rgb.data(), rgb.linesize())
        != area.height()) {
      throw new UnusableVideoException(
          DecodeReason.CORRUPT, "a picture cannot be converted to RGB");
    }
    if (levels != null) {
      for (int i = 0; i < pixels.limit(); i++) {
        pixels.put(i, levels[pixels.get(i) & 0xff]);
      }
    }
  }

  /** From limited to full range, which swscale does not do for grey of 8 bits. */
  private static byte[] levels() {
    byte[] levels = new byte[256];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) Math.max(0, Math.min(255, Math.round((i - 16) * 255 / 219.0)));
    }
    return levels;
  }

  private void place(AVFrame picture, int plane, int x, int y) {
    planes.put(plane, picture.data(plane).position((long) y * picture.linesize(plane) + x));
  }

  /** Copies {@code count} pixels of row {@code y} from column {@code x} on: three bytes each. */
  void copy(int x, int y, int count, byte[] to) {
    pixels.get((y - area.y()) * stride + 3 * (x - area.x()), to, 0, 3 * count);
  }

  /**
   * Where the picture's first pixel is in memory, or would be if it was converted. At least 32
   * bytes behind the last pixel that is there can be read (av_frame_get_buffer).
   */
  long address() {
    return start.address() - (long) area.y() * stride - 3L * area.x();
  }

  /** Bytes from a row to the next. */
  int stride() {
    return stride;
  }

  @Override
  public void close() {
    sws_freeContext(context);
    av_frame_free(rgb);
    if (planes != null) {
      planes.close();
    }
  }
}
