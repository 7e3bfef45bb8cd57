package io.clipstream.model.checkpoint;

import io.clipstream.model.Printable;
import io.clipstream.model.artifact.Unpickler;
import io.clipstream.model.artifact.Unpickler.Global;
import io.clipstream.model.artifact.Unpickler.Opaque;
import io.clipstream.model.artifact.Unpickler.Text;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The types that weights need in PyTorch's and PaddlePaddle's pickles: PyTorch's tensors and
 * storages, NumPy's arrays, and the dictionaries around them. Whatever else stands beside them,
 * such as options, schedulers and the state of random numbers, is {@link Opaque}; what names a way
 * to run commands is no checkpoint, and refused. Nothing is run in either case.
 */
final class CheckpointTypes implements Unpickler.Types {
  private static final String REBUILD_TENSOR = "torch._utils._rebuild_tensor_v2";
  private static final String REBUILD_PARAMETER = "torch._utils._rebuild_parameter";

  private static final Map<String, ElementType> STORAGES =
      Map.of(
          "torch.FloatStorage", ElementType.FLOAT32,
          "torch.DoubleStorage", ElementType.FLOAT64,
          "torch.HalfStorage", ElementType.FLOAT16,
          "torch.BFloat16Storage", ElementType.BFLOAT16,
          "torch.LongStorage", ElementType.INT64,
          "torch.IntStorage", ElementType.INT32,
          "torch.ShortStorage", ElementType.INT16,
          "torch.CharStorage", ElementType.INT8,
          "torch.ByteStorage", ElementType.UINT8,
          "torch.BoolStorage", ElementType.BOOL);

  /** NumPy's type codes. PaddlePaddle stores bfloat16 as uint16, which has no other use there. */
  private static final Map<String, ElementType> DTYPES =
      Map.of(
          "f4", ElementType.FLOAT32,
          "f8", ElementType.FLOAT64,
          "f2", ElementType.FLOAT16,
          "u2", ElementType.BFLOAT16,
          "i8", ElementType.INT64,
          "i4", ElementType.INT32,
          "i2", ElementType.INT16,
          "i1", ElementType.INT8,
          "u1", ElementType.UINT8,
          "b1", ElementType.BOOL);

  /** What runs commands or code; no trainer keeps any of it. */
  private static final Pattern HOSTILE =
      Pattern.compile(
          "(os|posix|nt|sys|subprocess|shutil|socket|pty|runpy|importlib|ctypes|webbrowser"
              + "|pickle|_pickle|marshal)\\..*"
              + "|(builtins|__builtin__)\\.(eval|exec|execfile|compile|open|input|__import__)"
              + "|torch\\.(storage|serialization|hub|jit|ops)\\.(.*\\.)?"
              + "(_load_from_bytes|load|load_library)"
              + "|numpy\\.(.*\\.)?(load|loads|fromfile|memmap)");

  /** A storage of PyTorch; its bytes come with the pickle's surroundings. */
  static final class Storage {
    final ElementType type;
    final String key;
    final long elements;
    StoredTensor.Bytes bytes;

    Storage(ElementType type, String key, long elements) {
      this.type = type;
      this.key = key;
      this.elements = elements;
    }
  }

  /** An array of NumPy; {@code tensor} is null before its state came. */
  static final class Array {
    StoredTensor tensor;
  }

  private static final class Dtype {
    final ElementType type;
    final boolean structured;
    boolean bigEndian;

    Dtype(ElementType type) {
      this.type = type;
      this.structured = type == null;
    }
  }

  /** Bytes as protocol 2 has them: a string with a letter for each. */
  private record Latin1(Object text) {
    ByteBuffer decoded() throws IOException {
      ByteBuffer utf8 =
          text instanceof Text t
              ? t.utf8()
              : ByteBuffer.wrap(((String) text).getBytes(StandardCharsets.UTF_8));
      byte[] bytes = new byte[utf8.limit()];
      int n = 0;
      for (int i = 0; i < utf8.limit(); i++) {
        int b = Byte.toUnsignedInt(utf8.get(i));
        if (b >= 0x80) {
          if ((b & 0xfe) != 0xc2 || ++i == utf8.limit()) {
            throw new IOException("an array's bytes are not Latin-1");
          }
          b = ((b & 3) << 6) | (utf8.get(i) & 0x3f);
        }
        bytes[n++] = (byte) b;
      }
      return ByteBuffer.wrap(bytes, 0, n).slice();
    }
  }

