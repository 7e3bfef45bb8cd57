package io.clipstream.model.checkpoint;

import io.clipstream.model.artifact.Unpickler;
import io.clipstream.model.checkpoint.Checkpoint.Format;
import io.clipstream.model.checkpoint.CheckpointTypes.Storage;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A checkpoint that begins with a pickle: PaddlePaddle's, which is one pickle of NumPy arrays, or
 * PyTorch's old format, several pickles with the bytes of the storages behind them
 * (torch/serialization.py, {@code _legacy_load}).
 *
 * @param weights that were asked for
 */
record PickleFile(Format format, StateDict weights) {
  /** First value of PyTorch's old format (torch/serialization.py, MAGIC_NUMBER). */
  private static final BigInteger TORCH_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);

  private static final long TORCH_PROTOCOL = 1001;

  /**
   * Reads the pickles and finds the storages.
   *
   * @param wanted name of the weights, see {@link StateDict#find}
   * @throws IOException if it is cut off, damaged or holds more than weights; one line without the
   *     file's name
   */
  static PickleFile read(FileChannel channel, Optional<String> wanted) throws IOException {
    MappedByteBuffer in =
        channel.map(FileChannel.MapMode.READ_ONLY, 0, Math.min(channel.size(), Integer.MAX_VALUE));
    CheckpointTypes types = new CheckpointTypes("the pickle", null);
    Unpickler pickle = new Unpickler("the pickle", Checkpoint.USER, in, types);
    Object first = pickle.read();
    if (!TORCH_MAGIC.equals(first)) {
      if (!types.storages().isEmpty()) {
        throw new IOException("a pickle of PyTorch without the start of its file");
      }
      return new PickleFile(Format.PADDLE, StateDict.find(first, wanted));
    }
    Object protocol = pickle.read();
    if (!Long.valueOf(TORCH_PROTOCOL).equals(protocol)) {
      throw new IOException(
          "its version of PyTorch's old format is not " + TORCH_PROTOCOL + ", as expected");
    }
    if (!(pickle.read() instanceof Map<?, ?> system)
        || !Boolean.TRUE.equals(system.get("little_endian"))) {
      throw new IOException("it does not say that its elements are little-endian: save it anew");
    }
    Object root = pickle.read();
    if (!(pickle.read() instanceof List<?> keys)) {
      throw new IOException("the list of storages is missing after the pickle");
    }
    locate(keys, types, channel, in.position());
    return new PickleFile(Format.TORCH_LEGACY, StateDict.find(root, wanted));
  }

  /** Finds the bytes of each storage, which follow its number of elements. */
  private static void locate(List<?> keys, CheckpointTypes types, FileChannel channel, long from)
      throws IOException {
    long position = from;
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
  }
}
