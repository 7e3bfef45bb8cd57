package io.clipstream.model.artifact;

import io.clipstream.model.artifact.ZipDirectory.Entry;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A zip file (zip64 too) whose stored entries are mapped where they lie; {@link
 * java.util.zip.ZipFile} does not tell where that is. Deflated ones, which are short, are inflated.
 * All threads; maps stay valid after closing.
 */
public final class MappedZip implements Closeable {
  private static final long MAX_PIECE = 1 << 30;

  private final FileChannel channel;
  private final Map<String, Entry> entries;

  /** Reads the directory. An IOException says what is wrong with the file, without its name. */
  public static MappedZip open(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) { // a pipe would be waited for
      throw new IOException("not a file");
    }
    FileChannel channel = FileChannel.open(file);
    try {
      return new MappedZip(channel, ZipDirectory.read(channel));
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
  }

  private MappedZip(FileChannel channel, Map<String, Entry> entries) {
    this.channel = channel;
    this.entries = entries;
  }

  /** Names of all entries, in the order of the directory. */
  public Iterable<String> names() {
    return entries.keySet();
  }

  public boolean has(String name) {
    return entries.containsKey(name);
  }

  /**
   * The bytes of an entry, little-endian and read-only: mapped where they lie, or on the heap if
   * they are compressed.
   */
  public ByteBuffer map(String name) throws IOException {
    Entry entry = find(name);
    if (entry.size() > Integer.MAX_VALUE) {
      throw new IOException(
          entry.printable() + " has " + entry.size() + " bytes, expected less than 2 GiB");
    }
    ByteBuffer stored =
        entry.stored() == 0
            ? ByteBuffer.allocate(0)
            : channel.map(FileChannel.MapMode.READ_ONLY, entry.start(), entry.stored());
    ByteBuffer bytes = entry.deflated() ? inflated(entry, stored) : stored;
    return bytes.order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer inflated(Entry entry, ByteBuffer stored) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) entry.size()); // bounded by the directory
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(stored);
      while (!inflater.finished() && inflater.inflate(bytes) > 0) {
        // until it ends or the place does
      }
      // An end without a byte is seen only by asking for one more.
      boolean more = !inflater.finished() && inflater.inflate(new byte[1]) > 0;
      if (bytes.hasRemaining() || more || !inflater.finished()) {
        throw new IOException(
            entry.printable()
                + " is damaged: it does not inflate to the "
                + entry.size()
                + " bytes that the zip file's directory says");
      }
    } catch (DataFormatException e) {
      throw new IOException(entry.printable() + " is damaged: it does not inflate", e);
    } finally {
      inflater.end();
    }
    return bytes.flip().asReadOnlyBuffer();
  }

  private Entry find(String name) throws IOException {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new IOException("entry " + name + " is missing");
    }
    return entry;
  }

  /**
   * The whole file, piece by piece, with other content of one entry; all else is mapped where it
   * lies.
   *
   * @param content as long as the entry
   * @throws IOException if the entry is compressed
   */
  List<ByteBuffer> with(String name, byte[] content) throws IOException {
    Entry entry = find(name);
    if (entry.deflated()) {
      throw new IOException(entry.printable() + " is compressed, expected a stored entry");
    }
    if (content.length != entry.size()) {
      throw new IllegalArgumentException(
          "the content of " + name + " has " + content.length + " bytes, expected " + entry.size());
    }
    CRC32 checksum = new CRC32();
    checksum.update(content);
    ByteBuffer crc =
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt((int) checksum.getValue());
    List<ByteBuffer> pieces = new ArrayList<>();
    mapTo(pieces, 0, entry.header() + 14);
    pieces.add(crc.duplicate().flip());
    mapTo(pieces, entry.header() + 18, entry.start());
    pieces.add(ByteBuffer.wrap(content));
    mapTo(pieces, entry.start() + entry.size(), entry.record() + 16);
    pieces.add(crc.duplicate().flip());
    mapTo(pieces, entry.record() + 20, channel.size());
    return pieces;
  }

  private void mapTo(List<ByteBuffer> pieces, long from, long to) throws IOException {
    for (long at = from; at < to; at += MAX_PIECE) {
      pieces.add(channel.map(FileChannel.MapMode.READ_ONLY, at, Math.min(MAX_PIECE, to - at)));
    }
  }

  /** Compares every entry with its checksum. */
  public void verify() throws IOException {
    for (Entry entry : entries.values()) {
      CRC32 crc = new CRC32();
      crc.update(map(entry.name()));
      if (crc.getValue() != entry.crc()) {
        throw new IOException(
            String.format(
                "%s is damaged: checksum %08x, expected %08x",
                entry.printable(), crc.getValue(), entry.crc()));
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
