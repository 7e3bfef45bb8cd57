package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * Writes a tree of modules as TorchScript's {@code data.pkl}: Python's pickle, protocol 2, of
 * objects whose tensors are persistent ids that name the archive's entries {@code data/0}, {@code
 * data/1} …
 */
final class PickleWriter {
  /** The pickle that TorchScript expects where an archive has no constants: an empty tuple. */
  static final byte[] EMPTY_TUPLE = {(byte) 0x80, 2, ')', '.'};

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final List<ScriptTensor> tensors = new ArrayList<>();
  private final IdentityHashMap<ScriptTensor, Integer> keys = new IdentityHashMap<>();

  byte[] write(ScriptObject root) {
    op(0x80);
    op(2);
    object(root);
    op('.');
    return out.toByteArray();
  }

  /** The tensors met while writing; the place of each is its key. */
  List<ScriptTensor> tensors() {
    return tensors;
  }

  private void value(Object value) {
    if (value instanceof ScriptObject object) {
      object(object);
    } else if (value instanceof ScriptTensor tensor) {
      tensor(tensor);
    } else if (value instanceof Boolean b) {
      op(b ? 0x88 : 0x89); // NEWTRUE, NEWFALSE
    } else if (value instanceof Integer i) {
      integer(i);
    } else if (value instanceof Double d) {
      op('G'); // BINFLOAT
      out.writeBytes(ByteBuffer.allocate(8).putDouble(d).array());
    } else {
      throw new IllegalArgumentException("cannot store " + value + " in a module");
    }
  }

  private void object(ScriptObject object) {
    int dot = object.type().lastIndexOf('.');
    global(object.type().substring(0, dot), object.type().substring(dot + 1));
    op(')'); // EMPTY_TUPLE
    op(0x81); // NEWOBJ
    if (object.fields().get(ScriptObject.STATE) instanceof List<?> state) {
      op('('); // MARK
      state.forEach(this::value);
      op('t'); // TUPLE
    } else {
      op('}'); // EMPTY_DICT
      op('('); // MARK
      object
          .fields()
          .forEach(
              (name, field) -> {
                string(name);
                value(field);
              });
      op('u'); // SETITEMS
    }
    op('b'); // BUILD
  }

  /** {@code torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, trained, hooks)}. */
  private void tensor(ScriptTensor tensor) {
    Integer key =
        keys.computeIfAbsent(
            tensor,
            t -> {
              tensors.add(t);
              return tensors.size() - 1;
            });
    global("torch._utils", "_rebuild_tensor_v2");
    op('(');
    op('(');
    string("storage");
    global("torch", tensor.type().storage);
    string(key.toString());
    string("cpu");
    integer(tensor.data().limit());
    op('t'); // TUPLE
    op('Q'); // BINPERSID
    integer(0);
    op('(');
    tensor.shape().forEach(this::integer);
    op('t');
    op('(');
    strides(tensor.shape()).forEach(this::integer);
    op('t');
    value(tensor.trained());
    global("collections", "OrderedDict");
    op(')');
    op('R'); // REDUCE
    op('t');
    op('R');
  }

  static List<Integer> strides(List<Integer> shape) {
    Integer[] strides = new Integer[shape.size()];
    int stride = 1;
    for (int axis = shape.size() - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= Math.max(1, shape.get(axis));
    }
    return List.of(strides);
  }

  private void global(String module, String name) {
    op('c');
    out.writeBytes((module + "\n" + name + "\n").getBytes(UTF_8));
  }

  private void string(String s) {
    byte[] bytes = s.getBytes(UTF_8);
    op('X'); // BINUNICODE
    out.writeBytes(littleEndian(bytes.length));
    out.writeBytes(bytes);
  }

  private void integer(int i) {
    op('J'); // BININT
    out.writeBytes(littleEndian(i));
  }

  private static byte[] littleEndian(int i) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(i).array();
  }

  private void op(int code) {
    out.write(code);
  }
}
