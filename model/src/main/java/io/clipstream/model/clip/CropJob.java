package io.clipstream.model.clip;

/**
 * What the kernel that cuts crops out of pictures of one format is told (crops.cu): it gives the
 * bytes that {@link PictureScaler} gives. Pure.
 */
final class CropJob {
  private final int width;
  private final int height;
  private final int columnTaps;
  private final int rowTaps;
  private final int origin;
  private final int across;
  private final int down;
  private final YuvToRgb colours;
  private final int[] weights;

  /**
   * @param crop which of the crops
   */
  CropJob(ClipSpec spec, PictureFormat format, int crop, int crops) {
    CropGeometry.Part at = CropGeometry.part(spec, format, crop, crops);
    width = at.width();
    height = at.height();
    ResizeWeights columns =
        new ResizeWeights(format.width(), at.scaledWidth(), at.x(), width, spec.antialias());
    ResizeWeights rows =
        new ResizeWeights(format.height(), at.scaledHeight(), at.y(), height, spec.antialias());
    columnTaps = columns.taps();
    rowTaps = rows.taps();
    weights = new int[width * (1 + columnTaps) + height * (1 + rowTaps)];
    for (int x = 0; x < width; x++) {
      weights[x] = columns.first(x);
    }
    for (int y = 0; y < height; y++) {
      weights[width + y] = rows.first(y);
    }
    putWeights(columns, width, width + height);
    putWeights(rows, height, width + height + width * columnTaps);
    Orientation orientation = format.orientation();
    int row = 3 * spec.crop().width(); // bytes of the crop as shown
    int perX = orientation.swap() ? row : 3;
    int perY = orientation.swap() ? 3 : row;
    across = orientation.flipX() ? -perX : perX;
    down = orientation.flipY() ? -perY : perY;
    origin = (across < 0 ? (width - 1) * perX : 0) + (down < 0 ? (height - 1) * perY : 0);
    colours = YuvToRgb.of(format);
  }

  private void putWeights(ResizeWeights of, int count, int at) {
    for (int i = 0; i < count; i++) {
      for (int tap = 0; tap < of.taps(); tap++) {
        weights[at++] = of.weight(i, tap);
      }
    }
  }

  /** Pixels of the crop in the stored picture's orientation. */
  int width() {
    return width;
  }

  int height() {
    return height;
  }

  /** Columns of the picture that make a pixel. */
  int columnTaps() {
    return columnTaps;
  }

  int rowTaps() {
    return rowTaps;
  }

  /** Where the first pixel goes, in bytes. */
  int origin() {
    return origin;
  }

  /** Bytes from where a pixel goes to where the next one in its row goes. */
  int across() {
    return across;
  }

  /** Bytes from where a pixel goes to where the one below it goes. */
  int down() {
    return down;
  }

  YuvToRgb colours() {
    return colours;
  }

  /**
   * First column for each pixel of a row, first row for each of a column, then {@link #columnTaps}
   * weights for each pixel of a row and {@link #rowTaps} for each of a column.
   */
  int[] weights() {
    return weights;
  }
}
