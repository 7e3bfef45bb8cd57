package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_UNSPECIFIED;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_UNSPECIFIED;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_GRAY8;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ411P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ422P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ440P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ444P;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_DEFAULT;

import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * What decides how a decoded picture becomes RGB; it may change in the middle of a video.
 *
 * <p>Colours follow what the stream says. Where it says nothing, BT.601 and limited range, whatever
 * the size: so do the pipelines on FFmpeg (PyAV, OpenCV, decord) that networks are trained with.
 * Grey of 8 bits alone is of full range where nothing is said, with them as well. Nor is it
 * regarded where chroma lies between the pixels of luma, or that it belongs to one field of an
 * interlaced picture: OpenCV and decord convert with {@code sws_scale}, which is not told.
 *
 * @param width of the stored picture
 * @param height of the stored picture
 * @param pixelFormat FFmpeg's
 * @param pixelAspect width of a stored pixel over its height
 * @param orientation how the stored picture is turned for display
 * @param colorSpace FFmpeg's number of the matrix
 * @param fullRange whether luma spans 0 to 255 instead of 16 to 235
 */
record PictureFormat(
    int width,
    int height,
    int pixelFormat,
    double pixelAspect,
    Orientation orientation,
    int colorSpace,
    boolean fullRange) {

  static PictureFormat of(AVFrame frame, double pixelAspect, Orientation orientation) {
    return new PictureFormat(
        frame.width(),
        frame.height(),
        frame.format(),
        pixelAspect,
        orientation,
        frame.colorspace() == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : frame.colorspace(),
        fullRange(frame));
  }

  private static boolean fullRange(AVFrame frame) {
    if (frame.color_range() != AVCOL_RANGE_UNSPECIFIED) {
      return frame.color_range() == AVCOL_RANGE_JPEG;
    }
    int format = frame.format();
    return format == AV_PIX_FMT_GRAY8
        || format == AV_PIX_FMT_YUVJ420P
        || format == AV_PIX_FMT_YUVJ422P
        || format == AV_PIX_FMT_YUVJ444P
        || format == AV_PIX_FMT_YUVJ440P
        || format == AV_PIX_FMT_YUVJ411P;
  }
}
