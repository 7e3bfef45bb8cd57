package io.clipstream.model.artifact;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A TorchScript module: its class and the values of its fields.
 *
 * @param type name of its class, such as {@code __torch__.Linear}
 * @param fields {@link Boolean}, {@link Long}, {@link Double}, {@link String}, {@link ScriptTensor}
 *     or another ScriptObject, in order; other values are {@code null} when read. A class that
 *     prepares itself at load has the one field {@link #STATE}
 */
public record ScriptObject(String type, Map<String, Object> fields) {
  /** A {@link java.util.List} of what the class's method of this name takes as a tuple. */
  public static final String STATE = "__setstate__";

  public ScriptObject {
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  /** A module whose class makes its fields from a state when it is loaded. */
  public static ScriptObject prepared(String type, List<ScriptTensor> state) {
    return new ScriptObject(type, Map.of(STATE, List.copyOf(state)));
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
