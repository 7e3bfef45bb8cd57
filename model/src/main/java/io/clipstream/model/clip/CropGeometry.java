package io.clipstream.model.clip;

/**
 * Where the square crops lie in a picture. Pure.
 *
 * <p>The displayed picture is scaled until its shorter side is R pixels and its longer one {@code
 * floor(R * long / short)}, and a square of S cut out: in the middle at {@code round((length - S) /
 * 2)} (torchvision {@code resize} and {@code center_crop}, halves to even), or for three crops,
 * with R = S, at {@code 0, ceil((length - S) / 2), length - S} of the longer side (PaddleVideo
 * {@code UniformCrop}, the test protocol of Video Swin Transformer).
 */
final class CropGeometry {
  private CropGeometry() {}

  /**
   * A square of the scaled picture, in the stored picture's orientation.
   *
   * @param scaledWidth of the whole picture after scaling; also scaledHeight
   * @param x of the square in the scaled picture; also y
   */
  record Square(int scaledWidth, int scaledHeight, int x, int y) {}

  /**
   * @param crop which of the crops
   * @param crops 1 or 3
   */
  static Square square(ClipSpec spec, PictureFormat format, int crop, int crops) {
    Orientation orientation = format.orientation();
    double storedWidth = format.width() * format.pixelAspect();
    double shownWidth = orientation.swap() ? format.height() : storedWidth;
    double shownHeight = orientation.swap() ? storedWidth : format.height();
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
    return new Square((int) across, (int) down, (int) x, (int) y);
  }

  private static double offset(double room, boolean moves, int crop) {
    if (!moves || crop == 1) {
      return moves ? Math.ceil(room / 2) : Math.rint(room / 2);
    }
    return crop == 0 ? 0 : room;
  }
}
