package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Scales pictures that lie in the host's memory, on the calling thread. Owns its native memory. One
 * thread.
 */
final class PictureScaler implements Scaler {
  private final ClipSpec spec;
  private final byte[][] pixels;
  private final byte[] turned;
  private PictureFormat format;
  private Resizer resizer;

  PictureScaler(ClipSpec spec, int crops) {
    this.spec = spec;
    this.pixels = new byte[crops][spec.frameBytes()];
    this.turned = new byte[spec.frameBytes()];
  }

  @Override
  public void scale(AVFrame frame, double pixelAspect, Orientation orientation)
      throws UnusableVideoException {
    PictureFormat now = PictureFormat.of(frame, pixelAspect, orientation);
    if (!now.equals(format)) {
      close();
      resizer = new Resizer(spec, now, pixels.length);
      format = now;
    }
    resizer.resize(frame, pixels);
    if (!orientation.upright()) {
      for (byte[] crop : pixels) {
        turn(crop, orientation);
      }
    }
  }

  private void turn(byte[] crop, Orientation orientation) {
    int shownWidth = spec.crop().width();
    int width = orientation.swap() ? spec.crop().height() : shownWidth;
    int height = crop.length / 3 / width;
    for (int y = 0, from = 0; y < height; y++) {
      int along = orientation.flipY() ? height - 1 - y : y;
      for (int x = 0; x < width; x++) {
        int across = orientation.flipX() ? width - 1 - x : x;
        int to =
            3 * (orientation.swap() ? across * shownWidth + along : along * shownWidth + across);
        turned[to] = crop[from++];
        turned[to + 1] = crop[from++];
        turned[to + 2] = crop[from++];
      }
    }
    System.arraycopy(turned, 0, crop, 0, turned.length);
  }

  @Override
  public void copy(int crop, ByteBuffer to, int offset) {
    to.put(offset, pixels[crop]);
  }

  @Override
  public void await() {}

  @Override
  public void close() {
    if (resizer != null) {
      resizer.close();
      resizer = null;
      format = null;
    }
  }
}
