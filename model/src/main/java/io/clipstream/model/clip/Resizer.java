package io.clipstream.model.clip;

import java.util.Arrays;
import java.util.function.ToIntFunction;
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
  private final byte[] bytes; // the needed part of a row of the picture
  private final int[][] kept; // the same of the last rows: that of row y at y % kept.length
  private final int[] keptRow; // which row that is
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
    int length = 3 * most(columns, ResizeWeights::length);
    bytes = new byte[length];
    kept = new int[most(rows, ResizeWeights::taps)][length];
    keptRow = new int[kept.length];
    sums = new int[length];
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
      Arrays.fill(keptRow, -1);
      for (int y = 0; y < height; y++) {
        interpolateDown(rows[i], y, columns[i]);
        columns[i].interpolate(sums, crops[i], y * width * 3);
      }
    }
  }

  private void interpolateDown(ResizeWeights down, int y, ResizeWeights across) {
    int length = 3 * across.length();
    boolean begun = false;
    for (int k = 0; k < down.taps(); k++) {
      int weight = down.weight(y, k);
      if (weight == 0) {
        continue;
      }
      int[] row = row(down.first(y) + k, across);
      if (begun) {
        for (int i = 0; i < length; i++) {
          sums[i] += weight * row[i];
        }
      } else {
        for (int i = 0; i < length; i++) {
          sums[i] = weight * row[i];
        }
        begun = true;
      }
    }
  }

  /** What the crop needs of a row of the picture: read once for all rows that it makes. */
  private int[] row(int y, ResizeWeights across) {
    int at = y % kept.length;
    int[] row = kept[at];
    if (keptRow[at] != y) {
      keptRow[at] = y;
      picture.copy(across.start(), y, across.length(), bytes);
      for (int i = 0; i < 3 * across.length(); i++) {
        row[i] = bytes[i] & 0xff;
      }
    }
    return row;
  }

  private static int most(ResizeWeights[] all, ToIntFunction<ResizeWeights> of) {
    return Arrays.stream(all).mapToInt(of).max().getAsInt();
  }

  @Override
  public void close() {
    picture.close();
  }
}
