package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * Reads the {@code data.pkl} of a TorchScript archive. Nothing is run or loaded by name: the only
 * classes it knows are modules below {@code __torch__}, which become {@link ScriptObject}s,
 * contiguous tensors of float32 and int64 elements, and the empty dictionary that goes with each;
 * anything else is refused.
 */
final class PickleReader {
  private static final Object MARK = new Object();
  private static final Object NO_HOOKS = new Object();
  private static final int MAX_STACK = 10_000;
  private static final int MAX_MODULES = 100_000;

  /** Finds the bytes of a tensor by the key of its storage. */
  interface Storages {
    ByteBuffer get(String key) throws IOException;
  }

  private record Global(String name) {}

  private record Storage(boolean isFloat, String key, int size) {}

  /** A module that is still being read. */
  private record Open(String type, Map<String, Object> fields) {}

  private final ByteBuffer in;
  private final Storages storages;
  private final Deque<Object> stack = new ArrayDeque<>();
  private final Map<Integer, Object> memo = new HashMap<>();
  private int modules;

  PickleReader(ByteBuffer in, Storages storages) {
    this.in = in.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    this.storages = storages;
  }

  /** The module that the pickle holds. */
  ScriptObject read() throws IOException {
    try {
      while (true) {
        int op = Byte.toUnsignedInt(in.get());
        if (op == '.') {
          break;
        }
        step(op);
        if (stack.size() > MAX_STACK) {
          throw new IOException("data.pkl nests too deep");
        }
      }
      return closed(as(Open.class, stack.pop()), 0);
    } catch (BufferUnderflowException e) {
      throw new IOException("data.pkl is cut off after " + in.limit() + " bytes", e);
    } catch (NoSuchElementException | ArithmeticException e) {
      throw new IOException("data.pkl is not a pickle of a module", e);
    }
  }

  private void step(int op) throws IOException {
    switch (op) {
      case 0x80 -> { // PROTO
        int protocol = in.get();
        if (protocol != 2) {
          throw new IOException("data.pkl has pickle protocol " + protocol + ", expected 2");
        }
      }
      case '(' -> stack.push(MARK);
      case ')' -> stack.push(List.of());
      case 't', 0x85, 0x86, 0x87 -> stack.push(op == 't' ? popMark() : popMany(op - 0x84));
      case ']' -> stack.push(new ArrayList<>());
      case 'a' -> {
        Object value = stack.pop();
        list(stack.peek()).add(value);
      }
      case 'e' -> {
        List<Object> values = popMark();
        list(stack.peek()).addAll(values);
      }
      case '}' -> stack.push(new LinkedHashMap<String, Object>());
      case 's' -> {
        Object value = stack.pop();
        Object key = stack.pop();
        map(stack.peek()).put(as(String.class, key), value);
      }
      case 'u' -> {
        List<Object> items = popMark();
        Map<String, Object> map = map(stack.peek());
        for (int i = 0; i + 1 < items.size(); i += 2) {
          map.put(as(String.class, items.get(i)), items.get(i + 1));
        }
      }
      case 'N' -> stack.push(new Global("None"));
      case 0x88 -> stack.push(true);
      case 0x89 -> stack.push(false);
      case 'J' -> stack.push((long) in.getInt());
      case 'K' -> stack.push((long) Byte.toUnsignedInt(in.get()));
      case 'M' -> stack.push((long) Short.toUnsignedInt(in.getShort()));
      case 0x8a -> stack.push(longInteger());
      case 'G' -> stack.push(Double.longBitsToDouble(Long.reverseBytes(in.getLong())));
      case 'X' -> stack.push(string(in.getInt()));
      case 'c' -> stack.push(global(line(), line()));
      case 'q' -> memo.put(Byte.toUnsignedInt(in.get()), stack.peek());
      case 'r' -> memo.put(in.getInt(), stack.peek());
      case 'h' -> stack.push(recalled(Byte.toUnsignedInt(in.get())));
      case 'j' -> stack.push(recalled(in.getInt()));
      case 0x81 -> { // NEWOBJ
        tuple(stack.pop(), 0);
        Global type = as(Global.class, stack.pop());
        if (!type.name.startsWith("__torch__.")) {
          throw refused(type);
        }
        stack.push(new Open(type.name, new LinkedHashMap<>()));
      }
      case 'b' -> { // BUILD
        Map<String, Object> state = map(stack.pop());
        as(Open.class, stack.peek()).fields.putAll(state);
      }
      case 'Q' -> stack.push(storage(tuple(stack.pop(), 5))); // BINPERSID
      case 'R' -> { // REDUCE
        List<?> arguments = as(List.class, stack.pop());
        Global function = as(Global.class, stack.pop());
        stack.push(reduce(function, arguments));
      }
      default ->
          throw new IOException(
              String.format("data.pkl has instruction 0x%02x, which no module needs", op));
    }
  }