  private final String what;
  private final Map<String, Storage> storages = new HashMap<>();
  private final StorageBytes storageBytes;

  /** Where the bytes of PyTorch's storages are, by key. */
  interface StorageBytes {
    StoredTensor.Bytes of(String key) throws IOException;
  }

  /**
   * @param what the pickle in messages
   * @param storageBytes null if they follow the pickle and are set with {@link #storages()}
   */
  CheckpointTypes(String what, StorageBytes storageBytes) {
    this.what = what;
    this.storageBytes = storageBytes;
  }

  /** Storages that the pickle named, by their keys. */
  Map<String, Storage> storages() {
    return Collections.unmodifiableMap(storages);
  }

  @Override
  public boolean allows(String name) {
    return !HOSTILE.matcher(name).matches();
  }

  @Override
  public Object call(Global function, List<?> arguments) throws IOException {
    Object known = known(function, arguments);
    return known == null ? new Opaque(function.name()) : known;
  }

  private Object known(Global function, List<?> arguments) throws IOException {
    int count = arguments.size();
    return switch (function.name()) {
      case REBUILD_TENSOR -> count == 6 || count == 7 ? tensor(arguments) : null;
      case REBUILD_PARAMETER, "torch._utils._rebuild_parameter_with_state" ->
          count >= 3 && arguments.get(0) instanceof StoredTensor tensor ? tensor : null;
      case "torch._tensor._rebuild_from_type_v2" ->
          count == 4
                  && arguments.get(0) instanceof Global rebuild
                  && arguments.get(2) instanceof List<?> itsArguments
                  && !rebuild.equals(function)
              ? known(rebuild, itsArguments)
              : null;
      case "collections.OrderedDict" -> count == 0 ? new LinkedHashMap<>() : null;
      case "collections.defaultdict" -> count <= 1 ? new LinkedHashMap<>() : null;
      case "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct" ->
          count == 3 && new Global("numpy.ndarray").equals(arguments.get(0)) ? new Array() : null;
      case "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer" ->
          count == 4 ? array(arguments) : null;
      case "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar" ->
          count == 2 ? Unpickler.NONE : null; // a number of a log: not a weight
      case "numpy.dtype" ->
          count >= 1 && arguments.get(0) instanceof String code
              ? new Dtype(DTYPES.get(code))
              : null;
      case "_codecs.encode" -> {
        Object text = count == 2 && "latin1".equals(arguments.get(1)) ? arguments.get(0) : null;
        yield text instanceof String || text instanceof Text ? new Latin1(text) : null;
      }
      case "builtins.tuple", "__builtin__.tuple", "torch.Size" ->
          count == 1 && arguments.get(0) instanceof List<?> list ? list : null;
      default -> null;
    };
  }

  @Override
  public Object create(Global type, List<?> arguments) {
    return new Opaque(type.name());
  }

  @Override
  public void setState(Object target, Object state) throws IOException {
    if (target instanceof Array array && state instanceof List<?> values && values.size() == 5) {
      array.tensor = tensorOf(values);
    } else if (target instanceof Dtype dtype
        && state instanceof List<?> values
        && values.size() >= 2) {
      dtype.bigEndian = ">".equals(values.get(1));
    }
    // PyTorch gives a state_dict's OrderedDict the attribute _metadata, and others have more:
    // nothing weights need.
  }

