package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_UNSPECIFIED;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_UNSPECIFIED;
import static org.bytedeco.ffmpeg.global.avutil.AV_FRAME_CROP_UNALIGNED;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ411P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ422P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ440P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ444P;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_apply_cropping;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_ref;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_unref;
import static org.bytedeco.ffmpeg.global.avutil.av_get_pix_fmt_name;
import static org.bytedeco.ffmpeg.global.avutil.av_pix_fmt_desc_get;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BILINEAR;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_DEFAULT;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_ITU709;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_getContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVPixFmtDescriptor;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;

/**
 * Turns decoded pictures into the square RGB crops of a clip: one pass of swscale over the part of
 * the picture that is needed, bilinear (which averages when it shrinks), from which the square is
 * cut; then the turn of the display matrix. Owns its native memory, a scaled part a crop. One
 * thread.
 *
 * <p>Colours follow what the stream says. Where it says nothing, as players do: BT.709 from 1280 x
 * 577 up, else BT.601; limited range.
 */
final class PictureScaler implements AutoCloseable {
  private final ClipSpec spec;
  private final Crop[] crops;
  private final AVFrame part = av_frame_alloc();

  PictureScaler(ClipSpec spec, int crops) {
    this.spec = spec;
    this.crops = new Crop[crops];
    for (int i = 0; i < crops; i++) {
      this.crops[i] = new Crop(spec.crop());
    }
  }

  /** What decides how a picture is converted; a change in the middle of a video makes a new one. */
  private record Source(
      int width,
      int height,
      int format,
      double pixelAspect,
      Orientation orientation,
      int colorSpace,
      boolean fullRange) {}

  /** Converts the picture into all crops, which stay until the next call. */
  void scale(AVFrame frame, double pixelAspect, Orientation orientation)
      throws UnusableVideoException {
    Source source =
        new Source(
            frame.width(),
            frame.height(),
            frame.format(),
            pixelAspect,
            orientation,
            colorSpace(frame),
            fullRange(frame));
    for (int i = 0; i < crops.length; i++) {
      crops[i].scale(frame, source, i);
    }
  }

  /** Copies a crop's {@code S * S * 3} bytes. */
  void copy(int crop, ByteBuffer to, int offset) {
    crops[crop].copy(to, offset);
  }

  @Override
  public void close() {
    for (Crop crop : crops) {
      crop.close();
    }
    av_frame_free(part);
  }

  private static int colorSpace(AVFrame frame) {
    int space = frame.colorspace();
    if (space != AVCOL_SPC_UNSPECIFIED) {
      return space;
    }
    return frame.width() >= 1280 || frame.height() > 576 ? SWS_CS_ITU709 : SWS_CS_DEFAULT;
  }

  private static boolean fullRange(AVFrame frame) {
    if (frame.color_range() != AVCOL_RANGE_UNSPECIFIED) {
      return frame.color_range() == AVCOL_RANGE_JPEG;
    }
    int format = frame.format();
    return format == AV_PIX_FMT_YUVJ420P
        || format == AV_PIX_FMT_YUVJ422P
        || format == AV_PIX_FMT_YUVJ444P
        || format == AV_PIX_FMT_YUVJ440P
        || format == AV_PIX_FMT_YUVJ411P;
  }

  private final class Crop implements AutoCloseable {
    private final int side;
    private final AVFrame scaled = av_frame_alloc(); // the part of the picture around the square
    private ByteBuffer pixels;
    private int stride;
    private final byte[] turned;
    private final byte[] row;
    private SwsContext context;
    private Source source;
    private CropGeometry.Part geometry;

    Crop(int side) {
      this.side = side;
      turned = new byte[side * side * 3];
      row = new byte[side * 3];
    }

