package io.clipstream.model.artifact;

import java.nio.Buffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.List;

/**
 * A float32 or int64 tensor in a TorchScript archive, contiguous and row-major. The same instance
 * in several fields is stored once.
 *
 * @param shape sizes of its axes
 * @param data all elements from position 0, a {@link FloatBuffer} or a {@link LongBuffer}
 * @param trained whether it takes gradients
 */
public record ScriptTensor(List<Integer> shape, Buffer data, boolean trained) {
  public ScriptTensor {
    shape = List.copyOf(shape);
    if (!(data instanceof FloatBuffer || data instanceof LongBuffer)) {
      throw new IllegalArgumentException("data is " + data + ", expected float32 or int64");
    }
    if (data.remaining() != Weights.size(shape)) {
      throw new IllegalArgumentException(
          "shape " + shape + " has " + Weights.size(shape) + " values, got " + data.remaining());
    }
  }

  /** A parameter, which shares the memory of its weights. */
  public static ScriptTensor parameter(Weights weights) {
    return new ScriptTensor(weights.shape(), weights.values(), true);
  }

  /** A float32 constant. */
  public static ScriptTensor constant(List<Integer> shape, float... values) {
    return new ScriptTensor(shape, FloatBuffer.wrap(values), false);
  }

  /** An int64 constant. */
  public static ScriptTensor constant(List<Integer> shape, long... values) {
    return new ScriptTensor(shape, LongBuffer.wrap(values), false);
  }

  /** The elements of a float32 tensor; shares its memory. */
  public Weights weights() {
    if (data instanceof FloatBuffer values) {
      return Weights.of(shape, values);
    }
    throw new IllegalStateException("the tensor is int64, expected float32");
  }

  boolean isFloat() {
    return data instanceof FloatBuffer;
  }
}
