package io.clipstream.model.clip;

/**
 * Where the crops lie in a picture. Pure.
 *
 * <p>The displayed picture is scaled until its shorter side is R pixels and its longer one {@code R
 * * long / short}, or until it holds the crop where that needs more, and a crop of S pixels along
 * an axis cut out: in the middle, or for three crops, of the smallest picture that holds one, along
 * the axis that has room (the test protocol of Video Swin Transformer). How sides and places become
 * whole pixels is the {@link Protocol}'s.
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
    Protocol protocol = spec.protocol();
    double scaledWidth = Math.max(width, protocol.side(scale * shownWidth));
    double scaledHeight = Math.max(height, protocol.side(scale * shownHeight));
    boolean tall = scaledHeight - height > scaledWidth - width;

    double roomAcross = scaledWidth - width;
    double roomDown = scaledHeight - height;
    boolean three = crops == 3;
    double left = three && !tall ? protocol.third(roomAcross, crop) : protocol.centre(roomAcross);
    double top = three && tall ? protocol.third(roomDown, crop) : protocol.centre(roomDown);
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
}
