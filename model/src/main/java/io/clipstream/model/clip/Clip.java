package io.clipstream.model.clip;

import java.nio.ByteBuffer;

/**
 * The pixels of one clip, on loan from {@link ClipBuffers}. Whoever holds the clip owns it and
 * closes it once, from any thread; the pixels may not be touched after that.
 */
public final class Clip implements AutoCloseable {
  private final ClipBuffers buffers;
  private final TimeRange range;
  private final int crop;
  private ByteBuffer pixels;

  Clip(ClipBuffers buffers, ByteBuffer pixels, TimeRange range, int crop) {
    this.buffers = buffers;
    this.pixels = pixels;
    this.range = range;
    this.crop = crop;
  }

  /** Direct buffer, RGB uint8 {@code [T, H, W, 3]}, position 0, limit its whole size. */
  public synchronized ByteBuffer pixels() {
    if (pixels == null) {
      throw new IllegalStateException("the clip is closed");
    }
    return pixels;
  }

  /** The span of the video that the clip shows. */
  public TimeRange range() {
    return range;
  }

  /** Which of the view protocol's crops this is; 0 where there is one. */
  public int crop() {
    return crop;
  }

  /** Gives the pixels back. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (pixels != null) {
      buffers.give(pixels);
      pixels = null;
    }
  }
}
