package io.clipstream.model.artifact;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * A zip file (zip64 too) whose entries are not compressed, so that each can be mapped where it
 * lies. {@link java.util.zip.ZipFile} does not tell where that is. All threads; maps stay valid
 * after closing.
 *
 * <p>Format: PKWARE's APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.14 to 4.3.16.
 */
public final class StoredZip implements Closeable {
  private static final int LOCAL = 0x04034b50;
  private static final int CENTRAL = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int END64 = 0x06064b50;
  private static final int END64_LOCATOR = 0x07064b50;
  private static final long MAX_DIRECTORY = 64 << 20;

  private final FileChannel channel;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private record Entry(String name, long header, long size, long crc) {}

  /** Reads the directory. An IOException says what is wrong with the file, without its name. */
  public static StoredZip open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file);
    try {
      return new StoredZip(channel);
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
  }

  private StoredZip(FileChannel channel) throws IOException {
    this.channel = channel;
    long fileSize = channel.size();
    ByteBuffer tail = read(Math.max(0, fileSize - 22 - 65535), Math.min(fileSize, 22 + 65535));
    int end = tail.limit() - 22;
    while (end >= 0 && tail.getInt(end) != END) {
      end--;
    }
    if (end < 0) {
      boolean begun = fileSize >= 4 && read(0, 4).getInt(0) == LOCAL;
      throw new IOException(
          begun
              ? "the zip file is cut off: its directory is missing after " + fileSize + " bytes"
              : "not a zip file");
    }
    long count = Short.toUnsignedInt(tail.getShort(end + 10));
    long size = Integer.toUnsignedLong(tail.getInt(end + 12));
    long offset = Integer.toUnsignedLong(tail.getInt(end + 16));
    if (end >= 20 && tail.getInt(end - 20) == END64_LOCATOR) {
      ByteBuffer end64 = read(tail.getLong(end - 12), 56);
      if (end64.getInt(0) != END64) {
        throw new IOException(
            "the zip file is damaged: its zip64 directory is not where it should be");
      }
      count = end64.getLong(32);
      size = end64.getLong(40);
      offset = end64.getLong(48);
    }
    if (count < 0) {
      throw new IOException("the zip file is damaged: its directory has " + count + " entries");
    }
    if (size < 0 || size > MAX_DIRECTORY) {
      throw new IOException(
          "the zip file's directory has " + size + " bytes, expected at most " + MAX_DIRECTORY);
    }
    ByteBuffer directory = read(offset, size);
    for (long i = 0; i < count; i++) {
      Entry entry = entry(directory);
      if (entries.put(entry.name, entry) != null) {
        throw new IOException("the zip file has two entries " + entry.name);
      }
    }
  }

  private static Entry entry(ByteBuffer directory) throws IOException {
    int at = directory.position();
    if (directory.remaining() < 46 || directory.getInt(at) != CENTRAL) {
      throw new IOException("the zip file's directory is damaged");
    }
    int flags = directory.getShort(at + 8);
    int method = directory.getShort(at + 10);
    long crc = Integer.toUnsignedLong(directory.getInt(at + 16));
    long stored = Integer.toUnsignedLong(directory.getInt(at + 20));
    long size = Integer.toUnsignedLong(directory.getInt(at + 24));
    int nameLength = Short.toUnsignedInt(directory.getShort(at + 28));
    int extraLength = Short.toUnsignedInt(directory.getShort(at + 30));
    int commentLength = Short.toUnsignedInt(directory.getShort(at + 32));
    long header = Integer.toUnsignedLong(directory.getInt(at + 42));
    int next = at + 46 + nameLength + extraLength + commentLength;
    if (next > directory.limit()) {
      throw new IOException("the zip file's directory is damaged");
    }
    byte[] nameBytes = new byte[nameLength];
    directory.get(at + 46, nameBytes);
    String name = new String(nameBytes, StandardCharsets.UTF_8);
    int extra = at + 46 + nameLength;
    while (extra + 4 <= at + 46 + nameLength + extraLength) {
      int tag = Short.toUnsignedInt(directory.getShort(extra));
      int length = Short.toUnsignedInt(directory.getShort(extra + 2));
      ByteBuffer field =
          directory
              .slice(extra + 4, Math.min(length, directory.limit() - extra - 4))
              .order(ByteOrder.LITTLE_ENDIAN);
      if (tag == 1) { // zip64: the values that did not fit, in this order
        try {
          size = size == 0xffffffffL ? field.getLong() : size;
          stored = stored == 0xffffffffL ? field.getLong() : stored;
          header = header == 0xffffffffL ? field.getLong() : header;
        } catch (BufferUnderflowException e) {
          throw new IOException("the zip file's directory is damaged at " + name, e);
        }
      }
      extra += 4 + length;
    }
    directory.position(next);
    if ((flags & 1) != 0) {
      throw new IOException("entry " + name + " is encrypted");
    }
    if (method != 0 || stored != size) {
      throw new IOException("entry " + name + " is compressed, expected a stored entry");
    }
    if (size < 0 || header < 0) {
      throw new IOException(
          "entry " + name + " is damaged: it has " + size + " bytes at byte " + header);
    }
    return new Entry(name, header, size, crc);
  }

  /** Names of all entries, in the order of the directory. */
  public Iterable<String> names() {
    return entries.keySet();
  }

  public boolean has(String name) {
    return entries.containsKey(name);
  }

  /** The bytes of an entry, little-endian and read-only, mapped where they lie. */
  public ByteBuffer map(String name) throws IOException {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new IOException("entry " + name + " is missing");
    }
    if (entry.size > Integer.MAX_VALUE) {
      throw new IOException(
          "entry " + name + " has " + entry.size + " bytes, expected less than 2 GiB");
    }
    ByteBuffer local = read(entry.header, 30);
    if (local.getInt(0) != LOCAL) {
      throw new IOException("entry " + name + " is not where the zip file's directory says");
    }
    long start =
        entry.header
            + 30
            + Short.toUnsignedInt(local.getShort(26))
            + Short.toUnsignedInt(local.getShort(28));
    if (start + entry.size > channel.size()) {
      throw new IOException("entry " + name + " reaches past the end of the file");
    }
    if (entry.size == 0) {
      return ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);
    }
    MappedByteBuffer map = channel.map(FileChannel.MapMode.READ_ONLY, start, entry.size);
    return map.order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Compares every entry with its checksum. */
  public void verify() throws IOException {
    for (Entry entry : entries.values()) {
      CRC32 crc = new CRC32();
      crc.update(map(entry.name));
      if (crc.getValue() != entry.crc) {
        throw new IOException(
            String.format(
                "entry %s is damaged: checksum %08x, expected %08x",
                entry.name, crc.getValue(), entry.crc));
      }
    }
  }

  private ByteBuffer read(long from, long size) throws IOException {
    if (from < 0 || from > channel.size() - size) {
      throw new IOException(
          "the zip file is cut off or damaged: it has " + channel.size() + " bytes");
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, from + bytes.position()) < 0) {
        throw new EOFException("the file ended while it was read");
      }
    }
    return bytes.flip();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
