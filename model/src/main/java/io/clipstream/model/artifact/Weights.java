package io.clipstream.model.artifact;

import java.nio.FloatBuffer;
import java.util.List;

/**
 * The values of one float32 parameter, row-major. Immutable as seen from here; all threads. May be
 * a view of a mapped file, so large networks are never on the heap.
 */
public final class Weights {
  private final List<Integer> shape;
  private final FloatBuffer values;

  private Weights(List<Integer> shape, FloatBuffer values) {
    this.shape = List.copyOf(shape);
    this.values = values.slice().asReadOnlyBuffer();
    int size = size(shape);
    if (this.values.remaining() != size) {
      throw new IllegalArgumentException(
          "shape " + shape + " has " + size + " values, got " + this.values.remaining());
    }
  }

  /** Takes the values without copying: the caller must not write to them afterwards. */
  public static Weights of(List<Integer> shape, float[] values) {
    return new Weights(shape, FloatBuffer.wrap(values));
  }

  /**
   * Takes what remains of the values without copying: the caller must not write to them afterwards.
   */
  public static Weights of(List<Integer> shape, FloatBuffer values) {
    return new Weights(shape, values);
  }

  /** Sizes of the axes; empty for a scalar. */
  public List<Integer> shape() {
    return shape;
  }

  /** Number of values. */
  public int size() {
    return values.capacity();
  }

  /** The values, row-major; read-only, with its own position 0 and limit {@link #size()}. */
  public FloatBuffer values() {
    return values.duplicate();
  }

  /** A copy of the values. */
  public float[] toArray() {
    float[] copy = new float[size()];
    values().get(copy);
    return copy;
  }

  static int size(List<Integer> shape) {
    long size = 1;
    for (int n : shape) {
      if (n < 0) {
        throw new IllegalArgumentException("shape " + shape + " has a negative size");
      }
      size = Math.multiplyExact(size, (long) n);
    }
    return Math.toIntExact(size);
  }

  @Override
  public String toString() {
    return "float32 " + shape;
  }
}
