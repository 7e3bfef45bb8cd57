package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_make_writable;
import static org.bytedeco.ffmpeg.global.avutil.av_get_pix_fmt_name;
import static org.bytedeco.ffmpeg.global.swscale.SWS_ACCURATE_RND;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BICUBIC;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_DEFAULT;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_ITU709;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_getContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import io.clipstream.model.UserError;
import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;

/** RGB pixels, converted into what an encoder takes. Owns native memory. One thread. */
final class EncodedPicture implements AutoCloseable {
  private final int width;
  private final int height;
  private final AVFrame rgb;
  private final AVFrame picture;
  private final SwsContext scaler;

  /**
   * @throws UserError if RGB cannot become the encoder's pixel format
   */
  EncodedPicture(AVCodecContext codec) {
    width = codec.width();
    height = codec.height();
    scaler =
        sws_getContext(
            width,
            height,
            AV_PIX_FMT_RGB24,
            width,
            height,
            codec.pix_fmt(),
            SWS_BICUBIC | SWS_ACCURATE_RND,
            null,
            null,
            (DoublePointer) null);
    if (scaler == null) {
      throw new UserError("RGB cannot become " + av_get_pix_fmt_name(codec.pix_fmt()).getString());
    }
    sws_setColorspaceDetails(
        scaler,
        sws_getCoefficients(SWS_CS_DEFAULT),
        1,
        sws_getCoefficients(codec.colorspace() == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_DEFAULT),
        codec.color_range() == AVCOL_RANGE_JPEG ? 1 : 0,
        0,
        1 << 16,
        1 << 16);
    rgb = frame(AV_PIX_FMT_RGB24);
    picture = frame(codec.pix_fmt());
    picture.color_range(codec.color_range());
    picture.colorspace(codec.colorspace());
  }

  private AVFrame frame(int pixelFormat) {
    AVFrame made = av_frame_alloc();
    made.format(pixelFormat).width(width).height(height);
    if (av_frame_get_buffer(made, 0) < 0) {
      throw new OutOfMemoryError("no native memory for a picture");
    }
    return made;
  }

  /**
   * Converts a picture; the result is the same object each time.
   *
   * @param pixels RGB uint8 {@code [height, width, 3]} from index 0; position and limit stay
   */
  AVFrame of(ByteBuffer pixels) {
    int row = width * 3;
    if (pixels.capacity() < row * height) {
      throw new IllegalArgumentException(
          "the picture has " + pixels.capacity() + " bytes, expected " + row * height);
    }
    int stride = rgb.linesize(0);
    ByteBuffer to = new BytePointer(rgb.data(0)).capacity((long) stride * height).asByteBuffer();
    ByteBuffer all = pixels.duplicate().clear();
    for (int y = 0; y < height; y++) {
      to.put(y * stride, all, y * row, row);
    }
    if (av_frame_make_writable(picture) < 0) {
      throw new OutOfMemoryError("no native memory for a picture");
    }
    sws_scale(scaler, rgb.data(), rgb.linesize(), 0, height, picture.data(), picture.linesize());
    return picture;
  }

  @Override
  public void close() {
    sws_freeContext(scaler);
    av_frame_free(rgb);
    av_frame_free(picture);
  }
}
