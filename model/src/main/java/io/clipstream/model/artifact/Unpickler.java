package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.clipstream.model.Printable;
import java.io.IOException;
import java.math.BigInteger;
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
 * Python's pickle machine, protocols 2 to 5 (PEP 307, PEP 3154, PEP 574), that runs nothing: what a
 * pickle asks for by name is only ever handed to {@link Types}, an allow-list written by the
 * caller.
 *
 * <p>Values become: None {@link #NONE}, bool {@link Boolean}, int {@link Long} or {@link
 * BigInteger}, float {@link Double}, str {@link String} or, when long, {@link Text}, bytes {@link
 * ByteBuffer} (a view of the input), tuple and list {@link List}, dict {@link LinkedHashMap}.
 *
 * <p>Hostile input costs no more than the input's size and {@value #MAX_STEPS} small objects.
 * Results may contain themselves: walk only to a known depth.
 */
public final class Unpickler {
  /** Python's None. */
  public static final Object NONE =
      new Object() {
        @Override
        public String toString() {
          return "None";
        }
      };

  private static final Object MARK = new Object();
  private static final int MAX_STACK = 10_000;
  private static final int MAX_STEPS = 5_000_000;
  private static final int MAX_INTEGER_BYTES = 32;

  /** Strings longer than this stay where they are, as {@link Text}. */
  private static final int LONG_TEXT = 1 << 16;

  /** What may be named in a pickle, and what becomes of it. Everything else is refused. */
  public interface Types {
    /** Whether {@code module.name} may be named at all. */
    boolean allows(String name);

    /**
     * The result of calling a function or class.
     *
     * @return null to refuse
     */
    Object call(Global function, List<?> arguments) throws IOException;

    /**
     * A new object of a class, before its state is set.
     *
     * @return null to refuse
     */
    Object create(Global type, List<?> arguments) throws IOException;

    /** Sets the state of an object that one of the methods above made. */
    void setState(Object target, Object state) throws IOException;

    /** What a persistent id stands for. */
    Object persistent(Object id) throws IOException;
  }

  /** A function or class that the pickle names, {@code module.name}. */
  public record Global(String name) {}

  /**
   * An object of a class that {@link Types} knows nothing of: whatever the pickle does to it is
   * passed over.
   *
   * @param name of the class or of the function that made it
   */
  public record Opaque(String name) {}

  /** A long string where it lies in the input, UTF-8. */
  public record Text(ByteBuffer utf8) {}

  private final String what;
  private final String needed;
  private final ByteBuffer in;
  private final Types types;
  private final Deque<Object> stack = new ArrayDeque<>();
  private final Map<Integer, Object> memo = new HashMap<>();
  private int steps;

  /**
   * @param what the input in messages, such as {@code data.pkl}
   * @param user who does not need what is refused, in messages, such as {@code no module}
   * @param in read from its position; left after the pickle
   */
  public Unpickler(String what, String user, ByteBuffer in, Types types) {
    this.what = what;
    this.needed = ", which " + user + " needs";
    this.in = in;
    this.types = types;
  }

  /**
   * Reads one pickle, up to and with its STOP.
   *
   * @throws IOException if it is cut off, damaged or asks for what is not allowed; one line
   */
  public Object read() throws IOException {
    in.order(ByteOrder.LITTLE_ENDIAN);
    stack.clear();
    memo.clear();
    try {
      for (int op = code(); op != '.'; op = code()) {
        step(op);
        if (stack.size() > MAX_STACK) {
          throw new IOException(what + " nests too deep");
        }
        if (++steps > MAX_STEPS) {
          throw new IOException(what + " has more than " + MAX_STEPS + " instructions");
        }
      }
      return value(stack.pop());
    } catch (BufferUnderflowException e) {
      throw new IOException(what + " is cut off after " + in.limit() + " bytes", e);
    } catch (NoSuchElementException e) {
      throw new IOException(what + " is not a pickle: it takes more than it put", e);
    }
  }

  private int code() {
    return Byte.toUnsignedInt(in.get());
  }

