package io.clipstream.model.checkpoint;

import java.nio.ByteBuffer;

/** How one element of a stored tensor is encoded, little-endian. */
enum ElementType {
  FLOAT32(4),
  FLOAT64(8),
  FLOAT16(2),
  BFLOAT16(2),
  INT64(8),
  INT32(4),
  INT16(2),
  INT8(1),
  UINT8(1),
  BOOL(1);

  final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** The element at an index, to the nearest float32. */
  float asFloat(ByteBuffer data, int index) {
    return switch (this) {
      case FLOAT32 -> data.getFloat(4 * index);
      case FLOAT64 -> (float) data.getDouble(8 * index);
      case FLOAT16 -> half(data.getShort(2 * index));
      case BFLOAT16 -> Float.intBitsToFloat(data.getShort(2 * index) << 16);
      case INT64, INT32, INT16, INT8, UINT8, BOOL -> (float) asLong(data, index);
    };
  }

  /** The element at an index; fractions are cut off. */
  long asLong(ByteBuffer data, int index) {
    return switch (this) {
      case INT64 -> data.getLong(8 * index);
      case INT32 -> data.getInt(4 * index);
      case INT16 -> data.getShort(2 * index);
      case INT8 -> data.get(index);
      case UINT8, BOOL -> Byte.toUnsignedInt(data.get(index));
      case FLOAT64 -> (long) data.getDouble(8 * index);
      case FLOAT32, FLOAT16, BFLOAT16 -> (long) asFloat(data, index);
    };
  }

  boolean isFloating() {
    return switch (this) {
      case FLOAT32, FLOAT64, FLOAT16, BFLOAT16 -> true;
      case INT64, INT32, INT16, INT8, UINT8, BOOL -> false;
    };
  }

  /** IEEE 754 binary16; Java has this from version 20. */
  private static float half(short bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    float size =
        switch (exponent) {
          case 0 -> fraction * 0x1p-24f;
          case 0x1f -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
          default -> (1 + fraction * 0x1p-10f) * (float) Math.scalb(1.0, exponent - 15);
        };
    return bits < 0 ? -size : size;
  }
}
