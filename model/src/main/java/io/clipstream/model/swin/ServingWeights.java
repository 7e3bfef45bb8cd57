package io.clipstream.model.swin;

import io.clipstream.model.artifact.ScriptTensor;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3dServing.Precision;
import java.util.List;
import java.util.Map;

/**
 * The training form's weights as the serving form's tensors, in its precision.
 *
 * @param named every parameter of {@link Swin3d#shapes}
 */
record ServingWeights(Map<String, Weights> named, Precision precision) {

  Weights get(String name) {
    return named.get(name);
  }

  LinearLayer linear(String name) {
    return LinearLayer.of(get(name + ".weight"), get(name + ".bias"));
  }

  /** With the affine part of the norm before it. */
  LinearLayer linear(String name, String norm) {
    return after(linear(name), norm);
  }

  LinearLayer after(LinearLayer layer, String norm) {
    return layer.after(get(norm + ".weight"), get(norm + ".bias"));
  }

  ScriptTensor tensor(String name) {
    Weights values = get(name);
    return tensor(values.shape(), values.toArray());
  }

  ScriptTensor tensor(List<Integer> shape, float[] values) {
    return precision == Precision.BF16
        ? ScriptTensor.bfloat16(shape, values)
        : ScriptTensor.constant(shape, values);
  }

  /** In place of a tensor that a configuration does not need. */
  ScriptTensor empty() {
    return tensor(List.of(0), new float[0]);
  }

  /** Adds {@code PREFIXweight} and {@code PREFIXbias}. */
  void put(Map<String, Object> fields, String prefix, LinearLayer layer) {
    fields.put(prefix + "weight", tensor(layer.shape(), layer.weight()));
    fields.put(prefix + "bias", tensor(List.of(layer.shape().get(0)), layer.bias()));
  }
}
