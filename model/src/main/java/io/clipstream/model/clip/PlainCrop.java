package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Interpolates down and then across. Runs everywhere. */
final class PlainCrop implements CropScaler {
  private final ResizeWeights columns;
  private final ResizeWeights rows;
  private final byte[] bytes; // the needed part of a row of the picture
  private final int[][] kept; // the same of the last rows: that of row y at y % kept.length
  private final int[] keptRow; // which row that is
  private final int[] sums; // the same part, interpolated down, in units of 1/2048
  private final byte[] crop;

  PlainCrop(ResizeWeights columns, ResizeWeights rows) {
    this.columns = columns;
    this.rows = rows;
    int length = 3 * columns.length();
    bytes = new byte[length];
    kept = new int[rows.taps()][length];
    keptRow = new int[kept.length];
    sums = new int[length];
    crop = new byte[3 * columns.count() * rows.count()];
  }

  @Override
  public void scale(RgbConversion picture) {
    Arrays.fill(keptRow, -1);
    for (int y = 0; y < rows.count(); y++) {
      interpolateDown(picture, y);
      columns.interpolate(sums, crop, y * columns.count() * 3);
    }
  }

  private void interpolateDown(RgbConversion picture, int y) {
    boolean begun = false;
    for (int k = 0; k < rows.taps(); k++) {
      int weight = rows.weight(y, k);
      if (weight == 0) {
        continue;
      }
      int[] row = row(picture, rows.first(y) + k);
      if (begun) {
        for (int i = 0; i < sums.length; i++) {
          sums[i] += weight * row[i];
        }
      } else {
        for (int i = 0; i < sums.length; i++) {
          sums[i] = weight * row[i];
        }
        begun = true;
      }
    }
  }

  /** What the crop needs of a row of the picture: read once for all rows that it makes. */
  private int[] row(RgbConversion picture, int y) {
    int at = y % kept.length;
    int[] row = kept[at];
    if (keptRow[at] != y) {
      keptRow[at] = y;
      picture.copy(columns.start(), y, columns.length(), bytes);
      for (int i = 0; i < row.length; i++) {
        row[i] = bytes[i] & 0xff;
      }
    }
    return row;
  }

  @Override
  public ByteBuffer pixels() {
    return ByteBuffer.wrap(crop);
  }

  @Override
  public void close() {}
}
