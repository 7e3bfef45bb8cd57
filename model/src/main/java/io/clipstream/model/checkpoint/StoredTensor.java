package io.clipstream.model.checkpoint;

import io.clipstream.model.artifact.Weights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * A tensor of a checkpoint, still in its file: nothing is read or converted before it is asked for,
 * so what is not needed costs nothing and what is float32 and contiguous is only mapped. Immutable;
 * all threads.
 */
final class StoredTensor {
  /** The bytes of a storage, which several tensors may share. */
  interface Bytes {
    ByteBuffer get() throws IOException;
  }

  private final ElementType type;
  private final List<Integer> shape;
  private final List<Long> strides;
  private final long offset;
  private final long storageElements;
  private final Bytes bytes;

  private StoredTensor(
      ElementType type,
      List<Integer> shape,
      List<Long> strides,
      long offset,
      long storageElements,
      Bytes bytes) {
    this.type = type;
    this.shape = List.copyOf(shape);
    this.strides = List.copyOf(strides);
    this.offset = offset;
    this.storageElements = storageElements;
    this.bytes = bytes;
  }

  /** A row-major tensor that is all of its storage. */
  static StoredTensor contiguous(ElementType type, List<Integer> shape, Bytes bytes)
      throws IOException {
    return view(type, shape, strides(shape), 0, elements(shape), bytes);
  }

  /** Of values that something else read. */
  static StoredTensor of(Weights weights) throws IOException {
    return contiguous(
        ElementType.FLOAT32,
        weights.shape(),
        () -> {
          ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(4, weights.size()));
          bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(weights.values());
          return bytes;
        });
  }

  /**
   * A view of a storage.
   *
   * @param shape sizes of the axes, as the file says
   * @param strides elements from one index to the next along each axis
   * @param offset elements before the first
   * @param storageElements elements that the storage has
   * @throws IOException if the view is not within the storage
   */
  static StoredTensor view(
      ElementType type,
      List<Integer> shape,
      List<Long> strides,
      long offset,
      long storageElements,
      Bytes bytes)
      throws IOException {
    long elements = elements(shape);
    if (strides.size() != shape.size()) {
      throw new IOException(
          "a tensor has " + shape.size() + " axes and " + strides.size() + " strides");
    }
    boolean within = offset >= 0 && offset <= storageElements;
    try {
      long last = offset;
      long stored = 1;
      for (int axis = 0; axis < shape.size() && elements > 0; axis++) {
        within &= strides.get(axis) >= 0;
        // Along a stride of 0 one element is seen often (expand); along others each is its own.
        stored = Math.multiplyExact(stored, strides.get(axis) == 0 ? 1L : shape.get(axis));
        last = Math.addExact(last, Math.multiplyExact(shape.get(axis) - 1L, strides.get(axis)));
      }
      within &= elements == 0 || (last < storageElements && stored <= storageElements);
    } catch (ArithmeticException e) {
      within = false;
    }
    if (!within) {
      throw new IOException(
          "a tensor of shape "
              + shape
              + ", strides "
              + strides
              + " and offset "
              + offset
              + " reaches beyond its storage of "
              + storageElements
              + " elements");
    }
    return new StoredTensor(type, shape, strides, offset, storageElements, bytes);
  }

  /** Number of elements of a shape from a file. */
  static long elements(List<Integer> shape) throws IOException {
    long elements = 1;
    for (int size : shape) {
      if (size < 0) {
        throw new IOException("a tensor has shape " + shape + ", expected sizes from 0");
      }
      elements *= size;
      if (elements > Integer.MAX_VALUE) {
        throw new IOException(
            "a tensor has shape " + shape + ", expected fewer than 2^31 elements");
      }
    }
    return elements;
  }

  static List<Long> strides(List<Integer> shape) {
    List<Long> strides = new ArrayList<>(Collections.nCopies(shape.size(), 1L));
    for (int axis = shape.size() - 2; axis >= 0; axis--) {
      strides.set(axis, strides.get(axis + 1) * Math.max(1, shape.get(axis + 1)));
    }
    return strides;
  }

  ElementType type() {
    return type;
  }

  List<Integer> shape() {
    return shape;
  }

  /** The same elements with the axes in reverse order. */
  StoredTensor transposed() {
    List<Integer> reversedShape = new ArrayList<>(shape);
    List<Long> reversedStrides = new ArrayList<>(strides);
    Collections.reverse(reversedShape);
    Collections.reverse(reversedStrides);
    return new StoredTensor(type, reversedShape, reversedStrides, offset, storageElements, bytes);
  }

  /** The elements as float32: a view of the file where they are that already, else a copy. */
  Weights weights() throws IOException {
    ByteBuffer data = data();
    int size = (int) elements(shape);
    if (type == ElementType.FLOAT32 && strides.equals(strides(shape))) {
      return Weights.of(shape, data.asFloatBuffer().slice((int) offset, size));
    }
    float[] values = new float[size];
    gather((to, from) -> values[to] = type.asFloat(data, from));
    return Weights.of(shape, values);
  }

  /** The elements as integers, row-major. */
  long[] integers() throws IOException {
    ByteBuffer data = data();
    long[] values = new long[(int) elements(shape)];
    gather((to, from) -> values[to] = type.asLong(data, from));
    return values;
  }

  /**
   * The encoded elements, row-major.
   *
   * @throws IllegalStateException if they do not lie like that
   */
  ByteBuffer contiguousBytes() throws IOException {
    if (!strides.equals(strides(shape))) {
      throw new IllegalStateException(this + " is not contiguous: its strides are " + strides);
    }
    return data().slice((int) offset * type.bytes, (int) elements(shape) * type.bytes);
  }

  private ByteBuffer data() throws IOException {
    ByteBuffer data = bytes.get().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    if (data.limit() != storageElements * type.bytes) {
      throw new IOException(
          "a storage has "
              + data.limit()
              + " bytes, expected "
              + storageElements * type.bytes
              + " for "
              + storageElements
              + " "
              + type.name().toLowerCase(Locale.ROOT));
    }
    return data;
  }

  private interface Move {
    void element(int to, int from);
  }

  private void gather(Move move) throws IOException {
    int size = (int) elements(shape);
    int axes = shape.size();
    int[] index = new int[axes];
    long from = offset;
    for (int to = 0; to < size; to++) {
      move.element(to, (int) from);
      for (int axis = axes - 1; axis >= 0; axis--) {
        from += strides.get(axis);
        if (++index[axis] < shape.get(axis)) {
          break;
        }
        from -= strides.get(axis) * index[axis];
        index[axis] = 0;
      }
    }
  }

  @Override
  public String toString() {
    return type.name().toLowerCase(Locale.ROOT) + " " + shape;
  }
}
