package io.clipstream.model.clip;

/**
 * How a decoded picture is shown.
 *
 * @param width in pixels as displayed: turned, and with square pixels
 * @param height in pixels as displayed
 * @param pixelAspect width of a stored pixel over its height
 * @param orientation how the stored picture is turned
 */
record ShownPicture(int width, int height, double pixelAspect, Orientation orientation) {
  static ShownPicture of(int width, int height, double pixelAspect, Orientation orientation) {
    int across = (int) Math.max(1, Math.round(width * pixelAspect));
    return orientation.swap()
        ? new ShownPicture(height, across, pixelAspect, orientation)
        : new ShownPicture(across, height, pixelAspect, orientation);
  }
}
