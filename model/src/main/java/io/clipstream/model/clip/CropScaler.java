package io.clipstream.model.clip;

import java.nio.ByteBuffer;

/** Interpolates one crop of RGB pictures, and holds it. One thread. */
sealed interface CropScaler extends AutoCloseable permits PlainCrop, VectorCrop {
  /** The fastest one that there is; all give the same pixels. */
  static CropScaler of(ResizeWeights columns, ResizeWeights rows) {
    return VectorCrop.takes(columns, rows)
        ? new VectorCrop(columns, rows)
        : new PlainCrop(columns, rows);
  }

  /** Makes the crop of a picture. */
  void scale(RgbConversion picture);

  /** RGB uint8 {@code [H, W, 3]} of the last picture, at the buffer's start. */
  ByteBuffer pixels();

  @Override
  void close();
}