  private static Global global(String module, String name) throws IOException {
    Global global = new Global(module + "." + name);
    boolean known =
        global.name.startsWith("__torch__.")
            || switch (global.name) {
              case "torch._utils._rebuild_tensor_v2",
                  "torch.FloatStorage",
                  "torch.LongStorage",
                  "collections.OrderedDict" ->
                  true;
              default -> false;
            };
    if (!known) {
      throw refused(global);
    }
    return global;
  }

  private static IOException refused(Global global) {
    return new IOException("data.pkl asks for " + global.name + ", which no module needs: refused");
  }

  private Object reduce(Global function, List<?> arguments) throws IOException {
    if (function.name.equals("collections.OrderedDict") && arguments.isEmpty()) {
      return NO_HOOKS;
    }
    if (function.name.equals("torch._utils._rebuild_tensor_v2") && arguments.size() == 6) {
      return tensor(arguments);
    }
    throw refused(function);
  }

  private static Storage storage(List<?> id) throws IOException {
    Global type = as(Global.class, id.get(1));
    return new Storage(
        type.name.equals("torch.FloatStorage"),
        as(String.class, id.get(2)),
        Math.toIntExact(as(Long.class, id.get(4))));
  }

  private ScriptTensor tensor(List<?> arguments) throws IOException {
    Storage storage = as(Storage.class, arguments.get(0));
    int offset = Math.toIntExact(as(Long.class, arguments.get(1)));
    List<Integer> shape = integers(arguments.get(2));
    List<Integer> strides = integers(arguments.get(3));
    boolean trained = as(Boolean.class, arguments.get(4));
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
    long expected = storage.size * (storage.isFloat ? 4L : 8L);
    if (bytes.remaining() != expected || offset < 0 || (long) offset + size > storage.size) {
      throw new IOException(
          "tensor " + storage.key + " has " + bytes.remaining() + " bytes, expected " + expected);
    }
    bytes = bytes.order(ByteOrder.LITTLE_ENDIAN);
    return storage.isFloat
        ? new ScriptTensor(shape, bytes.asFloatBuffer().slice(offset, size), trained)
        : new ScriptTensor(shape, bytes.asLongBuffer().slice(offset, size), trained);
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

  private long longInteger() throws IOException {
    int length = Byte.toUnsignedInt(in.get());
    if (length > 8) {
      throw new IOException("data.pkl has an integer of " + length + " bytes, expected at most 8");
    }
    long value = 0;
    for (int i = 0; i < length; i++) {
      value |= (long) Byte.toUnsignedInt(in.get()) << (8 * i);
    }
    int unused = 64 - 8 * length;
    return length == 0 ? 0 : value << unused >> unused;
  }

  private String string(int length) throws IOException {
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new String(bytes, UTF_8);
  }

  private String line() {
    StringBuilder line = new StringBuilder();
    for (byte b = in.get(); b != '\n'; b = in.get()) {
      line.append((char) b);
    }
    return line.toString();
  }

  private Object recalled(int key) throws IOException {
    Object value = memo.get(key);
    if (value == null) {
      throw new IOException("data.pkl refers to " + key + ", which it did not name before");
    }
    return value;
  }

  private List<Object> popMark() {
    List<Object> values = new ArrayList<>();
    for (Object value = stack.pop(); value != MARK; value = stack.pop()) {
      values.add(value);
    }
    Collections.reverse(values);
    return values;
  }

  private List<Object> popMany(int count) {
    Object[] values = new Object[count];
    for (int i = count - 1; i >= 0; i--) {
      values[i] = stack.pop();
    }
    return Arrays.asList(values);
  }

  private static List<Integer> integers(Object value) throws IOException {
    List<Integer> integers = new ArrayList<>();
    for (Object i : as(List.class, value)) {
      integers.add(Math.toIntExact(as(Long.class, i)));
    }
    return integers;
  }

  private static List<?> tuple(Object value, int size) throws IOException {
    List<?> tuple = as(List.class, value);
    if (tuple.size() != size) {
      throw new IOException("data.pkl has a tuple of " + tuple.size() + ", expected " + size);
    }
    return tuple;
  }

  @SuppressWarnings("unchecked") // only pushed as List<Object> and Map<String, Object>
  private static List<Object> list(Object value) throws IOException {
    return as(ArrayList.class, value);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object value) throws IOException {
    return as(LinkedHashMap.class, value);
  }

  private static <T> T as(Class<T> type, Object value) throws IOException {
    if (!type.isInstance(value)) {
      throw new IOException(
          "data.pkl has a "
              + (value == null ? "nothing" : value.getClass().getSimpleName())
              + " where a "
              + type.getSimpleName()
              + " belongs");
    }
    return type.cast(value);
  }
}
