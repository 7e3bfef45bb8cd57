package io.clipstream.model.clip;

/**
 * Which part of a stored picture becomes a square crop. Pure.
 *
 * <p>The displayed picture is scaled until its shorter side is R pixels and its longer one {@code
 * floor(R * long / short)}, and a square of S cut out: in the middle at {@code round((length - S) /
 * 2)} (torchvision {@code resize} and {@code center_crop}, halves to even), or for three crops,
 * with R = S, at {@code 0, ceil((length - S) / 2), length - S} of the longer side (PaddleVideo
 * {@code UniformCrop}, the test protocol of Video Swin Transformer).
 *
 * <p>Only a part around the square is scaled, so that the work does not depend on how long and thin
 * the video is. The part begins and ends where whole stored pixels meet whole scaled ones, to 1/32
 * of a scaled pixel, or at the edge of the picture: its scaled pixels are those that scaling all of
 * the picture would give.
 */
final class CropGeometry {
  private CropGeometry() {}

  /** Most by which a scaled pixel of a part may be off, in scaled pixels. */
  private static final double TOLERANCE = 1 / 32.0;

  /**
   * What to scale, and what to cut from the result; in the stored picture's orientation.
   *
   * @param x of the part of the stored picture, in its pixels; also y, width and height
   * @param scaledWidth of the part after scaling; also scaledHeight
   * @param cutX of the square in the scaled part; also cutY
   */
  record Part(
      int x, int y, int width, int height, int scaledWidth, int scaledHeight, int cutX, int cutY) {}

  /** The same along one axis. */
  private record Span(int from, int length, int scaled, int cut) {}

  /**
   * @param width of the stored picture
   * @param height of the stored picture
   * @param pixelAspect width of a stored pixel over its height
   * @param alignX the part starts at a multiple of this: a whole chroma sample
   * @param alignY the same
   * @param crop which of the crops
   * @param crops 1 or 3
   */
  static Part part(
      ClipSpec spec,
      int width,
      int height,
      double pixelAspect,
      Orientation orientation,
      int alignX,
      int alignY,
      int crop,
      int crops) {
    double storedWidth = width * pixelAspect;
    double shownWidth = orientation.swap() ? height : storedWidth;
    double shownHeight = orientation.swap() ? storedWidth : height;
    double shorter = Math.min(shownWidth, shownHeight);
    int side = spec.crop();
    int scaledShort = crops == 1 ? spec.shortSide() : side;
    double scaledLong =
        Math.max(
            scaledShort,
            Math.floor(scaledShort * (Math.max(shownWidth, shownHeight) / shorter) + 1e-6));
    boolean tall = shownHeight > shownWidth;
    double scaledWidth = tall ? scaledShort : scaledLong;
    double scaledHeight = tall ? scaledLong : scaledShort;

    double left = offset(scaledWidth - side, crops == 3 && !tall, crop);
    double top = offset(scaledHeight - side, crops == 3 && tall, crop);
    double across = orientation.swap() ? scaledHeight : scaledWidth;
    double down = orientation.swap() ? scaledWidth : scaledHeight;
    double x = orientation.swap() ? top : left;
    double y = orientation.swap() ? left : top;
    if (orientation.flipX()) {
      x = across - side - x;
    }
    if (orientation.flipY()) {
      y = down - side - y;
    }
    Span columns = span(width, (int) across, (int) x, side, alignX);
    Span rows = span(height, (int) down, (int) y, side, alignY);
    return new Part(
        columns.from(),
        rows.from(),
        columns.length(),
        rows.length(),
        columns.scaled(),
        rows.scaled(),
        columns.cut(),
        rows.cut());
  }

  /**
   * @param size in stored pixels
   * @param scaled the same in scaled ones
   * @param at start of the square, scaled
   */
  private static Span span(int size, int scaled, int at, int side, int align) {
    double scale = scaled / (double) size;
    double taps = Math.max(2, 2 * scale); // what the filter reads beside a pixel, scaled
    int from = Math.max(0, (int) Math.floor((at - taps) / scale / align)) * align;
    while (from > 0 && !meets(from * scale)) {
      from -= align;
    }
    int to = (int) Math.ceil((at + side + taps) / scale / align) * align;
    while (to < size && !meets(to * scale)) {
      to += align;
    }
    int end = Math.min(to, size);
    int scaledFrom = (int) Math.rint(from * scale);
    int scaledEnd = (int) Math.rint(end * scale);
    return new Span(from, end - from, scaledEnd - scaledFrom, at - scaledFrom);
  }

  private static boolean meets(double scaled) {
    return Math.abs(scaled - Math.rint(scaled)) <= TOLERANCE;
  }

  private static double offset(double room, boolean moves, int crop) {
    if (!moves || crop == 1) {
      return moves ? Math.ceil(room / 2) : Math.rint(room / 2);
    }
    return crop == 0 ? 0 : room;
  }
}
