package io.clipstream.model.artifact;

import io.clipstream.model.artifact.Unpickler.Global;
import java.io.IOException;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the {@code data.pkl} of a TorchScript archive. Nothing is run or loaded by name: the only
 * classes it knows are modules below {@code __torch__}, which become {@link ScriptObject}s,
 * contiguous tensors of float32, bfloat16 and int64 elements, and the empty dictionary that goes
 * with each; anything else is refused.
 */
final class PickleReader {
  private static final Object NO_HOOKS = new Object();
  private static final int MAX_MODULES = 100_000;

  /** Finds the bytes of a tensor by the key of its storage. */
  interface Storages {
    ByteBuffer get(String key) throws IOException;
  }

  private record Storage(ScriptTensor.Type type, String key, int size) {}

  /** A module that is still being read. */
  private record Open(String type, Map<String, Object> fields) {}

  private final Storages storages;
  private final Unpickler pickle;
  private int modules;

  PickleReader(ByteBuffer in, Storages storages) {
    this.storages = storages;
    this.pickle = new Unpickler("data.pkl", "no module", in.duplicate(), new Modules());
  }

  /** The module that the pickle holds. */
  ScriptObject read() throws IOException {
    try {
      return closed(pickle.as(Open.class, pickle.read()), 0);
    } catch (ArithmeticException e) {
      throw new IOException("data.pkl is not a pickle of a module", e);
    }
  }

  private final class Modules implements Unpickler.Types {
    @Override
    public boolean allows(String name) {
      return name.startsWith("__torch__.")
          || switch (name) {
            case "torch._utils._rebuild_tensor_v2",
                "torch.FloatStorage",
                "torch.BFloat16Storage",
                "torch.LongStorage",
                "collections.OrderedDict" ->
                true;
            default -> false;
          };
    }

    @Override
    public Object call(Global function, List<?> arguments) throws IOException {
      if (function.name().equals("collections.OrderedDict") && arguments.isEmpty()) {
        return NO_HOOKS;
      }
      return function.name().equals("torch._utils._rebuild_tensor_v2") && arguments.size() == 6
          ? tensor(arguments)
          : null;
    }

    @Override
    public Object create(Global type, List<?> arguments) {
      return type.name().startsWith("__torch__.") && arguments.isEmpty()
          ? new Open(type.name(), new LinkedHashMap<>())
          : null;
    }

    @Override
    public void setState(Object target, Object state) throws IOException {
      Map<String, Object> fields = pickle.as(Open.class, target).fields;
      if (state instanceof List<?> tuple) {
        fields.put(ScriptObject.STATE, tuple);
        return;
      }
      Map<?, ?> values = pickle.as(Map.class, state);
      for (Map.Entry<?, ?> e : values.entrySet()) {
        fields.put(pickle.as(String.class, e.getKey()), e.getValue());
      }
    }

    @Override
    public Object persistent(Object id) throws IOException {
      List<?> storage = pickle.as(List.class, id);
      if (storage.size() != 5) {
        throw new IOException("data.pkl has a tuple of " + storage.size() + ", expected 5");
      }
      return new Storage(
          elements(pickle.as(Global.class, storage.get(1))),
          pickle.as(String.class, storage.get(2)),
          Math.toIntExact(pickle.as(Long.class, storage.get(4))));
    }
  }

  private static ScriptTensor.Type elements(Global storage) throws IOException {
    for (ScriptTensor.Type type : ScriptTensor.Type.values()) {
      if (storage.name().equals("torch." + type.storage)) {
        return type;
      }
    }
    throw new IOException("data.pkl has a tensor in a " + storage.name());
  }

  private ScriptTensor tensor(List<?> arguments) throws IOException {
    Storage storage = pickle.as(Storage.class, arguments.get(0));
    int offset = Math.toIntExact(pickle.as(Long.class, arguments.get(1)));
    List<Integer> shape = integers(arguments.get(2));
    List<Integer> strides = integers(arguments.get(3));
    boolean trained = pickle.as(Boolean.class, arguments.get(4));
    for (int n : shape) {
      if (n < 0) {
        throw new IOException("a tensor of data.pkl has shape " + shape);
      }
    }
    int size = Weights.size(shape);
    if (!strides.equals(PickleWriter.strides(shape))) {
      throw new IOException(
          "tensor "
              + storage.key
              + " has shape "
              + shape
              + " and strides "
              + strides
              + ", expected a contiguous one");
    }
    ByteBuffer bytes = storages.get(storage.key);
    long expected = (long) storage.size * storage.type.bytes;
    if (bytes.remaining() != expected || offset < 0 || (long) offset + size > storage.size) {
      throw new IOException(
          "tensor " + storage.key + " has " + bytes.remaining() + " bytes, expected " + expected);
    }
    bytes = bytes.order(ByteOrder.LITTLE_ENDIAN);
    Buffer data =
        switch (storage.type) {
          case FLOAT32 -> bytes.asFloatBuffer().slice(offset, size);
          case BFLOAT16 -> bytes.asShortBuffer().slice(offset, size);
          case INT64 -> bytes.asLongBuffer().slice(offset, size);
        };
    return new ScriptTensor(shape, data, trained);
  }

  private ScriptObject closed(Open open, int depth) throws IOException {
    // References can nest without end or double at each level.
    if (depth > 100 || ++modules > MAX_MODULES) {
      throw new IOException("data.pkl nests too deep");
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    for (Map.Entry<String, Object> e : open.fields.entrySet()) {
      Object value = e.getValue();
      fields.put(e.getKey(), value instanceof Open child ? closed(child, depth + 1) : value);
    }
    return new ScriptObject(open.type, fields);
  }

  private List<Integer> integers(Object value) throws IOException {
    List<Integer> integers = new ArrayList<>();
    for (Object i : pickle.as(List.class, value)) {
      integers.add(Math.toIntExact(pickle.as(Long.class, i)));
    }
    return integers;
  }
}
