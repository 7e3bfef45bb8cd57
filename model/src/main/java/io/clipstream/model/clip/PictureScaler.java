package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Scales pictures that lie in the host's memory, on the calling thread. Owns its native memory. One
 * thread.
 */
final class PictureScaler implements Scaler {
  private final ClipSpec spec;
  private final ByteBuffer[] pixels; // RGB uint8 [H, W, 3] of each crop, at the buffer's start
  private byte[] stored; // a crop before it is turned
  private byte[][] turned; // crops, where they are
  private PictureFormat format;
  private Resizer resizer;

  PictureScaler(ClipSpec spec, int crops) {
    this.spec = spec;
    this.pixels = new ByteBuffer[crops];
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
    resizer.resize(frame);
    for (int crop = 0; crop < pixels.length; crop++) {
      pixels[crop] = resizer.pixels(crop);
      if (!orientation.upright()) {
        pixels[crop] = turn(crop, orientation);
      }
    }
  }

  private ByteBuffer turn(int crop, Orientation orientation) {
    if (turned == null) {
      stored = new byte[spec.frameBytes()];
      turned = new byte[pixels.length][spec.frameBytes()];
    }
    pixels[crop].get(0, stored);
    byte[] shown = turned[crop];
    int shownWidth = spec.crop().width();
    int width = orientation.swap() ? spec.crop().height() : shownWidth;
    int height = stored.length / 3 / width;
    for (int y = 0, from = 0; y < height; y++) {
      int along = orientation.flipY() ? height - 1 - y : y;
      for (int x = 0; x < width; x++) {
        int across = orientation.flipX() ? width - 1 - x : x;
        int to =
            3 * (orientation.swap() ? across * shownWidth + along : along * shownWidth + across);
        shown[to] = stored[from++];
        shown[to + 1] = stored[from++];
        shown[to + 2] = stored[from++];
      }
    }
    return ByteBuffer.wrap(shown);
  }

  @Override
  public void copy(int crop, ByteBuffer to, int offset) {
    to.put(offset, pixels[crop], 0, spec.frameBytes());
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
