package io.clipstream.model.artifact;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A TorchScript module: its class and the values of its fields.
 *
 * @param type name of its class, such as {@code __torch__.Linear}
 * @param fields {@link Boolean}, {@link Long}, {@link Double}, {@link String}, {@link ScriptTensor}
 *     or another ScriptObject, in order; other values are {@code null} when read
 */
public record ScriptObject(String type, Map<String, Object> fields) {
  public ScriptObject {
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  /**
   * The trained tensors below, named by the path of fields that leads to them ({@code
   * features.0.0.attn.qkv.weight}): what PyTorch calls named parameters.
   */
  public Map<String, Weights> parameters() {
    Map<String, Weights> found = new LinkedHashMap<>();
    collect("", found);
    return found;
  }

  private void collect(String prefix, Map<String, Weights> found) {
    fields.forEach(
        (name, value) -> {
          if (value instanceof ScriptTensor tensor && tensor.trained()) {
            found.put(prefix + name, tensor.weights());
          } else if (value instanceof ScriptObject child) {
            child.collect(prefix + name + ".", found);
          }
        });
  }
}
