package io.clipstream.model.clip;

/**
 * Where the crops lie in a picture. Pure.
 *
 * <p>The displayed picture is scaled until its shorter side is R pixels and its longer one {@code
 * floor(R * long / short)}, or until it holds the crop where that needs more, and a crop of S
 * pixels along an axis cut out: in the middle at {@code round((length - S) / 2)} (torchvision
 * {@code resize} and {@code center_crop}, halves to even), or for three crops, of the smallest
 * picture that holds one, at {@code 0, ceil((length - S) / 2), length - S} of the axis that has
 * room (PaddleVideo {@code UniformCrop}, the test protocol of Video Swin Transformer).
 */
final class CropGeometry {
  private CropGeometry() {}

  /**
   * A part of the scaled picture, in the stored picture's orientation.
   *
   * @param scaledWidth of the whole picture after scaling; also scaledHeight
   * @param x of the part in the scaled picture; also y
   * @param width of the part; also height
   */
  record Part(int scaledWidth, int scaledHeight, int x, int y, int width, int height) {}

  /**
   * @param crop which of the crops
   * @param crops 1 or 3
   */
  static Part part(ClipSpec spec, PictureFormat format, int crop, int crops) {
    Orientation orientation = format.orientation();
    double storedWidth = format.width() * format.pixelAspect();
    double shownWidth = orientation.swap() ? format.height() : storedWidth;
    double shownHeight = orientation.swap() ? storedWidth : format.height();
    int height = spec.crop().height();
    int width = spec.crop().width();
    double scale = Math.max(width / shownWidth, height / shownHeight);
    if (crops == 1) {
      scale = Math.max(scale, spec.shortSide() / Math.min(shownWidth, shownHeight));
    }
    double scaledWidth = Math.max(width, Math.floor(scale * shownWidth + 1e-6));
    double scaledHeight = Math.max(height, Math.floor(scale * shownHeight + 1e-6));
    boolean tall = scaledHeight - height > scaledWidth - width;

    double left = offset(scaledWidth - width, crops == 3 && !tall, crop);
    double top = offset(scaledHeight - height, crops == 3 && tall, crop);
    boolean swap = orientation.swap();
    int across = (int) (swap ? scaledHeight : scaledWidth);
    int down = (int) (swap ? scaledWidth : scaledHeight);
    int x = (int) (swap ? top : left);
    int y = (int) (swap ? left : top);
    int partWidth = swap ? height : width;
    int partHeight = swap ? width : height;
    return new Part(
        across,
        down,
        orientation.flipX() ? across - partWidth - x : x,
        orientation.flipY() ? down - partHeight - y : y,
        partWidth,
        partHeight);
  }

  private static double offset(double room, boolean moves, int crop) {
    if (!moves || crop == 1) {
      return moves ? Math.ceil(room / 2) : Math.rint(room / 2);
    }
    return crop == 0 ? 0 : room;
  }
}
