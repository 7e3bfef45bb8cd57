package io.clipstream.model.clip;

import java.util.Arrays;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Makes the crops of a clip from pictures of one format: the picture becomes RGB in its own size,
 * then the pixels of the crops are interpolated, down and across. Owns native memory. One thread.
 */
final class Resizer implements AutoCloseable {
  private final int width; // of a crop, in the stored picture's orientation; also height
  private final int height;
  private final ResizeWeights[] columns;
  private final ResizeWeights[] rows;
  private final RgbConversion picture;
  private final byte[] row; // the needed part of a row of the picture
  private final int[] sums; // the same part, interpolated down, in units of 1/2048

  Resizer(ClipSpec spec, PictureFormat format, int crops) throws UnusableVideoException {
    columns = new ResizeWeights[crops];
    rows = new ResizeWeights[crops];
    CropGeometry.Part at = null;
    for (int i = 0; i < crops; i++) {
      at = CropGeometry.part(spec, format, i, crops);
      columns[i] =
          new ResizeWeights(format.width(), at.scaledWidth(), at.x(), at.width(), spec.antialias());
      rows[i] =
          new ResizeWeights(
              format.height(), at.scaledHeight(), at.y(), at.height(), spec.antialias());
    }
    width = at.width();
    height = at.height();
    int longest = Arrays.stream(columns).mapToInt(ResizeWeights::length).max().getAsInt();
    row = new byte[3 * longest];
    sums = new int[3 * longest];
    picture = new RgbConversion(format);
  }

  /**
   * Scales a picture and cuts the crops out.
   *
   * @param crops RGB uint8 {@code [H, W, 3]} each, in the stored picture's orientation
   */
  void resize(AVFrame frame, byte[][] crops) throws UnusableVideoException {
    picture.convert(frame);
    for (int i = 0; i < crops.length; i++) {
      for (int y = 0; y < height; y++) {
        interpolateDown(rows[i], y, columns[i]);
        interpolateAcross(columns[i], crops[i], y * width * 3);
      }
    }
  }

  private void interpolateDown(ResizeWeights down, int y, ResizeWeights across) {
    int length = 3 * across.length();
    for (int k = 0; k < down.count(y); k++) {
      picture.copy(across.start(), down.first(y) + k, across.length(), row);
      int weight = down.weight(y, k);
      if (k == 0) {
        for (int i = 0; i < length; i++) {
          sums[i] = weight * (row[i] & 0xff);
        }
      } else {
        for (int i = 0; i < length; i++) {
          sums[i] += weight * (row[i] & 0xff);
        }
      }
    }
  }

  private void interpolateAcross(ResizeWeights across, byte[] crop, int to) {
    int half = 1 << ((2 * ResizeWeights.BITS) - 1);
    for (int x = 0; x < width; x++) {
      int red = half;
      int green = half;
      int blue = half;
      int from = 3 * (across.first(x) - across.start());
      for (int k = 0; k < across.count(x); k++, from += 3) {
        int weight = across.weight(x, k);
        red += weight * sums[from];
        green += weight * sums[from + 1];
        blue += weight * sums[from + 2];
      }
      crop[to++] = (byte) (red >> (2 * ResizeWeights.BITS));
      crop[to++] = (byte) (green >> (2 * ResizeWeights.BITS));
      crop[to++] = (byte) (blue >> (2 * ResizeWeights.BITS));
    }
  }

  @Override
  public void close() {
    picture.close();
  }
}
