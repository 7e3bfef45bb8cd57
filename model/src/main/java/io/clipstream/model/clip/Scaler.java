package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Turns decoded pictures into the RGB crops of a clip: scaled, cut out, and turned for display.
 * Where a picture lies, there it is scaled. One thread.
 */
interface Scaler extends AutoCloseable {
  /** Converts the picture into all crops, which stay until the next call. */
  void scale(AVFrame frame, double pixelAspect, Orientation orientation)
      throws UnusableVideoException;

  /**
   * Copies a crop's {@code H * W * 3} bytes.
   *
   * @param to direct; the bytes are there once {@link #await} has returned
   */
  void copy(int crop, ByteBuffer to, int offset);

  /** Waits until all copies are done. */
  void await();

  /** Waits for the copies too, and frees what it owns. */
  @Override
  void close();
}
