package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;

/** Interpolates across and then down, with the {@link PixelLibrary}. Owns native memory. */
final class VectorCrop implements CropScaler {
  // As in pixels.c.
  private static final int MOST_TAPS = 64;
  private static final int BLOCK = 32;

  private final int width;
  private final int height;
  private final int columnPairs;
  private final int rowTaps;
  private final IntPointer columns;
  private final IntPointer rows;
  private final IntPointer sums;
  private final BytePointer crop;
  private final ByteBuffer pixels;

  VectorCrop(ResizeWeights across, ResizeWeights down) {
    width = across.count();
    height = down.count();
    columnPairs = (across.taps() + 1) / 2;
    rowTaps = down.taps();
    columns = table(firstBytes(across), pairs(across, columnPairs));
    rows = table(firsts(down), weights(down));
    sums = new IntPointer((long) rowTaps * (3 * width / BLOCK + 1) * BLOCK);
    int bytes = 3 * width * height;
    crop = new BytePointer((long) bytes + BLOCK);
    pixels = crop.asByteBuffer().slice(0, bytes);
  }

  /** Whether the library is there, and these are not more pixels than it takes for one. */
  static boolean takes(ResizeWeights across, ResizeWeights down) {
    return down.taps() <= MOST_TAPS && PixelLibrary.isLoaded();
  }

  @Override
  public void scale(RgbConversion picture) {
    PixelLibrary.resize(
        picture.address(),
        picture.stride(),
        columns.address(),
        width,
        columnPairs,
        rows.address(),
        height,
        rowTaps,
        sums.address(),
        crop.address());
  }

  @Override
  public ByteBuffer pixels() {
    return pixels;
  }

  private static IntPointer table(int[] first, int[] weights) {
    int[] all = new int[first.length + weights.length];
    System.arraycopy(first, 0, all, 0, first.length);
    System.arraycopy(weights, 0, all, first.length, weights.length);
    return new IntPointer(all);
  }

  private static int[] firsts(ResizeWeights of) {
    int[] firsts = new int[of.count()];
    for (int i = 0; i < firsts.length; i++) {
      firsts[i] = of.first(i);
    }
    return firsts;
  }

  private static int[] firstBytes(ResizeWeights of) {
    int[] bytes = firsts(of);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] *= 3;
    }
    return bytes;
  }

  private static int[] weights(ResizeWeights of) {
    int[] weights = new int[of.count() * of.taps()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = of.weight(i / of.taps(), i % of.taps());
    }
    return weights;
  }

  /** Weights of two neighbours in each: the left one in the lower half. */
  private static int[] pairs(ResizeWeights of, int each) {
    int[] pairs = new int[of.count() * each];
    for (int i = 0; i < pairs.length; i++) {
      int left = 2 * (i % each);
      int right = left + 1 < of.taps() ? of.weight(i / each, left + 1) : 0;
      pairs[i] = right << 16 | of.weight(i / each, left);
    }
    return pairs;
  }

  @Override
  public void close() {
    columns.close();
    rows.close();
    sums.close();
    crop.close();
  }
}