  private void step(int op) throws IOException {
    switch (op) {
      case 0x80 -> { // PROTO
        int protocol = code();
        if (protocol < 2 || protocol > 5) {
          throw new IOException(
              what + " has pickle protocol " + protocol + ", expected protocol 2 to 5");
        }
      }
      case 0x95 -> in.getLong(); // FRAME: only a hint for reading ahead
      case '(' -> stack.push(MARK);
      case '0' -> stack.pop();
      case '1' -> popMark();
      case ')' -> stack.push(List.of());
      case 't' -> stack.push(popMark());
      case 0x85, 0x86, 0x87 -> stack.push(popMany(op - 0x84)); // TUPLE1 to TUPLE3
      case ']' -> stack.push(new ArrayList<>());
      case 'a' -> {
        Object value = pop();
        append(List.of(value));
      }
      case 'e' -> append(popMark());
      case '}' -> stack.push(new LinkedHashMap<>());
      case 's' -> {
        Object value = pop();
        Object key = pop();
        put(List.of(key, value));
      }
      case 'u' -> put(popMark());
      case 'N' -> stack.push(NONE);
      case 0x88 -> stack.push(true);
      case 0x89 -> stack.push(false);
      case 'J' -> stack.push((long) in.getInt());
      case 'K' -> stack.push((long) code());
      case 'M' -> stack.push((long) Short.toUnsignedInt(in.getShort()));
      case 0x8a -> stack.push(integer(code()));
      case 0x8b -> stack.push(integer(in.getInt()));
      case 'G' -> stack.push(Double.longBitsToDouble(Long.reverseBytes(in.getLong())));
      case 'X' -> stack.push(text(in.getInt()));
      case 0x8c -> stack.push(text(code()));
      case 0x8d -> stack.push(text(in.getLong()));
      case 'T' -> stack.push(oldString(in.getInt()));
      case 'U' -> stack.push(oldString(code()));
      case 'B' -> stack.push(slice(Integer.toUnsignedLong(in.getInt())));
      case 'C' -> stack.push(slice(code()));
      case 0x8e, 0x96 -> stack.push(slice(in.getLong())); // BINBYTES8, BYTEARRAY8
      case 0x8f -> stack.push(set()); // EMPTY_SET
      case 0x90 -> { // ADDITEMS
        List<Object> unused = popMark();
        as(Opaque.class, stack.peek());
      }
      case 0x91 -> { // FROZENSET
        List<Object> unused = popMark();
        stack.push(set());
      }
      case 'c' -> {
        String module = line();
        stack.push(global(module, line()));
      }
      case 0x93 -> { // STACK_GLOBAL
        String name = as(String.class, stack.pop());
        stack.push(global(as(String.class, stack.pop()), name));
      }
      case 'q' -> memo.put(code(), value(stack.peek()));
      case 'r' -> memo.put(in.getInt(), value(stack.peek()));
      case 0x94 -> memo.put(memo.size(), value(stack.peek())); // MEMOIZE
      case 'h' -> stack.push(recalled(code()));
      case 'j' -> stack.push(recalled(in.getInt()));
      case 0x81 -> { // NEWOBJ
        List<?> arguments = as(List.class, stack.pop());
        stack.push(made(pop(), type -> types.create(type, arguments)));
      }
      case 0x92 -> { // NEWOBJ_EX
        Object unused = as(Map.class, stack.pop());
        List<?> arguments = as(List.class, stack.pop());
        stack.push(made(pop(), type -> types.create(type, arguments)));
      }
      case 'R' -> { // REDUCE
        List<?> arguments = as(List.class, stack.pop());
        stack.push(made(pop(), function -> types.call(function, arguments)));
      }
      case 'b' -> { // BUILD
        Object state = pop();
        types.setState(value(stack.peek()), state);
      }
      case 'Q' -> stack.push(types.persistent(pop())); // BINPERSID
      default ->
          throw new IOException(String.format("%s has instruction 0x%02x%s", what, op, needed));
    }
  }

  private Global global(String module, String name) throws IOException {
    Global global = new Global(module + "." + name);
    if (!types.allows(global.name)) {
      throw refused(global);
    }
    return global;
  }