  @Override
  public Object persistent(Object id) throws IOException {
    if (!(id instanceof List<?> parts)
        || parts.size() < 5
        || !"storage".equals(parts.get(0))
        || !(parts.get(1) instanceof Global type)
        || !(parts.get(2) instanceof String key)
        || !(parts.get(4) instanceof Long elements)
        || elements < 0) {
      throw new IOException(what + " has a persistent id that is no storage");
    }
    ElementType element = STORAGES.get(type.name());
    if (element == null) { // of complex or quantised numbers
      return new Opaque(type.name());
    }
    if (parts.size() > 5 && parts.get(5) != Unpickler.NONE) {
      throw new IOException(
          what + " has a view of a storage, as PyTorch wrote before version 0.4: save it anew");
    }
    Storage known = storages.get(key);
    if (known != null) {
      if (known.type != element || known.elements != elements) {
        throw new IOException(what + " has two storages " + Printable.name(key));
      }
      return known;
    }
    Storage storage = new Storage(element, key, elements);
    if (storageBytes != null) {
      storage.bytes = storageBytes.of(key);
    }
    storages.put(key, storage);
    return storage;
  }

  private Object tensor(List<?> arguments) throws IOException {
    if (arguments.get(0) instanceof Opaque storage) {
      return storage;
    }
    if (!(arguments.get(0) instanceof Storage storage)
        || !(arguments.get(1) instanceof Long offset)) {
      throw new IOException(what + " has a tensor without a storage");
    }
    List<Long> strides = new ArrayList<>();
    for (long stride : longs(arguments.get(3))) {
      strides.add(stride);
    }
    return StoredTensor.view(
        storage.type,
        shape(arguments.get(2)),
        strides,
        offset,
        storage.elements,
        () -> storage.bytes.get());
  }

  /** An array as protocol 5 has it: bytes, dtype, shape, C or F for the order of its elements. */
  private Array array(List<?> made) throws IOException {
    Array array = new Array();
    boolean columnMajor = "F".equals(made.get(3));
    array.tensor = tensorOf(List.of(1L, made.get(2), made.get(1), columnMajor, made.get(0)));
    return array;
  }

  /**
   * State of an array: version, shape, dtype, whether it is column-major, bytes.
   *
   * @return null if its elements are none that weights have
   */
  private StoredTensor tensorOf(List<?> state) throws IOException {
    List<Integer> shape = shape(state.get(1));
    if (!(state.get(2) instanceof Dtype dtype)) {
      throw new IOException(what + " has an array without a type");
    }
    if (dtype.structured || (dtype.bigEndian && dtype.type.bytes > 1)) {
      return null; // such as the state of random numbers
    }
    Object data = state.get(4);
    StoredTensor.Bytes bytes;
    if (data instanceof ByteBuffer buffer) {
      bytes = () -> buffer.slice().order(ByteOrder.LITTLE_ENDIAN);
    } else if (data instanceof Latin1 latin1) {
      bytes = latin1::decoded;
    } else if (data instanceof String text) { // str of Python 2
      bytes = () -> ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    } else {
      return null; // of objects
    }
    boolean columnMajor = Boolean.TRUE.equals(state.get(3));
    if (!columnMajor) {
      return StoredTensor.contiguous(dtype.type, shape, bytes);
    }
    List<Integer> reversed = new ArrayList<>(shape);
    Collections.reverse(reversed);
    return StoredTensor.contiguous(dtype.type, reversed, bytes).transposed();
  }

  private List<Integer> shape(Object value) throws IOException {
    List<Integer> shape = new ArrayList<>();
    for (long size : longs(value)) {
      if (size < 0 || size > Integer.MAX_VALUE) {
        throw new IOException(
            what + " has a tensor with " + size + " along an axis, expected 0 to 2^31 - 1");
      }
      shape.add((int) size);
    }
    return shape;
  }

  private List<Long> longs(Object value) throws IOException {
    if (!(value instanceof List<?> list) || list.size() > 64) {
      throw new IOException(what + " has a tensor without a shape");
    }
    List<Long> longs = new ArrayList<>();
    for (Object item : list) {
      if (!(item instanceof Long n)) {
        throw new IOException(what + " has a tensor whose shape is not made of integers");
      }
      longs.add(n);
    }
    return longs;
  }
}
