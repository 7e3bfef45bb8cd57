package io.clipstream.model.clip;

/**
 * A rectangle of a picture, in pixels.
 *
 * @param x first column
 * @param y first row
 * @param right the column behind the last
 * @param bottom the row behind the last
 */
record PictureArea(int x, int y, int right, int bottom) {
  /** What crops need: for each the weights of its columns and rows. */
  static PictureArea of(ResizeWeights[] columns, ResizeWeights[] rows) {
    PictureArea all = null;
    for (int i = 0; i < columns.length; i++) {
      int x = columns[i].start();
      int y = rows[i].start();
      PictureArea one = new PictureArea(x, y, x + columns[i].length(), y + rows[i].length());
      all = all == null ? one : all.and(one);
    }
    return all;
  }

  /** The smallest that holds both. */
  private PictureArea and(PictureArea other) {
    return new PictureArea(
        Math.min(x, other.x),
        Math.min(y, other.y),
        Math.max(right, other.right),
        Math.max(bottom, other.bottom));
  }

  /** This one, begun and ended at even places where the picture has them. */
  PictureArea even(int width, int height) {
    return new PictureArea(
        x & ~1, y & ~1, Math.min(width, right + 1 & ~1), Math.min(height, bottom + 1 & ~1));
  }

  int width() {
    return right - x;
  }

  int height() {
    return bottom - y;
  }
}
