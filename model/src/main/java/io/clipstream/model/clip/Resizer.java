package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Makes the crops of a clip from pictures of one format: what the crops need of the picture becomes
 * RGB in its own size, then their pixels are interpolated. Owns native memory. One thread.
 */
final class Resizer implements AutoCloseable {
  private final CropScaler[] crops;
  private final RgbConversion picture;

  Resizer(ClipSpec spec, PictureFormat format, int count) throws UnusableVideoException {
    ResizeWeights[] columns = new ResizeWeights[count];
    ResizeWeights[] rows = new ResizeWeights[count];
    for (int i = 0; i < count; i++) {
      CropGeometry.Part at = CropGeometry.part(spec, format, i, count);
      boolean antialias = spec.antialias();
      columns[i] =
          new ResizeWeights(format.width(), at.scaledWidth(), at.x(), at.width(), antialias);
      rows[i] =
          new ResizeWeights(format.height(), at.scaledHeight(), at.y(), at.height(), antialias);
    }
    picture = new RgbConversion(format, PictureArea.of(columns, rows));
    crops = new CropScaler[count];
    for (int i = 0; i < count; i++) {
      crops[i] = CropScaler.of(columns[i], rows[i]);
    }
  }

  /** Scales a picture and cuts the crops out. */
  void resize(AVFrame frame) throws UnusableVideoException {
    picture.convert(frame);
    for (CropScaler crop : crops) {
      crop.scale(picture);
    }
  }

  /** A crop of the last picture: RGB uint8 {@code [H, W, 3]}, in the stored orientation. */
  ByteBuffer pixels(int crop) {
    return crops[crop].pixels();
  }

  @Override
  public void close() {
    for (CropScaler crop : crops) {
      crop.close();
    }
    picture.close();
  }
}
