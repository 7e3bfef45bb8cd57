package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Writes a TorchScript archive, the file that {@code torch.jit.save} writes and that DJL and {@code
 * torch.jit.load} read: a zip of stored entries with the source, the tree of modules, one entry per
 * tensor and any extra files.
 */
public final class TorchArchiveWriter {
  /** Version of the file format and of the operators' meaning: PyTorch 1.12 and newer. */
  private static final String FORMAT_VERSION = "10\n";

  private TorchArchiveWriter() {}

  /**
   * Writes the archive beside its place and then moves it there, so nobody sees half a file.
   *
   * @param file where to; replaced if it exists
   * @param name the folder inside the zip
   * @param source of the classes of {@code __torch__}
   * @param root the module
   * @param extra contents of files, by their name below {@code extra/}
   */
  public static void write(
      Path file, String name, String source, ScriptObject root, Map<String, byte[]> extra)
      throws IOException {
    PickleWriter pickle = new PickleWriter();
    byte[] data = pickle.write(root);
    ArchiveEntries.write(
        file,
        name,
        entries -> {
          entries.put("data.pkl", data);
          entries.put("byteorder", "little".getBytes(UTF_8));
          for (Map.Entry<String, byte[]> e : extra.entrySet()) {
            entries.put("extra/" + e.getKey(), e.getValue());
          }
          entries.put("code/__torch__.py", source.getBytes(UTF_8));
          entries.put("constants.pkl", PickleWriter.EMPTY_TUPLE);
          List<ScriptTensor> tensors = pickle.tensors();
          for (int key = 0; key < tensors.size(); key++) {
            ScriptTensor tensor = tensors.get(key);
            long size = (long) tensor.data().limit() * tensor.type().bytes;
            entries.put("data/" + key, size, sink -> encode(tensor, sink));
          }
          entries.put("version", FORMAT_VERSION.getBytes(UTF_8));
        });
  }

  private static void encode(ScriptTensor tensor, ArchiveEntries.Sink sink) throws IOException {
    int bytes = ArchiveEntries.CHUNK;
    ByteBuffer chunk = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (tensor.data() instanceof FloatBuffer floats) {
      for (FloatBuffer rest = floats.duplicate(); rest.hasRemaining(); ) {
        int n = Math.min(rest.remaining(), bytes / 4);
        chunk.clear().asFloatBuffer().put(rest.slice(rest.position(), n));
        rest.position(rest.position() + n);
        sink.accept(chunk.clear().limit(n * 4));
      }
    } else if (tensor.data() instanceof ShortBuffer shorts) {
      for (ShortBuffer rest = shorts.duplicate(); rest.hasRemaining(); ) {
        int n = Math.min(rest.remaining(), bytes / 2);
        chunk.clear().asShortBuffer().put(rest.slice(rest.position(), n));
        rest.position(rest.position() + n);
        sink.accept(chunk.clear().limit(n * 2));
      }
    } else if (tensor.data() instanceof LongBuffer longs) {
      for (LongBuffer rest = longs.duplicate(); rest.hasRemaining(); ) {
        int n = Math.min(rest.remaining(), bytes / 8);
        chunk.clear().asLongBuffer().put(rest.slice(rest.position(), n));
        rest.position(rest.position() + n);
        sink.accept(chunk.clear().limit(n * 8));
      }
    }
  }
}
