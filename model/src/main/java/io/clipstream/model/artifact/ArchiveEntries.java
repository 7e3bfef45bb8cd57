package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.clipstream.model.OutputFile;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.util.UUID;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The entries of an archive that is being written: stored, each beginning at a multiple of 64 bytes
 * as PyTorch's do, so that they can be mapped. Each is read twice: for its checksum, which precedes
 * it, and to be written. One thread.
 */
final class ArchiveEntries implements Closeable {
  static final int CHUNK = 1 << 16;
  private static final int ALIGNMENT = 64;

  /**
   * Of every entry, so that the same model gives the same bytes; earlier times would need an extra
   * field.
   */
  private static final LocalDateTime TIMESTAMP = LocalDateTime.of(1980, 2, 1, 0, 0);

  private final CountingStream bytes;
  private final ZipOutputStream zip;
  private final String folder;

  private ArchiveEntries(CountingStream bytes, String folder) {
    this.bytes = bytes;
    this.zip = new ZipOutputStream(bytes, US_ASCII);
    this.folder = folder;
    zip.setMethod(ZipOutputStream.STORED);
  }

  /** What an archive holds. */
  @FunctionalInterface
  interface Writer {
    void write(ArchiveEntries entries) throws IOException;
  }

  /**
   * Writes an archive beside its place and then moves it there, so nobody sees half a file.
   *
   * @param folder that all entries are in
   */
  static void write(Path file, String folder, Writer writer) throws IOException {
    Path target = OutputFile.of(file);
    Path parent = target.getParent();
    Files.createDirectories(parent);
    Path part = parent.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
    try {
      try (ArchiveEntries entries =
          new ArchiveEntries(
              new CountingStream(
                  new BufferedOutputStream(
                      Files.newOutputStream(part, StandardOpenOption.CREATE_NEW), CHUNK)),
              folder)) {
        writer.write(entries);
      }
      Files.move(part, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw OutputFile.told(file, part, e);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  void put(String name, byte[] content) throws IOException {
    put(name, content.length, sink -> sink.accept(ByteBuffer.wrap(content)));
  }

  /** All that remains of the content. */
  void put(String name, ByteBuffer content) throws IOException {
    put(
        name,
        content.remaining(),
        sink -> {
          ByteBuffer rest = content.duplicate();
          ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
          while (rest.hasRemaining()) {
            int n = Math.min(CHUNK, rest.remaining());
            sink.accept(chunk.clear().put(rest.slice(rest.position(), n)).flip());
            rest.position(rest.position() + n);
          }
        });
  }

  void put(String name, long size, Content content) throws IOException {
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

  @Override
  public void close() throws IOException {
    zip.close();
  }

  /** Content that can be written more than once. */
  interface Content {
    void writeTo(Sink sink) throws IOException;
  }

  /** Takes chunks that are backed by arrays. */
  interface Sink {
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