  private interface Make {
    Object of(Global global) throws IOException;
  }

  /** What a function or class makes; of an unknown one, something unknown. */
  private Object made(Object maker, Make make) throws IOException {
    if (maker instanceof Opaque) {
      return maker;
    }
    Global global = as(Global.class, maker);
    Object result = make.of(global);
    if (result == null) {
      throw refused(global);
    }
    return result;
  }

  private Opaque set() throws IOException {
    return as(Opaque.class, made(global("builtins", "set"), g -> types.call(g, List.of())));
  }

  /** To the list on the stack. */
  private void append(List<Object> values) throws IOException {
    if (!(stack.peek() instanceof Opaque)) {
      list(stack.peek()).addAll(values);
    }
  }

  /** Keys and values, in turn, into the dictionary on the stack. */
  private void put(List<Object> items) throws IOException {
    if (stack.peek() instanceof Opaque) {
      return;
    }
    Map<Object, Object> map = map(stack.peek());
    for (int i = 0; i + 1 < items.size(); i += 2) {
      map.put(key(items.get(i)), items.get(i + 1));
    }
  }

  private IOException refused(Global global) {
    return new IOException(
        what + " asks for " + Printable.name(global.name) + needed + ": refused");
  }

  private Object integer(int length) throws IOException {
    if (length < 0 || length > MAX_INTEGER_BYTES) {
      throw new IOException(
          what + " has an integer of " + length + " bytes, expected at most " + MAX_INTEGER_BYTES);
    }
    ByteBuffer littleEndian = slice(length);
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[length - 1 - i] = littleEndian.get(i);
    }
    BigInteger value = length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
    return value.bitLength() < 64 ? (Object) value.longValue() : value;
  }

  private Object text(long length) {
    ByteBuffer utf8 = slice(length);
    return length > LONG_TEXT ? new Text(utf8) : UTF_8.decode(utf8).toString();
  }

  /** A str of Python 2, which holds either letters or, when long, bytes. */
  private Object oldString(int length) {
    ByteBuffer bytes = slice(length);
    return length > LONG_TEXT ? bytes : ISO_8859_1.decode(bytes).toString();
  }

  private ByteBuffer slice(long length) {
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    ByteBuffer slice = in.slice(in.position(), (int) length).asReadOnlyBuffer();
    in.position(in.position() + (int) length);
    return slice;
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (byte b = in.get(); b != '\n'; b = in.get()) {
      line.append((char) b);
      if (line.length() > 1000) {
        throw new IOException(what + " has a name of more than 1000 bytes");
      }
    }
    return line.toString();
  }

  private Object recalled(int key) throws IOException {
    Object value = memo.get(key);
    if (value == null) {
      throw new IOException(what + " refers to " + key + ", which it did not name before");
    }
    return value;
  }

  /** A value, where a mark does not belong. */
  private static Object value(Object object) {
    if (object == null || object == MARK) {
      throw new NoSuchElementException();
    }
    return object;
  }

  private Object pop() {
    return value(stack.pop());
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
      values[i] = pop();
    }
    return Arrays.asList(values);
  }

  /** Keys whose hash is cheap and final; others, which no weight has, are equal to nothing. */
  private static Object key(Object key) {
    boolean plain =
        key instanceof String || key instanceof Number || key instanceof Boolean || key == NONE;
    return plain ? key : new Object();
  }

  @SuppressWarnings("unchecked") // only pushed as List<Object> and Map<Object, Object>
  private List<Object> list(Object value) throws IOException {
    return as(ArrayList.class, value);
  }

  @SuppressWarnings("unchecked")
  private Map<Object, Object> map(Object value) throws IOException {
    return as(LinkedHashMap.class, value);
  }

  /** The value as the type that belongs there. */
  public <T> T as(Class<T> type, Object value) throws IOException {
    if (!type.isInstance(value)) {
      throw new IOException(
          what
              + " has a "
              + (value == null ? "nothing" : value.getClass().getSimpleName())
              + " where a "
              + type.getSimpleName()
              + " belongs");
    }
    return type.cast(value);
  }
}
