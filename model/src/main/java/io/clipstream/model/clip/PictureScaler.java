package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Turns decoded pictures into the square RGB crops of a clip: scaled, cut out, and turned as the
 * display matrix says. Owns its native memory. One thread.
 */
final class PictureScaler implements AutoCloseable {
  private final ClipSpec spec;
  private final byte[][] squares;
  private final byte[] turned;
  private PictureFormat format;
  private Resizer resizer;

  PictureScaler(ClipSpec spec, int crops) {
    this.spec = spec;
    this.squares = new byte[crops][spec.crop() * spec.crop() * 3];
    this.turned = new byte[squares[0].length];
  }

  /** Converts the picture into all crops, which stay until the next call. */
  void scale(AVFrame frame, double pixelAspect, Orientation orientation)
      throws UnusableVideoException {
    PictureFormat now = PictureFormat.of(frame, pixelAspect, orientation);
    if (!now.equals(format)) {
      close();
      resizer = new Resizer(spec, now, squares.length);
      format = now;
    }
    resizer.resize(frame, squares);
    if (!orientation.upright()) {
      for (byte[] square : squares) {
        turn(square, orientation);
      }
    }
  }

  private void turn(byte[] square, Orientation orientation) {
    int side = spec.crop();
    for (int y = 0, from = 0; y < side; y++) {
      int along = orientation.flipY() ? side - 1 - y : y;
      for (int x = 0; x < side; x++) {
        int across = orientation.flipX() ? side - 1 - x : x;
        int to = 3 * (orientation.swap() ? across * side + along : along * side + across);
        turned[to] = square[from++];
        turned[to + 1] = square[from++];
        turned[to + 2] = square[from++];
      }
    }
    System.arraycopy(turned, 0, square, 0, turned.length);
  }

  /** Copies a crop's {@code S * S * 3} bytes. */
  void copy(int crop, ByteBuffer to, int offset) {
    to.put(offset, squares[crop]);
  }

  @Override
  public void close() {
    if (resizer != null) {
      resizer.close();
      resizer = null;
      format = null;
    }
  }
}
