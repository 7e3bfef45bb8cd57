package io.clipstream.model.checkpoint;

import io.clipstream.model.Printable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What PaddlePaddle keeps in a dictionary of weights beside them. */
final class PaddleSlices {
  /** Its table of arrays that were too large for one piece. */
  static final String KEY = "UnpackBigParamInfor@@";

  /** Its names of its own for the parameters: nothing weights need. */
  private static final String NAMES = "StructuredToParameterName@@";

  private PaddleSlices() {}

  /** Puts the arrays that it cut into flat slices together again. */
  static void join(Map<?, ?> map, Map<String, StoredTensor> tensors) throws IOException {
    tensors.remove(NAMES);
    if (map.get(KEY) instanceof Map<?, ?> slices) {
      for (Map.Entry<?, ?> e : slices.entrySet()) {
        String name = e.getKey() instanceof String text ? text : "an array";
        join(name, e.getValue(), tensors);
      }
    }
  }

  private static void join(String name, Object info, Map<String, StoredTensor> tensors)
      throws IOException {
    List<StoredTensor> parts = new ArrayList<>();
    List<Integer> shape = new ArrayList<>();
    if (info instanceof Map<?, ?> map
        && map.get("slices") instanceof List<?> names
        && map.get("OriginShape") instanceof List<?> sizes) {
      for (Object size : sizes) {
        shape.add(size instanceof Long n && n >= 0 && n < Integer.MAX_VALUE ? n.intValue() : -1);
      }
      for (Object part : names) {
        if (!(part instanceof String slice)) {
          throw new IOException(
              "the slices of "
                  + Printable.name(name)
                  + " have "
                  + StateDict.describe(part)
                  + " where text belongs");
        }
        StoredTensor tensor = tensors.remove(slice);
        if (tensor != null) {
          parts.add(tensor);
        }
      }
    }
    long elements = StoredTensor.elements(shape);
    long found = 0;
    for (StoredTensor part : parts) {
      found += StoredTensor.elements(part.shape());
    }
    if (parts.isEmpty() || found != elements) {
      throw new IOException(
          "the slices of "
              + Printable.name(name)
              + " have "
              + found
              + " elements, expected shape "
              + shape);
    }
    tensors.put(
        name,
        StoredTensor.contiguous(
            ElementType.FLOAT32,
            shape,
            () -> {
              ByteBuffer joined =
                  ByteBuffer.allocate(Math.toIntExact(4 * elements)).order(ByteOrder.LITTLE_ENDIAN);
              FloatBuffer values = joined.asFloatBuffer();
              for (StoredTensor part : parts) {
                values.put(part.weights().values());
              }
              return joined;
            }));
  }
}
