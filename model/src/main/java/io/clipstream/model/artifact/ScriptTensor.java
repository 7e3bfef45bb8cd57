package io.clipstream.model.artifact;

import java.nio.Buffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.List;

/**
 * A float32, bfloat16 or int64 tensor in a TorchScript archive, contiguous and row-major. The same
 * instance in several fields is stored once.
 *
 * @param shape sizes of its axes
 * @param data all elements from position 0, a {@link FloatBuffer}, a {@link ShortBuffer} of
 *     bfloat16 bits or a {@link LongBuffer}
 * @param trained whether it takes gradients
 */
public record ScriptTensor(List<Integer> shape, Buffer data, boolean trained) {
  public ScriptTensor {
    shape = List.copyOf(shape);
    if (!(data instanceof FloatBuffer
        || data instanceof ShortBuffer
        || data instanceof LongBuffer)) {
      throw new IllegalArgumentException(
          "data is " + data + ", expected float32, bfloat16 or int64");
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

  /** A bfloat16 constant: each value rounded to the nearest, ties to even. */
  public static ScriptTensor bfloat16(List<Integer> shape, float... values) {
    short[] bits = new short[values.length];
    for (int i = 0; i < bits.length; i++) {
      int f = Float.floatToIntBits(values[i]);
      // NaN stays NaN: the bits of Java's lie in the upper half.
      bits[i] = (short) (Float.isNaN(values[i]) ? f >>> 16 : (f + 0x7fff + (f >>> 16 & 1)) >>> 16);
    }
    return new ScriptTensor(shape, ShortBuffer.wrap(bits), false);
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
    throw new IllegalStateException("the tensor is " + type().name + ", expected float32");
  }

  /** How PyTorch stores elements. */
  enum Type {
    FLOAT32("float32", "FloatStorage", 4),
    BFLOAT16("bfloat16", "BFloat16Storage", 2),
    INT64("int64", "LongStorage", 8);

    final String name;
    final String storage;
    final int bytes;

    Type(String name, String storage, int bytes) {
      this.name = name;
      this.storage = storage;
      this.bytes = bytes;
    }
  }

  Type type() {
    if (data instanceof FloatBuffer) {
      return Type.FLOAT32;
    }
    return data instanceof ShortBuffer ? Type.BFLOAT16 : Type.INT64;
  }
}
