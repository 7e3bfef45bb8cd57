package io.clipstream.model.checkpoint;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.StoredZip;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.model.artifact.Unpickler;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.checkpoint.CheckpointTypes.Storage;
import io.clipstream.model.swin.Swin3d;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tensors of a checkpoint file, by the names they have there. Reading one runs nothing that is
 * in it. Tensors are mapped, not read: the file must stay as it is while they are used.
 */
public final class Checkpoint {
  /** Who wrote the file. */
  public enum Format {
    /** {@code torch.save} since PyTorch 1.6. */
    TORCH_ZIP("PyTorch, zip"),
    /**
     * {@code torch.save} before PyTorch 1.6, or with {@code _use_new_zipfile_serialization=False}.
     */
    TORCH_LEGACY("PyTorch, before 1.6"),
    /** {@code paddle.save}: a pickle of NumPy arrays. Weights of linear layers are transposed. */
    PADDLE("PaddlePaddle"),
    SAFETENSORS("safetensors"),
    /** An artifact of clipstream. */
    CLIPSTREAM("clipstream");

    private final String title;

    Format(String title) {
      this.title = title;
    }

    @Override
    public String toString() {
      return title;
    }
  }

  /** First value of PyTorch's old format (torch/serialization.py, MAGIC_NUMBER). */
  private static final BigInteger TORCH_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);

  private static final long TORCH_PROTOCOL = 1001;

  /** Where trainers keep the weights among other things. */
  private static final List<String> STATE_DICTS =
      List.of("state_dict", "model", "model_state_dict", "module", "net");

  /** PaddlePaddle's names of its own for the parameters: nothing weights need. */
  private static final String PADDLE_NAMES = "StructuredToParameterName@@";

  /** PaddlePaddle's table of arrays that were too large for one piece. */
  private static final String PADDLE_SLICES = "UnpackBigParamInfor@@";

  private static final String USER = "no set of weights";

  private final Path file;
  private final Format format;
  private final Map<String, StoredTensor> tensors;
  private final Optional<ModelManifest> manifest;
  private final long bytes;

  private Checkpoint(
      Path file,
      Format format,
      Map<String, StoredTensor> tensors,
      Optional<ModelManifest> manifest,
      long bytes) {
    this.file = file;
    this.bytes = bytes;
    this.format = format;
    this.tensors = Collections.unmodifiableMap(tensors);
    this.manifest = manifest;
  }

  /**
   * Reads the directory of a checkpoint, whatever its format: contents count, not the name.
   *
   * @throws IOException if it is none, damaged or holds more than weights; one line that begins
   *     with the file
   */
  public static Checkpoint open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(
          file
              + ": "
              + (Files.exists(file) ? "not a file" : "no such file")
              + ", expected a checkpoint");
    }
    try {
      Checkpoint checkpoint = read(file);
      if (checkpoint.tensors.isEmpty()) {
        throw new IOException("a checkpoint without a single tensor");
      }
      return checkpoint;
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      if (message.endsWith(": refused")) {
        message += "; save its weights alone, torch.save(model.state_dict(), FILE)";
      }
      throw new IOException(message.startsWith(file + ": ") ? message : file + ": " + message, e);
    }
  }

  private static Checkpoint read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer head = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
      while (head.hasRemaining() && channel.read(head) >= 0) {
        // until full or at the end
      }
      head.flip();
      if (head.limit() >= 4 && head.getInt(0) == 0x04034b50) {
        return zip(file);
      }
      if (head.limit() >= 9
          && head.get(8) == '{'
          && head.getLong(0) > 0
          && head.getLong(0) <= SafeTensors.MAX_HEADER_OF_FORMAT) {
        SafeTensors safeTensors = SafeTensors.read(channel);
        return new Checkpoint(
            file,
            Format.SAFETENSORS,
            safeTensors.tensors(),
            safeTensors.manifest(),
            channel.size());
      }
      if (head.limit() >= 2 && head.get(0) == (byte) 0x80) {
        return pickle(file, channel);
      }
      if (head.limit() >= 262
          && StandardCharsets.ISO_8859_1.decode(head.slice(257, 5)).toString().equals("ustar")) {
        throw new IOException(
            "a tar file, as PyTorch wrote before version 0.2: load it there and save it anew");
      }
      throw new IOException(
          head.limit() == 0
              ? "an empty file, expected a checkpoint"
              : "not a checkpoint, expected .pth, .pdparams, .safetensors or .pt");
    }
  }

  private static Checkpoint zip(Path file) throws IOException {
    try (StoredZip zip = StoredZip.open(file)) {
      String folder = null;
      for (String name : zip.names()) {
        int slash = name.indexOf('/');
        if (slash > 0 && name.substring(slash).equals("/data.pkl")) {
          folder = name.substring(0, slash + 1);
        }
      }
      if (folder == null) {
        throw new IOException("a zip file, but no checkpoint of PyTorch: it has no data.pkl");
      }
      if (zip.has(folder + "constants.pkl")) {
        return artifact(file);
      }
      String data = folder + "data/";
      if (zip.has(folder + "byteorder")) {
        String order = StandardCharsets.US_ASCII.decode(zip.map(folder + "byteorder")).toString();
        if (!order.equals("little")) {
          throw new IOException("its elements are not little-endian: save it anew");
        }
      }
      zip.verify();
      CheckpointTypes types =
          new CheckpointTypes(
              "data.pkl",
              key -> {
                ByteBuffer bytes = zip.map(data + key);
                return () -> bytes;
              });
      Object root = new Unpickler("data.pkl", USER, zip.map(folder + "data.pkl"), types).read();
      return new Checkpoint(
          file, Format.TORCH_ZIP, tensors(root), Optional.empty(), Files.size(file));
    }
  }

  private static Checkpoint artifact(Path file) throws IOException {
    try (TorchArchive archive = TorchArchive.open(file)) {
      if (!archive.hasExtra("manifest.json")) {
        throw new IOException(
            "a TorchScript archive that is not clipstream's, expected one with"
                + " extra/manifest.json or weights alone (torch.save of a state_dict)");
      }
    }
    ModelManifest manifest = ModelArtifact.open(file).manifest();
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, Weights> e : Swin3d.read(file).entrySet()) {
      tensors.put(e.getKey(), StoredTensor.of(e.getValue()));
    }
    return new Checkpoint(
        file, Format.CLIPSTREAM, tensors, Optional.of(manifest), Files.size(file));
  }

  private static Checkpoint pickle(Path file, FileChannel channel) throws IOException {
    MappedByteBuffer in =
        channel.map(FileChannel.MapMode.READ_ONLY, 0, Math.min(channel.size(), Integer.MAX_VALUE));
    CheckpointTypes types = new CheckpointTypes("the pickle", null);
    Unpickler pickle = new Unpickler("the pickle", USER, in, types);
    Object first = pickle.read();
    if (!TORCH_MAGIC.equals(first)) {
      if (!types.storages().isEmpty()) {
        throw new IOException("a pickle of PyTorch without the start of its file");
      }
      return new Checkpoint(file, Format.PADDLE, tensors(first), Optional.empty(), channel.size());
    }
    Object protocol = pickle.read();
    if (!Long.valueOf(TORCH_PROTOCOL).equals(protocol)) {
      throw new IOException(
          "its version of PyTorch's old format is not " + TORCH_PROTOCOL + ", as expected");
    }
    if (!(pickle.read() instanceof Map<?, ?> system)
        || !Boolean.TRUE.equals(system.get("little_endian"))) {
      throw new IOException("its elements are not little-endian: save it anew");
    }
    Object root = pickle.read();
    if (!(pickle.read() instanceof List<?> keys)) {
      throw new IOException("the list of storages is missing after the pickle");
    }
    long position = in.position();
    for (Object key : keys) {
      Storage storage = key instanceof String name ? types.storages().get(name) : null;
      if (storage == null) {
        throw new IOException("its list of storages has one that no tensor uses");
      }
      ByteBuffer count = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      while (count.hasRemaining() && channel.read(count, position + count.position()) >= 0) {
        // until full or at the end
      }
      long elements = count.hasRemaining() ? -1 : count.getLong(0);
      position += 8;
      if (elements >= 0 && elements != storage.elements) {
        throw new IOException(
            "a storage has " + elements + " elements, expected " + storage.elements);
      }
      long start = position;
      if (elements < 0 || storage.elements > (channel.size() - start) / storage.type.bytes) {
        throw new IOException(
            "the file is cut off: it has "
                + channel.size()
                + " bytes and a storage that reaches beyond");
      }
      long size = storage.elements * storage.type.bytes;
      if (size > Integer.MAX_VALUE) {
        throw new IOException("a storage has " + size + " bytes, expected less than 2 GiB");
      }
      ByteBuffer bytes =
          size == 0
              ? ByteBuffer.allocate(0)
              : channel.map(FileChannel.MapMode.READ_ONLY, start, size);
      storage.bytes = () -> bytes;
      position += size;
    }
    for (Storage storage : types.storages().values()) {
      if (storage.bytes == null) {
        throw new IOException("the list of storages lacks one that a tensor uses");
      }
    }
    return new Checkpoint(
        file, Format.TORCH_LEGACY, tensors(root), Optional.empty(), channel.size());
  }

  /** The tensors of a dictionary, or of the one within it that holds the weights. */
  private static Map<String, StoredTensor> tensors(Object root) throws IOException {
    Map<?, ?> map = root instanceof Map<?, ?> m ? m : Map.of();
    for (String name : STATE_DICTS) {
      if (map.get(name) instanceof Map<?, ?> inner) {
        map = inner;
        break;
      }
    }
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<?, ?> e : map.entrySet()) {
      StoredTensor tensor = tensor(e.getValue());
      if (tensor != null && e.getKey() instanceof String name) {
        tensors.put(name, tensor);
      }
    }
    tensors.remove(PADDLE_NAMES);
    if (map.get(PADDLE_SLICES) instanceof Map<?, ?> slices) {
      for (Map.Entry<?, ?> e : slices.entrySet()) {
        join(String.valueOf(e.getKey()), e.getValue(), tensors);
      }
    }
    return tensors;
  }

  private static StoredTensor tensor(Object value) {
    if (value instanceof CheckpointTypes.Array array) {
      return array.tensor;
    }
    // PaddlePaddle writes a tensor within other objects as (name, array).
    if (value instanceof List<?> pair
        && pair.size() == 2
        && pair.get(0) instanceof String
        && pair.get(1) instanceof CheckpointTypes.Array array) {
      return array.tensor;
    }
    return value instanceof StoredTensor tensor ? tensor : null;
  }

  /** Puts an array that PaddlePaddle cut into flat slices together again. */
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
        if (!(part instanceof String slice)) { // other values may be endless to print
          throw new IOException(
              "the slices of "
                  + CheckpointTypes.printable(name)
                  + " have a "
                  + (part == Unpickler.NONE ? "None" : part.getClass().getSimpleName())
                  + " where a String belongs");
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
              + CheckpointTypes.printable(name)
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

  public Format format() {
    return format;
  }

  Path file() {
    return file;
  }

  /** Size of the file. */
  long bytes() {
    return bytes;
  }

  /** What the model is, where the file says so: artifacts, and what was exported from them. */
  public Optional<ModelManifest> manifest() {
    return manifest;
  }

  /** By name, in the order of the file. */
  Map<String, StoredTensor> tensors() {
    return tensors;
  }
}
