package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive, the file that {@code torch.jit.save} writes and that DJL and {@code
 * torch.jit.load} read: a zip of stored entries with the source, the tree of modules, one entry per
 * tensor, whose data begins at a multiple of 64 bytes as PyTorch's does, and any extra files.
 */
public final class TorchArchiveWriter {
  /** Version of the file format and of the operators' meaning: PyTorch 1.12 and newer. */
  private static final String FORMAT_VERSION = "10\n";

  private static final int ALIGNMENT = 64;
  private static final int CHUNK = 1 << 16;

  /**
   * Of every entry, so that the same model gives the same bytes; earlier times would need an extra
   * field.
   */
  private static final LocalDateTime TIMESTAMP = LocalDateTime.of(1980, 2, 1, 0, 0);

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
    Path folder = file.toAbsolutePath().getParent();
    Files.createDirectories(folder);
    Path part = folder.resolve("." + file.getFileName() + "." + UUID.randomUUID() + ".part");
    try {
      PickleWriter pickle = new PickleWriter();
      byte[] data = pickle.write(root);
      try (CountingStream bytes =
              new CountingStream(
                  new BufferedOutputStream(
                      Files.newOutputStream(part, StandardOpenOption.CREATE_NEW), CHUNK));
          ZipOutputStream zip = new ZipOutputStream(bytes, US_ASCII)) {
        zip.setMethod(ZipOutputStream.STORED);
        Entries entries = new Entries(zip, bytes, name);
        entries.put("data.pkl", data);
        entries.put("byteorder", "little".getBytes(UTF_8));
        for (Map.Entry<String, byte[]> e : extra.entrySet()) {
          entries.put("extra/" + e.getKey(), e.getValue());
        }
        entries.put("code/__torch__.py", source.getBytes(UTF_8));
        entries.put("constants.pkl", PickleWriter.EMPTY_TUPLE);
        List<ScriptTensor> tensors = pickle.tensors();
        for (int key = 0; key < tensors.size(); key++) {
          entries.put("data/" + key, tensors.get(key));
        }
        entries.put("version", FORMAT_VERSION.getBytes(UTF_8));
      }
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /**
   * The entries of one archive. Each is read twice: for its checksum, which precedes it, and to be
   * written.
   */
  private record Entries(ZipOutputStream zip, CountingStream bytes, String folder) {
    void put(String name, byte[] content) throws IOException {
      put(name, content.length, sink -> sink.accept(ByteBuffer.wrap(content)));
    }

    void put(String name, ScriptTensor tensor) throws IOException {
      long size = (long) tensor.data().limit() * tensor.type().bytes;
      put(name, size, sink -> encode(tensor, sink));
    }

    private void put(String name, long size, Content content) throws IOException {
      CRC32 crc = new CRC32();
      content.writeTo(crc::update);
      ZipEntry entry = new ZipEntry(folder + "/" + name);
      entry.setSize(size);
      entry.setCompressedSize(size);
      entry.setCrc(crc.getValue());
      entry.setTimeLocal(TIMESTAMP);
      entry.setExtra(padding(bytes.count + 30 + entry.getName().length()));
      zip.putNextEntry(entry);
      content.writeTo(
          chunk ->
              zip.write(chunk.array(), chunk.arrayOffset() + chunk.position(), chunk.remaining()));
      zip.closeEntry();
    }

    /**
     * An extra field (PyTorch's tag "FB") that moves the data from {@code offset} to the next
     * boundary.
     */
    private static byte[] padding(long offset) {
      int length = (int) (ALIGNMENT - (offset + 4) % ALIGNMENT) % ALIGNMENT;
      byte[] field = new byte[4 + length];
      field[0] = 'F';
      field[1] = 'B';
      field[2] = (byte) length;
      return field;
    }
  }

  private static void encode(ScriptTensor tensor, Sink sink) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    if (tensor.data() instanceof FloatBuffer floats) {
      for (FloatBuffer rest = floats.duplicate(); rest.hasRemaining(); ) {
        int n = Math.min(rest.remaining(), CHUNK / 4);
        chunk.clear().asFloatBuffer().put(rest.slice(rest.position(), n));
        rest.position(rest.position() + n);
        sink.accept(chunk.clear().limit(n * 4));
      }
    } else if (tensor.data() instanceof ShortBuffer shorts) {
      for (ShortBuffer rest = shorts.duplicate(); rest.hasRemaining(); ) {
        int n = Math.min(rest.remaining(), CHUNK / 2);
        chunk.clear().asShortBuffer().put(rest.slice(rest.position(), n));
        rest.position(rest.position() + n);
        sink.accept(chunk.clear().limit(n * 2));
      }
    } else if (tensor.data() instanceof LongBuffer longs) {
      for (LongBuffer rest = longs.duplicate(); rest.hasRemaining(); ) {
        int n = Math.min(rest.remaining(), CHUNK / 8);
        chunk.clear().asLongBuffer().put(rest.slice(rest.position(), n));
        rest.position(rest.position() + n);
        sink.accept(chunk.clear().limit(n * 8));
      }
    }
  }

  private interface Content {
    void writeTo(Sink sink) throws IOException;
  }

  private interface Sink {
    void accept(ByteBuffer chunk) throws IOException;
  }

  private static final class CountingStream extends FilterOutputStream {
    private long count;

    CountingStream(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      count++;
    }

    @Override
    public void write(byte[] b, int from, int length) throws IOException {
      out.write(b, from, length);
      count += length;
    }
  }
}