    void scale(AVFrame frame, Source now, int index) throws UnusableVideoException {
      if (!now.equals(source)) {
        configure(now, index);
      }
      try {
        if (av_frame_ref(part, frame) < 0) {
          throw new OutOfMemoryError("no native memory to refer to a picture");
        }
        part.crop_left(geometry.x()).crop_top(geometry.y());
        part.crop_right(now.width() - geometry.x() - geometry.width());
        part.crop_bottom(now.height() - geometry.y() - geometry.height());
        av_frame_apply_cropping(part, AV_FRAME_CROP_UNALIGNED);
        if (sws_scale(
                context,
                part.data(),
                part.linesize(),
                0,
                geometry.height(),
                scaled.data(),
                scaled.linesize())
            != geometry.scaledHeight()) {
          throw new UnusableVideoException(DecodeReason.CORRUPT, "a picture cannot be scaled");
        }
      } finally {
        av_frame_unref(part);
      }
      if (!now.orientation().upright()) {
        turn(now.orientation());
      }
    }

    private void configure(Source now, int index) throws UnusableVideoException {
      AVPixFmtDescriptor format = av_pix_fmt_desc_get(now.format());
      geometry =
          CropGeometry.part(
              spec,
              now.width(),
              now.height(),
              now.pixelAspect(),
              now.orientation(),
              1 << format.log2_chroma_w(),
              1 << format.log2_chroma_h(),
              index,
              crops.length);
      closeContext();
      context =
          sws_getContext(
              geometry.width(),
              geometry.height(),
              now.format(),
              geometry.scaledWidth(),
              geometry.scaledHeight(),
              AV_PIX_FMT_RGB24,
              SWS_BILINEAR,
              null,
              null,
              (DoublePointer) null);
      if (context == null) {
        throw new UnusableVideoException(
            DecodeReason.UNSUPPORTED_CODEC,
            "pictures of pixel format "
                + av_get_pix_fmt_name(now.format()).getString()
                + " cannot be converted to RGB");
      }
      sws_setColorspaceDetails(
          context,
          sws_getCoefficients(now.colorSpace()),
          now.fullRange() ? 1 : 0,
          sws_getCoefficients(SWS_CS_DEFAULT),
          1,
          0,
          1 << 16,
          1 << 16);
      // swscale writes whole vectors, past the end of a row that is not a multiple of them: it gets
      // a padded picture of its own, never a clip's memory.
      av_frame_unref(scaled);
      scaled.format(AV_PIX_FMT_RGB24).width(geometry.scaledWidth()).height(geometry.scaledHeight());
      if (av_frame_get_buffer(scaled, 64) < 0) {
        throw new OutOfMemoryError(
            "no native memory for a picture of "
                + geometry.scaledWidth()
                + " x "
                + geometry.scaledHeight());
      }
      stride = scaled.linesize(0);
      pixels =
          new BytePointer(scaled.data(0))
              .capacity((long) stride * geometry.scaledHeight())
              .asByteBuffer();
      source = now;
    }

    /** Where a row of the square begins. */
    private int at(int y) {
      return (geometry.cutY() + y) * stride + geometry.cutX() * 3;
    }

    private void turn(Orientation orientation) {
      for (int y = 0; y < side; y++) {
        pixels.get(at(y), row);
        int along = orientation.flipY() ? side - 1 - y : y;
        for (int x = 0; x < side; x++) {
          int across = orientation.flipX() ? side - 1 - x : x;
          int to = 3 * (orientation.swap() ? across * side + along : along * side + across);
          turned[to] = row[3 * x];
          turned[to + 1] = row[3 * x + 1];
          turned[to + 2] = row[3 * x + 2];
        }
      }
    }

    void copy(ByteBuffer to, int offset) {
      if (source.orientation().upright()) {
        for (int y = 0; y < side; y++) {
          to.put(offset + y * side * 3, pixels, at(y), side * 3);
        }
      } else {
        to.put(offset, turned);
      }
    }

    private void closeContext() {
      if (context != null) {
        sws_freeContext(context);
        context = null;
      }
    }

    @Override
    public void close() {
      closeContext();
      av_frame_free(scaled);
    }
  }
}
