package io.clipstream.model.clip;

/**
 * Which part of a stored picture becomes a square crop. Pure.
 *
 * <p>As if the displayed picture were scaled until its shorter side is R pixels and its longer one
 * {@code floor(R * long / short)}, and a square of S then cut out: in the middle at {@code
 * round((length - S) / 2)} (torchvision {@code resize} and {@code center_crop}, halves to even), or
 * for three crops, with R = S, at {@code 0, ceil((length - S) / 2), length - S} of the longer side
 * (PaddleVideo {@code UniformCrop}, the test protocol of Video Swin Transformer). The square is
 * carried back into the stored picture, so that only its pixels are scaled, and once: no picture
 * larger than S x S is ever made, however long and thin the video is.
 */
final class CropGeometry {
  private CropGeometry() {}

  /** Part of a stored picture in pixels. */
  record Rect(int x, int y, int width, int height) {}

  /**
   * @param width of the stored picture
   * @param height of the stored picture
   * @param pixelAspect width of a stored pixel over its height
   * @param alignX the part starts at a multiple of this: a whole chroma sample
   * @param alignY the same
   * @param crop which of the crops
   * @param crops 1 or 3
   */
  static Rect source(
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

    // The square in the displayed picture, as fractions of its sides.
    double left = offset(scaledWidth - side, crops == 3 && !tall, crop) / scaledWidth;
    double top = offset(scaledHeight - side, crops == 3 && tall, crop) / scaledHeight;
    double across = side / scaledWidth;
    double down = side / scaledHeight;

    double x = orientation.swap() ? top : left;
    double y = orientation.swap() ? left : top;
    double w = orientation.swap() ? down : across;
    double h = orientation.swap() ? across : down;
    if (orientation.flipX()) {
      x = 1 - x - w;
    }
    if (orientation.flipY()) {
      y = 1 - y - h;
    }
    int x0 = start(x * width, width, alignX);
    int y0 = start(y * height, height, alignY);
    return new Rect(
        x0,
        y0,
        length(x * width, w * width, x0, width),
        length(y * height, h * height, y0, height));
  }

  private static double offset(double room, boolean moves, int crop) {
    if (!moves || crop == 1) {
      return moves ? Math.ceil(room / 2) : Math.rint(room / 2);
    }
    return crop == 0 ? 0 : room;
  }

  private static int start(double at, int size, int align) {
    long start = Math.round(at / align) * (long) align;
    return (int) Math.max(0, Math.min(start, (size - 1L) / align * align));
  }

  private static int length(double at, double length, int start, int size) {
    long end = Math.round(at + length);
    return (int) Math.max(1, Math.min(Math.max(end - start, Math.round(length)), size - start));
  }
}
